import TailwartWire

/// A connection that is open, as it was at one moment: for an operator who looks at the running edge.
package struct LiveConnection: Sendable {
    /// What it waits for, as people and programs are told.
    package enum Phase: String, Sendable, CaseIterable {
        case proxyHeader = "proxy_header"
        case hello
        case dial
        /// The answer of the SOCKS server or tailscaled.
        case way
        case hold
        case relay
        case farewell
    }

    /// What is known so far; its ending and its total mean nothing yet.
    package let record: SharedRecord
    package let phase: Phase
    /// Microseconds since it was accepted.
    package let age: UInt64
    /// Microseconds since a byte was moved; nil before the relay.
    package let idle: UInt64?

    /// In both directions.
    package var bytes: UInt64 { record.record.inboundBytes &+ record.record.outboundBytes }
}

/// Which connections are meant.
package struct ConnectionFilter: Sendable {
    package enum Order: String, Sendable, CaseIterable {
        /// The oldest first.
        case age
        /// Those that moved most first.
        case bytes
    }

    /// Nil: all.
    package var client: Network?
    /// By name; nil: all.
    package var listener: String?
    package var order: Order
    /// So many, the first of the order.
    package var limit: Int

    package init(client: Network? = nil, listener: String? = nil, order: Order = .age, limit: Int) {
        self.client = client
        self.listener = listener
        self.order = order
        self.limit = limit
    }

    /// Whether a connection with this record is meant.
    package func takes(_ record: Record) -> Bool {
        if let listener, record.frontend.takeUnretainedValue().listener.name != listener { return false }
        guard let client else { return true }
        return record.client.map { client.contains($0.ip) } ?? false
    }
}

/// What was found, from the control plane's view.
package struct ConnectionList: Sendable {
    /// In the order that was asked for.
    package var connections: [LiveConnection] = []
    /// How many there are, with those that are over the limit.
    package var matching = 0
    /// False where a worker had not answered in time.
    package var isWhole = false

    package init() {}
}

extension Connection {
    /// What can be seen of it now.
    package func seen(now: UInt64) -> LiveConnection {
        LiveConnection(
            record: record.shared(), phase: seenPhase, age: now &- startedAt,
            idle: isRelaying ? now - min(now, relaying.lastActivity) : nil)
    }

    /// Microseconds since it was accepted.
    package func age(now: UInt64) -> UInt64 { now &- startedAt }

    private var seenPhase: LiveConnection.Phase {
        switch phase {
        case .proxyHeader: .proxyHeader
        case .hello, .suspected: .hello
        case .takingWarm, .connecting, .greeting: .dial
        case .passing: .way
        case .held: .hold
        case .relaying: .relay
        case .awaitingHello, .farewell, .over: .farewell
        }
    }
}
