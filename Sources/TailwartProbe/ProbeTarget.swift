package import TailwartCore
package import TailwartWire

/// One endpoint on one port: how to get there, and what has to be found.
package struct ProbeTarget: Sendable, Hashable {
    /// Of the upstream in the configuration.
    package var upstream: String
    /// As the operator wrote it.
    package var endpoint: String
    package var way: ProbeWay
    package var proto: ListenerProtocol
    /// Which header the endpoint wants. A probe sends LOCAL in version 2, and its own socket's addresses in version 1.
    package var proxyProtocol: ProxyProtocolOut.Version
    /// To ask for in the ClientHello; nil or an address: none.
    package var serverName: String?
    /// The certificate has to be for all of these. Empty: for ``serverName``, if there is one.
    package var expectedNames: [String]
    /// A PEM file of authorities; nil: the system's.
    package var trustRoots: String?

    package init(
        upstream: String, endpoint: String, way: ProbeWay, proto: ListenerProtocol,
        proxyProtocol: ProxyProtocolOut.Version, serverName: String? = nil, expectedNames: [String] = [],
        trustRoots: String? = nil
    ) {
        self.upstream = upstream
        self.endpoint = endpoint
        self.way = way
        self.proto = proto
        self.proxyProtocol = proxyProtocol
        self.serverName = serverName
        self.expectedNames = expectedNames
        self.trustRoots = trustRoots
    }
}

/// The way to an endpoint.
package enum ProbeWay: Sendable, Hashable {
    case direct(InternetAddress)
    case unix(path: String)
    /// Through a SOCKS5 proxy without authentication (RFC 1928), which resolves the host.
    case socks5(InternetAddress, host: String, port: UInt16)
    /// Through `dial` of the tailscaled whose Unix socket this is, which resolves the host.
    case tailscale(socket: String, host: String, port: UInt16)

    /// Of the endpoint; nil for a Unix socket.
    package var port: UInt16? {
        switch self {
        case .direct(let address): address.port
        case .unix: nil
        case .socks5(_, _, let port), .tailscale(_, _, let port): port
        }
    }
}
