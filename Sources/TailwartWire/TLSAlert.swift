/// An alert before any key was agreed on: one plaintext record (RFC 8446 sections 5.1 and 6).
package enum TLSAlert: UInt8, Sendable, CaseIterable {
    /// Nothing the client did: "an internal error unrelated to the peer" (RFC 8446 section 6.2).
    case internalError = 80
    /// No server for the name that the hello asks for (RFC 6066 section 3).
    case unrecognizedName = 112

    /// The whole record: type alert, version, length, level fatal, description.
    ///
    /// The version is 3,3 because that is what records carry since TLS 1.2 and what middleboxes expect (RFC 8446 section 5.1).
    package var bytes: [UInt8] { [21, 3, 3, 0, 2, 2, rawValue] }

    /// Bytes of the record.
    package static let length = 7

    /// Bytes of a client that tell whether it begins a handshake.
    package static let handshakeLength = 2

    /// Whether a client's first bytes begin a TLS handshake record; nil while there are too few to tell.
    package static func isHandshake(_ bytes: Span<UInt8>) -> Bool? {
        guard bytes.count > 0 else { return nil }
        guard bytes[0] == 22 else { return false }
        return bytes.count > 1 ? bytes[1] == 3 : nil
    }
}
