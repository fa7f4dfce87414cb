package import TailwartWire

/// One destination of an upstream as the file writes it: `stalwart.tail1234.ts.net`, `192.0.2.1:2525`, `[2001:db8::1]:25`,
/// `unix:/run/x.sock`.
package struct Endpoint: Sendable, Hashable {
    package enum Host: Sendable, Hashable {
        /// To be resolved; as written.
        case name(String)
        case address(IPAddress)
        case unix(path: String)
    }

    package var host: Host
    /// Nil: the route's port, else the listener's. Always nil for a Unix socket.
    package var port: UInt16?
    /// 1 to 256; its share where the policy knows shares.
    package var weight: Int
    /// Tried only when no other endpoint can be reached.
    package var isBackup: Bool
    /// Nil: the upstream's.
    package var proxyProtocol: ProxyProtocolOut?

    package init(
        _ host: Host, port: UInt16? = nil, weight: Int = Defaults.weight, isBackup: Bool = false,
        proxyProtocol: ProxyProtocolOut? = nil
    ) {
        self.host = host
        self.port = port
        self.weight = weight
        self.isBackup = isBackup
        self.proxyProtocol = proxyProtocol
    }

    package var isUnix: Bool { if case .unix = host { true } else { false } }

    /// Host and port in the form that the file takes.
    package var text: String {
        switch (host, port) {
        case (.unix(let path), _): "unix:\(path)"
        case (.address(let address), let port?): "\(InternetAddress(address, port: port))"
        case (let host, let port?): "\(host.text):\(port)"
        case (let host, nil): host.text
        }
    }

    /// The rule which port is dialled: that of the route, else the endpoint's own, else the one that the client came to.
    ///
    /// - Returns: nil for a Unix socket, and where nobody names a port.
    package func dialledPort(route: UInt16?, client: UInt16?) -> UInt16? {
        isUnix ? nil : route ?? port ?? client
    }
}

extension Endpoint.Host {
    /// The name, the address or the path.
    package var text: String {
        switch self {
        case .name(let name): name
        case .address(let address): "\(address)"
        case .unix(let path): path
        }
    }
}
