/// The TLS records that carry a handshake message, checked by their headers alone.
///
/// The answer to "is the message whole?" costs one step for each record and touches no byte of the message but its 4
/// byte head, so asking again whenever more has arrived is cheap.
enum HandshakeRecords {
    /// Bytes of type, version and length (RFC 8446 section 5.1).
    static let headerLength = 5
    /// Bytes of type and length of a handshake message (RFC 8446 section 4).
    static let messageHeadLength = 4

    private static let handshake: UInt8 = 22
    private static let clientHello: UInt8 = 1
    /// 2^14 (RFC 8446 section 5.1).
    private static let maximumRecordLength = 16 * 1024
    /// Records of one hello. Browsers use one or two, and tools that hide the name from censors some tens. Without a limit a client
    /// that sends records of one byte, a segment each, makes the edge walk over thousands of them at every segment.
    static let maximumCount = 256
    /// Version 2, random 32, empty session identifier 1, one cipher suite 4, one compression method 2.
    private static let minimumMessageLength = 41

    /// The length of the message behind its head, once all of it is there.
    static func messageLength(_ bytes: Span<UInt8>) throws(ClientHello.Stop) -> Int {
        var head = MessageHead()
        var wire = 0
        var message = 0
        var count = 0
        while true {
            count += 1
            guard count <= maximumCount else { throw .invalid(.tooManyRecords) }
            let length = try recordLength(bytes, at: wire)
            let start = wire + headerLength
            var index = start
            while message + (index - start) < messageHeadLength, index < min(start + length, bytes.count) {
                try head.accept(bytes[index])
                index += 1
            }
            wire = start + length
            message += length
            if let bodyLength = head.bodyLength {
                let end = messageHeadLength + bodyLength
                // Nothing may follow before the server has answered, so a record that holds more than the rest is
                // forged.
                guard message <= end else { throw .invalid(.trailingBytes) }
                if message == end {
                    guard wire <= bytes.count else { throw .needMore }
                    return bodyLength
                }
            }
            guard wire < bytes.count else { throw .needMore }
        }
    }

    /// Checks a record header byte by byte, so that the first wrong one decides.
    private static func recordLength(_ bytes: Span<UInt8>, at start: Int) throws(ClientHello.Stop) -> Int {
        let wrongStart: ClientHelloError = start == 0 ? .notTLS : .unexpectedRecord
        guard try byte(start, of: bytes) == handshake else { throw .invalid(wrongStart) }
        // The minor version is free: it must be ignored (RFC 8446 section 5.1).
        guard try byte(start + 1, of: bytes) == 3 else { throw .invalid(wrongStart) }
        let high = Int(try byte(start + 3, of: bytes)) << 8
        guard high <= maximumRecordLength else { throw .invalid(.recordTooLong) }
        let length = high + Int(try byte(start + 4, of: bytes))
        guard length <= maximumRecordLength else { throw .invalid(.recordTooLong) }
        guard length > 0 else { throw .invalid(.emptyRecord) }
        return length
    }

    private static func byte(_ index: Int, of bytes: Span<UInt8>) throws(ClientHello.Stop) -> UInt8 {
        guard index < bytes.count else { throw .needMore }
        return bytes[index]
    }

    /// Type and length of the message, which records may cut anywhere.
    private struct MessageHead {
        private var count = 0
        private var length = 0

        var bodyLength: Int? { count == messageHeadLength ? length : nil }

        mutating func accept(_ byte: UInt8) throws(ClientHello.Stop) {
            if count == 0 {
                guard byte == clientHello else { throw .invalid(.notClientHello) }
            } else {
                length += Int(byte) << (8 * (3 - count))
                guard length <= ClientHello.maximumMessageLength else { throw .invalid(.messageTooLong) }
            }
            count += 1
            guard count < messageHeadLength || length >= minimumMessageLength else { throw .invalid(.messageTooShort) }
        }
    }
}
