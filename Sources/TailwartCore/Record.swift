package import TailwartWire

/// What every accepted connection leaves behind, exactly one: fixed in size, so that a worker writes it into a ring without
/// allocating and another thread turns it into a line.
package struct Record: Sendable {
    /// Names listeners, routes and upstreams; the record owns one reference, given up with ``release()``.
    package let snapshot: Unmanaged<Snapshot>
    package var id: UInt64
    /// Microseconds since 1970 when the connection was accepted.
    package var acceptedAt: Int64
    package var listener: Int
    package var client: InternetAddress?
    /// Owned, as the snapshot.
    package var hello: Unmanaged<HelloNote>?
    /// Nil if no route was reached.
    package var route: Int?
    /// Nil if no endpoint was dialled.
    package var endpoint: Int?
    package var upstreamAddress: InternetAddress?
    /// Payload, without PROXY headers.
    package var inboundBytes: UInt64 = 0
    package var outboundBytes: UInt64 = 0
    package var times = Times()
    package var ending = Ending(.edge, .drained)
    /// Whether the client was told so in its own protocol.
    package var wasRefused = false

    /// Microseconds since accept; nil if the connection did not get so far. Capped at 71 minutes, but for the total.
    package struct Times: Sendable, Equatable {
        package var toRoute: UInt32?
        package var toConnect: UInt32?
        package var toFirstByte: UInt32?
        package var total: UInt64 = 0

        package init() {}
    }

    package init(retaining snapshot: Snapshot, id: UInt64, acceptedAt: Int64, listener: Int) {
        self.snapshot = Unmanaged.passRetained(snapshot)
        self.id = id
        self.acceptedAt = acceptedAt
        self.listener = listener
    }

    package init(taking snapshot: Unmanaged<Snapshot>, id: UInt64, acceptedAt: Int64, listener: Int) {
        self.snapshot = snapshot
        self.id = id
        self.acceptedAt = acceptedAt
        self.listener = listener
    }

    /// To be called once, by whoever read the record last.
    package func release() {
        snapshot.release()
        hello?.release()
    }
}

/// The ClientHello of a connection, kept on the side: most connections have none, and it is larger than all the rest of a record.
package final class HelloNote: Sendable {
    package let hello: ClientHello

    package init(_ hello: ClientHello) { self.hello = hello }
}
