/// A record on its way to several readers: what it refers to is released once, after the last of them has let go.
package final class SharedRecord: Sendable {
    package let record: Record

    /// - Parameter record: as it comes from a ring; owned from now on.
    package init(taking record: Record) { self.record = record }

    /// Microseconds since 1970 when the connection ended.
    package var endedAt: Int64 { record.acceptedAt + Int64(clamping: record.times.total) }

    deinit { record.release() }
}
