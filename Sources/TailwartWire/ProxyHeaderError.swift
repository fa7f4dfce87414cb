/// Why bytes are no PROXY header that the edge accepts.
package enum ProxyHeaderError: Error, Equatable, Sendable, CaseIterable {
    case notProxy
    case badVersion
    case unknownCommand
    case unknownFamily
    case unsupportedTransport
    case badLength
    case badAddress
    case clientNotUnicast
    case familyMismatch
    case badPort
    case badLineEnd
    case lineTooLong
    case headerTooLong
    case badTLV
    case badChecksum
}

extension ProxyHeaderError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notProxy: "the first bytes are not a PROXY header"
        case .badVersion: "the PROXY header has the signature of version 2 but another version number"
        case .unknownCommand: "the command of the PROXY header is neither LOCAL nor PROXY"
        case .unknownFamily: "the address family of the PROXY header is not a known one"
        case .unsupportedTransport: "the transport of the PROXY header is not a stream"
        case .badLength: "the PROXY header is shorter than its addresses"
        case .badAddress: "an address in the PROXY header is malformed"
        case .clientNotUnicast: "the client address in the PROXY header is unspecified, multicast or broadcast"
        case .familyMismatch: "an address in the PROXY header is of the other family than the header says"
        case .badPort: "a port in the PROXY header is not a plain number from 0 to 65535"
        case .badLineEnd: "the PROXY line does not end with CR LF"
        case .lineTooLong: "the PROXY line is longer than \(ProxyHeader.maximumV1Length) bytes"
        case .headerTooLong: "the PROXY header is longer than \(ProxyHeader.maximumV2Length) bytes"
        case .badTLV: "an extension of the PROXY header is malformed or does not fit into it"
        case .badChecksum: "the checksum of the PROXY header is wrong"
        }
    }
}
