package import TailwartWire

/// The way to an endpoint.
package enum DialWay: Sendable, Hashable {
    case direct(InternetAddress)
    case unix(path: String)
    /// Through a SOCKS5 proxy without authentication (RFC 1928), which resolves the host.
    case socks5(InternetAddress, host: String, port: UInt16)
    /// Through `dial` of the tailscaled whose Unix socket this is, which resolves the host.
    case tailscale(socket: String, host: String, port: UInt16)
}

extension DialWay {
    /// The endpoint, for a sentence.
    var name: String {
        switch self {
        case .direct(let address): "\(address)"
        case .unix(let path): path
        case .socks5(_, let host, let port), .tailscale(_, let host, let port): "\(host):\(port)"
        }
    }

    /// What the socket is connected to, for a sentence.
    var firstHop: String {
        switch self {
        case .direct, .unix: name
        case .socks5(let proxy, _, _): "The SOCKS proxy \(proxy)"
        case .tailscale(let socket, _, _): "tailscaled's socket \(socket)"
        }
    }

    var isIndirect: Bool {
        switch self {
        case .direct, .unix: false
        case .socks5, .tailscale: true
        }
    }

    /// To another port of the same host; nil for a Unix socket.
    package func toPort(_ port: UInt16) -> DialWay? {
        switch self {
        case .direct(let address): .direct(InternetAddress(address.ip, port: port))
        case .unix: nil
        case .socks5(let proxy, let host, _): .socks5(proxy, host: host, port: port)
        case .tailscale(let socket, let host, _): .tailscale(socket: socket, host: host, port: port)
        }
    }
}
