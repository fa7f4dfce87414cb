package import TailwartWire

/// A named destination: where it is, how to choose among its endpoints, how to dial them.
package struct Upstream: Sendable, Equatable {
    /// How to choose among endpoints that are not backups.
    package enum Policy: String, CaseIterable, Sendable {
        /// In the order of the file.
        case first
        case roundRobin = "round_robin"
        case leastConnections = "least_connections"
        /// The same client goes to the same endpoint while the list stays the same.
        case clientHash = "client_hash"
    }

    /// The way to an endpoint.
    package enum Via: Sendable, Equatable {
        case direct
        /// RFC 1928 without authentication; the proxy resolves names.
        case socks5(InternetAddress)
    }

    package var name: String
    package var endpoints: [Endpoint]
    package var policy: Policy
    package var via: Via
    /// Nil: the listener's.
    package var connectTimeout: Duration?
    /// How long a client waits, dialling anew, before it is turned away; zero: one round over all addresses.
    package var hold: Duration

    package init(
        name: String, endpoints: [Endpoint], policy: Policy = .first, via: Via = .direct,
        connectTimeout: Duration? = nil,
        hold: Duration = .zero
    ) {
        self.name = name
        self.endpoints = endpoints
        self.policy = policy
        self.via = via
        self.connectTimeout = connectTimeout
        self.hold = hold
    }
}
