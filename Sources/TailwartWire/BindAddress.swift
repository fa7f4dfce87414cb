/// A public address to listen on.
package enum BindAddress: Sendable, Hashable, CustomStringConvertible {
    /// `:25`: all addresses of both families in one socket, of IPv4 alone where the kernel has no IPv6.
    case any(port: UInt16)
    case internet(InternetAddress)
    case unix(path: String)

    package var port: UInt16? {
        switch self {
        case .any(let port): port
        case .internet(let address): address.port
        case .unix: nil
        }
    }

    /// Nil for all addresses of both families, and for a Unix socket.
    package var ip: IPAddress? { if case .internet(let address) = self { address.ip } else { nil } }

    package var description: String {
        switch self {
        case .any(let port): ":\(port)"
        case .internet(let address): "\(address)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
