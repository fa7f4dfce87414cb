import TailwartWire

/// A listener as workers serve it: what is asked at each connection, worked out once per topology.
///
/// A class, because a structure that holds names and lists costs a count of references for each of them whenever one of its
/// numbers is looked at.
package final class Frontend: Sendable {
    /// Each of its routes with the fields of all headers that it leads to.
    package let listener: Listener
    /// In the order of the listener's addresses.
    package let doors: [Door]
    package let headcount: Headcount
    package let routeTable: RouteTable
    package let proxyProtocolIn: ProxyProtocolIn?
    /// Nil: only the edge's own limit holds.
    package let maxConnections: Int?
    /// Whether the client speaks first, so that its hello may be peeked.
    package let mayPeek: Bool
    /// Microseconds.
    package let helloLimit: UInt64
    /// Microseconds of silence while relaying, and once one side has finished.
    package let silenceLimits: SilenceLimits
    /// How a client is told that no endpoint can be reached, and that there are too many.
    package let unavailable: Refusal.Manner
    package let tooManyConnections: Refusal.Manner
    package let notAccepted: Refusal.Manner
    /// Nil: clients have no limits of their own.
    package let limiter: ClientLimiter?
    /// The ports of the doors, each once; 0 for Unix sockets.
    private let ports: [UInt16]
    /// By route: none for one that closes, one where all ports lead to the same places, else one for each of ``ports``. Routes to the
    /// same target share them.
    private let passages: [[Passage]]

    /// - Parameters:
    ///   - edge: what the edge calls itself where the file says nothing else.
    ///   - passages: by route.
    init(
        _ listener: Listener, edge: String, doors: [Door], headcount: Headcount, limiter: ClientLimiter?,
        ports: [UInt16], passages: [[Passage]]
    ) {
        self.listener = listener
        self.doors = doors
        self.headcount = headcount
        self.limiter = limiter
        self.ports = ports
        self.passages = passages
        routeTable = RouteTable(listener.routes)
        unavailable = listener.refusal.manner(for: listener.proto, .unavailable, edge: edge)
        tooManyConnections = listener.refusal.manner(for: listener.proto, .tooManyConnections, edge: edge)
        notAccepted = listener.refusal.manner(for: listener.proto, .notAccepted, edge: edge)
        proxyProtocolIn = listener.proxyProtocolIn
        maxConnections = listener.maxConnections
        mayPeek = listener.proto.firstSpeaker == .client
        helloLimit = listener.timeouts.hello.microseconds
        silenceLimits = SilenceLimits(
            idle: listener.timeouts.idle.microseconds, halfClosed: listener.timeouts.halfClosed.microseconds)
    }

    /// Whether a route would lead to nobody, merely because nobody has answered yet what its upstream's names stand for.
    package var isAwaited: Bool { passages.contains { $0.contains(where: \.isAwaited) } }

    /// Where a route leads; nil for one that closes.
    ///
    /// - Parameter port: where the client came in, 0 on a Unix socket. One that is in no bind address, as when the kernel chose it,
    ///   counts as the first.
    package func passage(route: Int, port: UInt16) -> Passage? {
        let passages = passages[route]
        // By index: an iterator over an array of another module's values allocates in a debug build, and the budget counts there too.
        if passages.count > 1 {
            for index in ports.indices where ports[index] == port { return passages[index] }
        }
        return passages.isEmpty ? nil : passages[0]
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
