/// A listener as a worker uses it: what is asked at each connection, worked out once per snapshot.
///
/// A class, because a structure that holds names and lists costs a count of references for each of them whenever one of its
/// numbers is looked at.
package final class ListenerPlan: Sendable {
    package let routeTable: RouteTable
    package let proxyProtocolIn: ProxyProtocolIn?
    /// Nil: only the edge's own limit holds.
    package let maxConnections: Int?
    /// Whether the client speaks first, so that its hello may be peeked.
    package let mayPeek: Bool
    /// Microseconds.
    package let helloLimit: UInt64
    /// Microseconds for each address, where the upstream names none.
    package let connectLimit: UInt64
    /// Microseconds of silence while relaying, and once one side has finished.
    package let silenceLimits: SilenceLimits

    package init(_ listener: Listener) {
        routeTable = RouteTable(listener.routes)
        proxyProtocolIn = listener.proxyProtocolIn
        maxConnections = listener.maxConnections
        mayPeek = listener.proto.firstSpeaker == .client
        helloLimit = listener.timeouts.hello.microseconds
        connectLimit = listener.timeouts.connect.microseconds
        silenceLimits = SilenceLimits(
            idle: listener.timeouts.idle.microseconds, halfClosed: listener.timeouts.halfClosed.microseconds)
    }
}

/// How long both sides of a relay may be silent, in microseconds.
package struct SilenceLimits: Sendable, Equatable {
    package var idle: UInt64
    package var halfClosed: UInt64

    package init(idle: UInt64, halfClosed: UInt64) {
        self.idle = idle
        self.halfClosed = halfClosed
    }
}

extension Duration {
    /// Whole microseconds; 0 for a negative duration.
    package var microseconds: UInt64 {
        UInt64(max(0, components.seconds)) * 1_000_000 + UInt64(max(0, components.attoseconds / 1_000_000_000_000))
    }
}
