/// Why bytes are no ClientHello that the edge routes by.
package enum ClientHelloError: Error, Equatable, Sendable, CaseIterable {
    case notTLS
    case unexpectedRecord
    case emptyRecord
    case recordTooLong
    case tooManyRecords
    case notClientHello
    case messageTooShort
    case messageTooLong
    case trailingBytes
    case badVersion
    case badSessionID
    case badCipherSuites
    case badCompressionMethods
    case badLength
    case duplicateExtension
    case emptyServerNameList
    case badServerNameType
    case emptyServerName
    case serverNameTooLong
    case badServerName
    case severalServerNames
    case emptyProtocolList
    case emptyProtocolName
}

extension ClientHelloError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notTLS: "the first bytes are not a TLS handshake"
        case .unexpectedRecord: "a record that is not a TLS handshake interrupts the ClientHello"
        case .emptyRecord: "a handshake record is empty"
        case .recordTooLong: "a TLS record is longer than 16384 bytes"
        case .tooManyRecords: "the ClientHello is cut into more than \(HandshakeRecords.maximumCount) records"
        case .notClientHello: "the first handshake message is not a ClientHello"
        case .messageTooShort: "the ClientHello is too short to be one"
        case .messageTooLong: "the ClientHello is longer than \(ClientHello.maximumMessageLength) bytes"
        case .trailingBytes: "bytes are left over behind the ClientHello or its last field"
        case .badVersion: "the ClientHello is not of TLS"
        case .badSessionID: "the session identifier is longer than 32 bytes"
        case .badCipherSuites: "the list of cipher suites is empty or cut"
        case .badCompressionMethods: "the list of compression methods is empty"
        case .badLength: "a field is longer than the one around it"
        case .duplicateExtension: "an extension occurs twice"
        case .emptyServerNameList: "the list of server names is empty"
        case .badServerNameType: "the server name is not a host name"
        case .emptyServerName: "the server name is empty"
        case .serverNameTooLong: "the server name is longer than \(InlineBytes.capacity) bytes"
        case .badServerName: "the server name holds a byte that is not printable ASCII"
        case .severalServerNames: "there is more than one server name"
        case .emptyProtocolList: "the list of protocols is empty"
        case .emptyProtocolName: "the name of a protocol is empty"
        }
    }
}
