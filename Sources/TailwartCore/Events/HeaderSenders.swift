package import TailwartWire

/// Who begins connections with a PROXY header where none is taken, again and again: a load balancer that the file does not speak of, or this
/// edge itself. A stranger who tries it once is neither.
package struct HeaderSenders: Sendable {
    /// Connections of one address until it is said.
    static let enough = 3
    /// Seconds without any until it is said again.
    static let silence = 60 * 60
    /// Addresses that are counted at a time; strangers who are many make others be counted anew.
    static let limit = 64

    private var counts: [IPAddress: Int] = [:]
    private var last: Int?

    package init() {}

    /// Notes a connection.
    ///
    /// - Parameter now: in seconds.
    /// - Returns: whether to say it.
    package mutating func note(_ client: IPAddress, now: Int) -> Bool {
        if let last, now - last >= Self.silence { self = Self() }
        last = now
        if counts.count >= Self.limit, counts[client] == nil { counts = counts.filter { $0.value >= Self.enough } }
        guard counts.count < Self.limit else { return false }
        counts[client, default: 0] += 1
        return counts[client] == Self.enough
    }
}
