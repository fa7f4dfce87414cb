/// Why a SOCKS5 server does not give a connection.
package enum SOCKS5Error: Error, Equatable, Sendable {
    case notSOCKS5
    case authenticationRequired
    case badReply
    /// The server's reply code, 1 to 255 (RFC 1928 section 6).
    case refused(code: UInt8)
}

extension SOCKS5Error: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notSOCKS5: "the server does not speak SOCKS5"
        case .authenticationRequired: "the SOCKS5 server accepts no client without authentication"
        case .badReply: "the SOCKS5 server's reply is malformed"
        case .refused(code: 1): "the SOCKS5 server failed"
        case .refused(code: 2): "the SOCKS5 server's rules forbid the connection"
        case .refused(code: 3): "the SOCKS5 server cannot reach the network"
        case .refused(code: 4): "the SOCKS5 server cannot reach the host"
        case .refused(code: 5): "the host refused the SOCKS5 server's connection"
        case .refused(code: 6): "the SOCKS5 server's connection ran out of hops"
        case .refused(code: 7): "the SOCKS5 server does not know CONNECT"
        case .refused(code: 8): "the SOCKS5 server does not know this kind of address"
        case .refused(let code): "the SOCKS5 server refused with the unassigned code \(code)"
        }
    }
}
