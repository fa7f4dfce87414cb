import TailwartWire

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
    /// How a client is told that no endpoint can be reached, and that there are too many.
    package let unavailable: Refusal.Manner
    package let tooManyConnections: Refusal.Manner
    /// For each route, the groups of the health board that it leads to, by the port that the client came to.
    private let groups: [[PortGroup]]

    private struct PortGroup: Sendable {
        let port: UInt16
        let group: Int
    }

    package init(_ listener: Listener, _ board: HealthBoard) {
        routeTable = RouteTable(listener.routes)
        unavailable = listener.refusal.manner(for: listener.proto, .unavailable)
        tooManyConnections = listener.refusal.manner(for: listener.proto, .tooManyConnections)
        groups = listener.routes.map { route in
            guard case .upstream(let upstream, let routePort) = route.target else { return [] }
            return listener.bind.map { $0.port ?? 0 }.compactMap { port in
                board.group(upstream: upstream, routePort: routePort, listenerPort: port).map {
                    PortGroup(port: port, group: $0)
                }
            }
        }
        proxyProtocolIn = listener.proxyProtocolIn
        maxConnections = listener.maxConnections
        mayPeek = listener.proto.firstSpeaker == .client
        helloLimit = listener.timeouts.hello.microseconds
        connectLimit = listener.timeouts.connect.microseconds
        silenceLimits = SilenceLimits(
            idle: listener.timeouts.idle.microseconds, halfClosed: listener.timeouts.halfClosed.microseconds)
    }

    /// The group of the health board that a route to an upstream leads to.
    ///
    /// - Parameter port: where the client came in, 0 on a Unix socket. One that is in no bind address, as when the kernel chose it,
    ///   counts as the first.
    package func group(route: Int, port: UInt16) -> Int {
        let groups = groups[route]
        // By index: an iterator over an array of another module's values allocates in a debug build, and the budget counts there too.
        for index in groups.indices where groups[index].port == port { return groups[index].group }
        return groups.isEmpty ? 0 : groups[0].group
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
