/// The client's side of SOCKS version 5 (RFC 1928) without authentication, by which an upstream behind a userspace
/// tailnet is dialled.
///
/// `greeting` → method reply → CONNECT request → reply; then the connection is the upstream's.
package enum SOCKS5 {
    /// What to connect to. A name is resolved at the far end.
    package enum Destination: Sendable, Equatable {
        case address(InternetAddress)
        /// 1 to 255 bytes.
        case name(InlineBytes, port: UInt16)
    }

    /// Bytes of the greeting: version, one method, "no authentication".
    package static let greetingLength = 3
    /// Bytes of the longest request: version, command, reserved, type, length, name, port.
    package static let maximumRequestLength = 4 + 1 + InlineBytes.capacity + 2

    private static let version: UInt8 = 5

    private enum AddressType {
        static let v4: UInt8 = 1
        static let name: UInt8 = 3
        static let v6: UInt8 = 4
    }

    /// Answers how many bytes it wrote, ``greetingLength``.
    package static func writeGreeting(into memory: inout MutableSpan<UInt8>) -> Int {
        var offset = 0
        write(version, into: &memory, at: &offset)
        write(1, into: &memory, at: &offset)
        write(0, into: &memory, at: &offset)
        return offset
    }

    /// Answers how many bytes it wrote, at most ``maximumRequestLength``.
    package static func writeConnect(to destination: Destination, into memory: inout MutableSpan<UInt8>) -> Int {
        var offset = 0
        write(version, into: &memory, at: &offset)
        write(1, into: &memory, at: &offset)
        write(0, into: &memory, at: &offset)
        switch destination {
        case .address(let address):
            switch address.ip {
            case .v4(let bits):
                write(AddressType.v4, into: &memory, at: &offset)
                write(bigEndian: bits, into: &memory, at: &offset)
            case .v6(let high, let low):
                write(AddressType.v6, into: &memory, at: &offset)
                write(bigEndian: high, into: &memory, at: &offset)
                write(bigEndian: low, into: &memory, at: &offset)
            }
            write(bigEndian: address.port, into: &memory, at: &offset)
        case .name(let name, let port):
            write(AddressType.name, into: &memory, at: &offset)
            write(UInt8(name.count), into: &memory, at: &offset)
            write(name, into: &memory, at: &offset)
            write(bigEndian: port, into: &memory, at: &offset)
        }
        return offset
    }

    /// Reads the answer to the greeting; found is its length.
    package static func parseMethod(_ bytes: Span<UInt8>) -> ParseOutcome<Int, SOCKS5Error> {
        guard bytes.count > 0 else { return .needMore }
        guard bytes[0] == version else { return .invalid(.notSOCKS5) }
        guard bytes.count > 1 else { return .needMore }
        return bytes[1] == 0 ? .found(2) : .invalid(.authenticationRequired)
    }

    /// Reads the answer to the request; found is its length, and what follows is the upstream's. The bound address in
    /// it says nothing.
    package static func parseReply(_ bytes: Span<UInt8>) -> ParseOutcome<Int, SOCKS5Error> {
        guard bytes.count > 0 else { return .needMore }
        guard bytes[0] == version else { return .invalid(.notSOCKS5) }
        guard bytes.count > 1 else { return .needMore }
        guard bytes[1] == 0 else { return .invalid(.refused(code: bytes[1])) }
        guard bytes.count > 2 else { return .needMore }
        guard bytes[2] == 0 else { return .invalid(.badReply) }
        guard bytes.count > 3 else { return .needMore }
        let length: Int
        switch bytes[3] {
        case AddressType.v4: length = 4 + 4 + 2
        case AddressType.v6: length = 4 + 16 + 2
        case AddressType.name:
            guard bytes.count > 4 else { return .needMore }
            length = 4 + 1 + Int(bytes[4]) + 2
        default: return .invalid(.badReply)
        }
        return bytes.count >= length ? .found(length) : .needMore
    }
}

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
