/// The bytes of a ClientHello with a server name, ALPN and padding.
enum SampleHello {
    /// - Parameters:
    ///   - length: bytes of the message behind its head; a padding extension (RFC 7685) fills it up.
    ///   - recordLength: bytes of the message in each TLS record.
    static func bytes(length: Int, recordLength: Int = 16384) -> [UInt8] {
        let name = Array("mail.example.org".utf8)
        var extensions = field([0, 0], field([], field([0], name)))
        extensions += field([0, 16], field([], [4] + Array("imap".utf8)))
        extensions += field([0, 43], [2, 3, 4])
        // Version, random, session identifier, three cipher suites, no compression.
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32)
        body += [32] + [UInt8](repeating: 9, count: 32)
        body += field([], [0x13, 1, 0x13, 2, 0x13, 3]) + [1, 0]
        let padding = length - body.count - 2 - extensions.count - 4
        if padding >= 0 { extensions += field([0, 21], [UInt8](repeating: 0, count: padding)) }
        body += field([], extensions)
        let message = [1, 0, UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
        return stride(from: 0, to: message.count, by: recordLength).flatMap { start in
            field([22, 3, 1], Array(message[start..<min(start + recordLength, message.count)]))
        }
    }

    /// A head, two bytes of length, and the content.
    private static func field(_ head: [UInt8], _ content: [UInt8]) -> [UInt8] {
        head + [UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
    }
}
