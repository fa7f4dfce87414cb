import TailwartWire

/// Bytes to values and back.
enum ParserBenchmarks {
    static var all: [Measurement] {
        [
            parse("ClientHello, small", SampleHello.bytes(length: 0)),
            parse("ClientHello, 1.8 kB", SampleHello.bytes(length: 1800)),
            parse("ClientHello, 8 kB in records of 512 bytes", SampleHello.bytes(length: 8000, recordLength: 512)),
            header("PROXY v1, read", Array("PROXY TCP4 192.0.2.1 198.51.100.2 51000 25\r\n".utf8)),
            header("PROXY v1 with IPv6, read", Array("PROXY TCP6 2001:db8::1 2001:db8::2 51000 25\r\n".utf8)),
            header("PROXY v2, read", written { ProxyHeader.writeV2(client: client, destination: edge, into: &$0) }),
            write("PROXY v1, written") { ProxyHeader.writeV1(client: client, destination: edge, into: &$0) },
            write("PROXY v2, written") { ProxyHeader.writeV2(client: client, destination: edge, into: &$0) },
            write("PROXY v2 with a checksum, written") {
                var extensions = ProxyExtensions()
                extensions.crc32c = true
                return ProxyHeader.writeV2(client: client, destination: edge, extensions: extensions, into: &$0)
            },
        ]
    }

    private static let client = InternetAddress(.v4(0xc000_0201), port: 51000)
    private static let edge = InternetAddress(.v4(0xc633_6402), port: 25)

    private static func parse(_ name: String, _ bytes: [UInt8]) -> Measurement {
        Measurement(name) { count in
            for _ in 0..<count {
                guard case .found(let hello) = ClientHello.parse(bytes.span) else { fatalError("no hello") }
                consume(hello)
            }
        }
    }

    private static func header(_ name: String, _ bytes: [UInt8]) -> Measurement {
        Measurement(name) { count in
            for _ in 0..<count {
                guard case .found(let header) = ProxyHeader.parse(bytes.span) else { fatalError("no header") }
                consume(header)
            }
        }
    }

    private static func write(_ name: String, _ write: (inout MutableSpan<UInt8>) -> Int) -> Measurement {
        var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
        return Measurement(name) { count in
            var span = bytes.mutableSpan
            for _ in 0..<count { consume(write(&span)) }
        }
    }

    private static func written(_ write: (inout MutableSpan<UInt8>) -> Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
        var span = bytes.mutableSpan
        let count = write(&span)
        return Array(bytes.prefix(count))
    }
}

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
