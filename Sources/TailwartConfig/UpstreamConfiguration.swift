package import TailwartCore
package import TailwartWire

/// An upstream whose host names are not resolved.
package struct UpstreamConfiguration: Sendable, Equatable {
    /// The way to its endpoints.
    package enum Via: Sendable, Equatable {
        case direct
        /// Through tailscaled, which resolves the names and also works in user space.
        case tailscale
        case socks5(InternetAddress)
    }

    package var name: String
    /// Never empty, and not all of them backups.
    package var endpoints: [EndpointConfiguration]
    package var proxyProtocol: ProxyProtocolOut
    /// Nil: the listener's.
    package var connectTimeout: Duration?
    package var via: Via
    package var policy: Upstream.Policy
    package var hold: Duration
    /// Connected sockets that are kept ready for each endpoint and port.
    package var warm: Int
    /// Nil: off.
    package var health: HealthConfiguration?

    package init(
        name: String, endpoints: [EndpointConfiguration], proxyProtocol: ProxyProtocolOut = Defaults.proxyProtocol,
        connectTimeout: Duration? = nil, via: Via = .direct, policy: Upstream.Policy = Defaults.policy,
        hold: Duration = Defaults.hold, warm: Int = Defaults.warm, health: HealthConfiguration? = .init()
    ) {
        self.name = name
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
