extension ClientHello {
    typealias Stop = ParseStop<ClientHelloError>

    /// Reads the hello from all bytes of the connection so far. It may be cut over any number of TLS records.
    ///
    /// It is strict (RFC 8446 section 4.1.2): what the mailbox's TLS library could read in another way than the edge
    /// must not be routed, for then the name that chose the route is not the name that is served.
    package static func parse(_ bytes: Span<UInt8>) -> ParseOutcome<ClientHello, ClientHelloError> {
        do throws(Stop) {
            let length = try HandshakeRecords.messageLength(bytes)
            return .found(try parseMessage(bytes, end: HandshakeRecords.messageHeadLength + length))
        } catch {
            return ParseOutcome(error)
        }
    }

    private static func parseMessage(_ bytes: Span<UInt8>, end: Int) throws(Stop) -> ClientHello {
        var cursor = HandshakeCursor()
        try cursor.skip(HandshakeRecords.messageHeadLength, before: end, in: bytes)
        guard try cursor.integer(before: end, in: bytes) >> 8 == 3 else { throw .invalid(.badVersion) }
        try cursor.skip(32, before: end, in: bytes)

        let sessionIDEnd = try cursor.shortField(before: end, in: bytes)
        let sessionIDLength = sessionIDEnd - cursor.position
        guard sessionIDLength <= 32 else { throw .invalid(.badSessionID) }
        try cursor.skip(sessionIDLength, before: sessionIDEnd, in: bytes)

        let ciphersEnd = try cursor.longField(before: end, in: bytes)
        let ciphersLength = ciphersEnd - cursor.position
        guard ciphersLength >= 2, ciphersLength.isMultiple(of: 2) else { throw .invalid(.badCipherSuites) }
        try cursor.skip(ciphersLength, before: ciphersEnd, in: bytes)

        let compressionEnd = try cursor.shortField(before: end, in: bytes)
        let compressionLength = compressionEnd - cursor.position
        guard compressionLength >= 1 else { throw .invalid(.badCompressionMethods) }
        try cursor.skip(compressionLength, before: compressionEnd, in: bytes)

        var hello = ClientHello()
        // Before TLS 1.3 a hello may end here (RFC 5246 section 7.4.1.2).
        guard cursor.position < end else { return hello }
        let extensionsEnd = try cursor.longField(before: end, in: bytes)
        guard extensionsEnd == end else { throw .invalid(.trailingBytes) }
        try hello.readExtensions(&cursor, end: end, in: bytes)
        return hello
    }
}
