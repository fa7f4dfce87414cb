import TailwartTesting
import TailwartWire
import Testing

func parseHello(_ bytes: [UInt8]) -> ParseOutcome<ClientHello, ClientHelloError> { ClientHello.parse(bytes.span) }

struct ClientHelloTests {
    typealias Builder = ClientHelloBuilder

    private func name(_ builder: Builder) -> String? {
        guard case .found(let hello) = parseHello(builder.bytes) else {
            Issue.record("\(parseHello(builder.bytes))")
            return nil
        }
        return hello.serverName?.description
    }

    @Test func `name and protocols are found in order`() {
        let builder = Builder(serverName: "mail.example.org", alpn: ["h2", "http/1.1", "acme-tls/1"])
        guard case .found(let hello) = everyPrefix(of: builder.bytes, ClientHello.parse) else {
            Issue.record("\(parseHello(builder.bytes))")
            return
        }
        #expect(hello.serverName == InlineBytes("mail.example.org"))
        #expect(hello.alpn.map(String.init) == ["h2", "http/1.1", "acme-tls/1"])
        #expect(!hello.alpn.isTruncated)
        for name in ["h2", "http/1.1", "acme-tls/1"] { #expect(hello.alpn.contains(name.utf8)) }
        for name in ["", "h", "h2c", "http/1.0", "2", "acme-tls/"] { #expect(!hello.alpn.contains(name.utf8)) }
    }

    @Test func `a hello without name and protocols is found, with or without extensions`() {
        var builder = Builder()
        #expect(everyPrefix(of: builder.bytes, ClientHello.parse) == .found(ClientHello()))
        builder.otherExtensions = []
        #expect(everyPrefix(of: builder.bytes, ClientHello.parse) == .found(ClientHello()))
        let emptyBlock = Array(builder.message.dropFirst(4)) + [0, 0]
        let message = [1, 0, 0, UInt8(emptyBlock.count)] + emptyBlock
        #expect(everyPrefix(of: Builder.records(message), ClientHello.parse) == .found(ClientHello()))
    }

    @Test func `the smallest hello is found`() {
        var builder = Builder()
        builder.sessionID = []
        builder.cipherSuites = [0x1301]
        builder.otherExtensions = []
        #expect(builder.message.count == 4 + 41)
        #expect(everyPrefix(of: builder.bytes, ClientHello.parse) == .found(ClientHello()))
    }

    @Test(arguments: [
        ("MAIL.Example.ORG", "mail.example.org"), ("mail.example.org.", "mail.example.org"), ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"), ("_dmarc.example.org", "_dmarc.example.org"),
        ("mail..", "mail."), ("1.2.3", "1.2.3"),
        (String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
    ])
    func `a name is lower case and without one trailing dot`(sent: String, expected: String) {
        #expect(name(Builder(serverName: sent)) == expected)
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "192.0.2.1.", "2001:DB8::A"])
    func `an IP address is no name`(sent: String) {
        #expect(name(Builder(serverName: sent)) == nil)
    }

    @Test func `any other extension passes`() {
        for type in UInt16.min...UInt16.max where type != 0 && type != 16 && (type < 256 || type & 0x0f0f == 0x0a0a) {
            var builder = Builder(serverName: "a.example")
            builder.otherExtensions = [Builder.Extension(type, [1, 2, 3])]
            #expect(name(builder) == "a.example")
        }
    }

    @Test(arguments: [0, 5, 16, 43, 63, 64, 0x2a2a, 0xfe0d, 0xff01, 0xffff] as [UInt16])
    func `an extension that occurs twice is refused`(type: UInt16) {
        var builder = Builder()
        let one: Builder.Extension =
            switch type {
            case 0: Builder.serverNameExtension(Array("a.example".utf8))
            case 16: Builder.alpnExtension([Array("h2".utf8)])
            default: Builder.Extension(type, [])
            }
        builder.otherExtensions = [one, Builder.Extension(99, [1]), one]
        #expect(parseHello(builder.bytes) == .invalid(.duplicateExtension))
    }

    @Test func `four thousand extensions are walked once`() {
        var builder = Builder(serverName: "a.example")
        builder.otherExtensions = (100..<4100).map { Builder.Extension($0, []) }
        #expect(name(builder) == "a.example")
        builder.otherExtensions.append(Builder.Extension(100, []))
        #expect(parseHello(builder.bytes) == .invalid(.duplicateExtension))
    }

    @Test func `a list of protocols longer than 255 bytes keeps whole names`() {
        let names = (0..<40).map { "protocol-\($0 + 10)" }
        guard case .found(let hello) = parseHello(Builder(alpn: names).bytes) else {
            Issue.record("not found")
            return
        }
        #expect(hello.alpn.isTruncated)
        #expect(hello.alpn.map(String.init) == Array(names.prefix(255 / 12)))
        guard case .found(let longest) = parseHello(Builder(alpn: [String(repeating: "x", count: 255), "h2"]).bytes)
        else {
            Issue.record("not found")
            return
        }
        #expect(longest.alpn.isTruncated)
        #expect(longest.alpn.isEmpty)
    }

    @Test(
        arguments: [
            ([], ClientHelloError.badLength), ([0], .badLength), ([0, 0], .emptyServerNameList), ([0, 1], .badLength),
            ([0, 1, 0], .badLength), ([0, 3, 0, 0, 0], .emptyServerName), ([0, 4, 0, 0, 1, 0x2e], .emptyServerName),
            ([0, 4, 1, 0, 1, 0x61], .badServerNameType), ([0, 4, 255, 0, 1, 0x61], .badServerNameType),
            ([0, 4, 0, 0, 2, 0x61], .badLength), ([0, 5, 0, 0, 1, 0x61], .badLength),
            ([0, 3, 0, 0, 1, 0x61], .badLength),
            ([0, 4, 0, 0, 1, 0x61, 0x62], .trailingBytes), ([0, 5, 0, 0, 1, 0x61, 0x62], .severalServerNames),
            ([0, 8, 0, 0, 1, 0x61, 0, 0, 1, 0x62], .severalServerNames), ([0, 4, 0, 0, 1, 0], .badServerName),
            ([0, 4, 0, 0, 1, 0x20], .badServerName), ([0, 4, 0, 0, 1, 0x7f], .badServerName),
            ([0, 4, 0, 0, 1, 0xc3], .badServerName), ([0, 6, 0, 0, 3, 0x61, 0x0a, 0x62], .badServerName),
        ] as [([UInt8], ClientHelloError)])
    func `a malformed server name is refused`(body: [UInt8], error: ClientHelloError) {
        var builder = Builder()
        builder.otherExtensions = [Builder.Extension(0, body), Builder.Extension(43, [2, 3, 4])]
        #expect(parseHello(builder.bytes) == .invalid(error))
    }

    @Test(
        arguments: [
            ([], ClientHelloError.badLength), ([0, 0], .emptyProtocolList), ([0, 1, 0], .emptyProtocolName),
            ([0, 2, 2, 0x68], .badLength), ([0, 3, 2, 0x68, 0x32, 0x68], .trailingBytes),
            ([0, 4, 2, 0x68, 0x32, 0], .emptyProtocolName),
            ([0, 4, 2, 0x68, 0x32], .badLength), ([0, 4, 2, 0x68, 0x32, 1], .badLength),
        ] as [([UInt8], ClientHelloError)])
    func `a malformed list of protocols is refused`(body: [UInt8], error: ClientHelloError) {
        var builder = Builder()
        builder.otherExtensions = [Builder.Extension(16, body), Builder.Extension(43, [2, 3, 4])]
        #expect(parseHello(builder.bytes) == .invalid(error))
    }

    @Test(arguments: [256, 257, 1000, 16000])
    func `a name longer than 255 bytes is refused`(length: Int) {
        let builder = Builder(serverName: String(repeating: "a", count: length))
        #expect(parseHello(builder.bytes) == .invalid(.serverNameTooLong))
    }

    @Test func `the lists before the extensions are checked`() {
        var builder = Builder(serverName: "a.example")
        builder.sessionID = [UInt8](repeating: 0, count: 33)
        #expect(parseHello(builder.bytes) == .invalid(.badSessionID))
        builder.sessionID = []
        builder.cipherSuites = []
        #expect(parseHello(builder.bytes) == .invalid(.badCipherSuites))
        builder.cipherSuites = [0x1301]
        builder.compressionMethods = []
        #expect(parseHello(builder.bytes) == .invalid(.badCompressionMethods))
        builder.compressionMethods = [1, 0]
        #expect(name(builder) == "a.example")
        var message = builder.message
        message[4] = 2
        #expect(parseHello(Builder.records(message)) == .invalid(.badVersion))
        builder.cipherSuites = [0x1301, 0x1302]
        message = builder.message
        // Session identifier at 38, length of the cipher suites behind it.
        message[40] = 3
        #expect(parseHello(Builder.records(message)) == .invalid(.badCipherSuites))
    }

    /// Every byte of the message takes every value: never a trap, and never a name that reaches beyond its field.
    @Test func `each byte of a hello may have any value`() {
        let base = Builder(serverName: "a.example", alpn: ["imap"])
        let message = base.message
        for index in message.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = message
                changed[index] = byte
                if case .found(let hello) = parseHello(Builder.records(changed)), let name = hello.serverName,
                    name.count > 9
                {
                    Issue.record("byte \(index) as \(byte): \(name)")
                }
            }
        }
    }

    @Test func `every length that is one too long or too short is refused`() {
        var builder = Builder(serverName: "a.example", alpn: ["imap"])
        builder.sessionID = []
        builder.otherExtensions = []
        let message = builder.message
        // In the message: session identifier, ciphers, compression, extension block, extension, list and name,
        // extension, list, name.
        let lengths = [38, 40, 49, 52, 56, 58, 61, 74, 76, 77]
        #expect(lengths.map { message[$0] } == [0, 8, 1, 29, 14, 12, 9, 7, 5, 4])
        for place in lengths {
            for difference in [1, -1] where message[place] > 0 || difference > 0 {
                var changed = message
                changed[place] = UInt8(Int(changed[place]) + difference)
                if case .invalid = parseHello(Builder.records(changed)) { continue }
                Issue.record("length at \(place), \(difference): \(parseHello(Builder.records(changed)))")
            }
        }
    }
}
