/// A position in a handshake message that steps over the record headers between its bytes.
///
/// It copies nothing and holds no reference: the bytes are passed along. It is used once ``HandshakeRecords`` has seen
/// the whole message, and the end that is passed along lies inside it, so it cannot run out of bytes; a field that
/// reaches beyond its end is *invalid*.
struct HandshakeCursor {
    /// Bytes of the message passed so far, its head included.
    private(set) var position = 0
    /// Where the next byte is, unless the record is used up.
    private var wire = 0
    /// Bytes left in the current record.
    private var left = 0

    mutating func skip(_ count: Int, before end: Int, in bytes: Span<UInt8>) throws(ClientHello.Stop) {
        guard count <= end - position else { throw .invalid(.badLength) }
        position += count
        var count = count
        while count > 0 {
            if left == 0 { enterRecord(bytes) }
            let step = min(count, left)
            wire += step
            left -= step
            count -= step
        }
    }

    mutating func byte(before end: Int, in bytes: Span<UInt8>) throws(ClientHello.Stop) -> UInt8 {
        guard position < end else { throw .invalid(.badLength) }
        if left == 0 { enterRecord(bytes) }
        defer {
            position += 1
            wire += 1
            left -= 1
        }
        return bytes[wire]
    }

    mutating func integer(before end: Int, in bytes: Span<UInt8>) throws(ClientHello.Stop) -> Int {
        let high = Int(try byte(before: end, in: bytes))
        return high << 8 | Int(try byte(before: end, in: bytes))
    }

    /// The end of a field with one byte of length.
    mutating func shortField(before end: Int, in bytes: Span<UInt8>) throws(ClientHello.Stop) -> Int {
        let length = Int(try byte(before: end, in: bytes))
        guard length <= end - position else { throw .invalid(.badLength) }
        return position + length
    }

    /// The end of a field with two bytes of length.
    mutating func longField(before end: Int, in bytes: Span<UInt8>) throws(ClientHello.Stop) -> Int {
        let length = try integer(before: end, in: bytes)
        guard length <= end - position else { throw .invalid(.badLength) }
        return position + length
    }

    private mutating func enterRecord(_ bytes: Span<UInt8>) {
        left = Int(bytes[wire + 3]) << 8 | Int(bytes[wire + 4])
        wire += HandshakeRecords.headerLength
    }
}
