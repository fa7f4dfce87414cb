package import TailwartWire

/// A named destination: where it is, how to choose among its endpoints, how to dial them. Host names are not resolved.
package struct Upstream: Sendable, Hashable {
    /// How to choose among endpoints that are not backups.
    package enum Policy: String, CaseIterable, Sendable {
        /// In the order of the file.
        case first
        case roundRobin = "round_robin"
        case leastConnections = "least_connections"
        /// The same client goes to the same endpoint; one that goes away or comes back moves its own share of clients only.
        case clientHash = "client_hash"
    }

    /// What carries connections to the endpoints.
    package enum Via: Sendable, Hashable {
        case direct
        /// Through tailscaled, which resolves the names and also works in user space.
        case tailscale
        /// RFC 1928 without authentication; the proxy resolves names.
        case socks5(InternetAddress)
    }

    package var name: String
    /// The mail server's public name, in lower case: what MX points to and its certificate bears. Nil: not known.
    package var hostname: String?
    /// Never empty, and not all of them backups.
    package var endpoints: [Endpoint]
    /// Of endpoints that have none of their own.
    package var proxyProtocol: ProxyProtocolOut
    /// Nil: the listener's.
    package var connectTimeout: Duration?
    package var via: Via
    package var policy: Policy
    /// How long a client waits, dialling anew, before it is turned away; zero: one round over all addresses.
    package var hold: Duration
    /// Sockets kept connected for each endpoint and port, for clients to come; only where the endpoint waits for a PROXY header.
    package var warm: Int
    /// Nil: off.
    package var health: HealthSettings?

    package init(
        name: String, hostname: String? = nil, endpoints: [Endpoint],
        proxyProtocol: ProxyProtocolOut = Defaults.proxyProtocol,
        connectTimeout: Duration? = nil, via: Via = .direct, policy: Policy = Defaults.policy,
        hold: Duration = Defaults.hold, warm: Int = Defaults.warm, health: HealthSettings? = .init()
    ) {
        self.name = name
        self.hostname = hostname
        self.endpoints = endpoints
        self.proxyProtocol = proxyProtocol
        self.connectTimeout = connectTimeout
        self.via = via
        self.policy = policy
        self.hold = hold
        self.warm = warm
        self.health = health
    }
}

extension Upstream {
    /// What an endpoint gets from connections of a route: what the route says, else the endpoint, else the upstream.
    package func header(of endpoint: Endpoint, route: ProxyProtocolOut?) -> ProxyProtocolOut {
        route ?? endpoint.proxyProtocol ?? proxyProtocol
    }

    /// What the certificate on its mail ports must be good for; empty where no name is known.
    package var certificateNames: [String] {
        ((hostname.map { [$0] } ?? []) + (health?.names ?? [])).withoutRepeats
    }
}

extension Defaults {
    package static let policy = Upstream.Policy.first
    package static let hold = Duration.zero
    package static let warm = 0
}

extension Allowed {
    /// RFC 5321 section 4.5.3.2.1 lets an SMTP client give up on the greeting after five minutes.
    package static let hold = Duration.zero...Duration.seconds(5 * 60)
    package static let warm = 0...64
    /// Sockets that are kept ready for one upstream: each takes one of the mailbox's connections as well.
    package static let warmSockets = 0...256
}
