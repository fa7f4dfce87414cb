package import TailwartWire

/// A named destination: where it is, how to choose among its endpoints, how to dial them.
package struct Upstream: Sendable, Equatable {
    /// How to choose among endpoints that are not backups.
    package enum Policy: String, CaseIterable, Sendable {
        /// In the order of the file.
        case first
        case roundRobin = "round_robin"
        case leastConnections = "least_connections"
        /// The same client goes to the same endpoint; one that goes away or comes back moves its own share of clients only.
        case clientHash = "client_hash"
    }

    /// The way to an endpoint.
    package enum Via: Sendable, Equatable {
        case direct
        /// RFC 1928 without authentication; the proxy resolves names.
        case socks5(InternetAddress)
        /// `dial` of the tailscaled whose Unix socket this is; it resolves names.
        case tailscale(socket: String)
    }

    package var name: String
    package var endpoints: [Endpoint]
    package var policy: Policy
    package var via: Via
    /// Nil: the listener's.
    package var connectTimeout: Duration?
    /// How long a client waits, dialling anew, before it is turned away; zero: one round over all addresses.
    package var hold: Duration
    /// Sockets kept connected for each endpoint and port, for clients to come; only where the endpoint waits for a PROXY header.
    package var warm: Int
    /// Whether its connections end when their endpoint becomes unwell.
    package var closesIfUnwell: Bool

    package init(
        name: String, endpoints: [Endpoint], policy: Policy = .first, via: Via = .direct,
        connectTimeout: Duration? = nil, hold: Duration = .zero, warm: Int = 0, closesIfUnwell: Bool = false
    ) {
        self.name = name
        self.endpoints = endpoints
        self.policy = policy
        self.via = via
        self.connectTimeout = connectTimeout
        self.hold = hold
        self.warm = warm
        self.closesIfUnwell = closesIfUnwell
    }
}
