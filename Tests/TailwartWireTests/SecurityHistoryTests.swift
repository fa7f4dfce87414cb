import TailwartTesting
import TailwartWire
import Testing

/// Faults that other proxies had in these two formats, each as the input that would show it here.
struct SecurityHistoryTests {
    private static let v4 = ProxyHeaderV2Tests.v4

    /// HAProxy commit ed267f9: the length of the name was believed, and a hello of 65 bytes made it read tens of
    /// kilobytes.
    @Test func `a name that claims more than the hello holds is refused`() {
        var builder = ClientHelloBuilder()
        builder.sessionID = []
        builder.otherExtensions = [.init(0, [0xff, 0xff, 0, 0xff, 0xfc, 0x61])]
        #expect(parseHello(builder.bytes) == .invalid(.badLength))
        builder.otherExtensions = [.init(0, [0, 4, 0, 0xff, 0xfc, 0x61])]
        #expect(parseHello(builder.bytes) == .invalid(.badLength))
    }

    /// HAProxy commits 2653936 and 8f507ae: the length of the handshake was off by its own head of 4 bytes.
    @Test(arguments: -4...4)
    func `the length of the handshake is exact`(difference: Int) {
        var message = ClientHelloBuilder(serverName: "mail.example.org").message
        message[3] = UInt8(Int(message[3]) + difference)
        let outcome = parseHello(ClientHelloBuilder.records(message))
        switch difference {
        case 0: #expect(outcome != .needMore)
        case 1...: #expect(outcome == .needMore)
        default: #expect(outcome == .invalid(.trailingBytes))
        }
        // Cut at the claimed end, the last extension is too short.
        if difference < 0 {
            let cut = Array(message.dropLast(-difference))
            #expect(parseHello(ClientHelloBuilder.records(cut)) == .invalid(.badLength))
        }
    }

    /// HAProxy commits 7209c20 and 488ee7f: payload glued to the header was read as extensions.
    @Test func `payload behind a header is never read as part of it`() {
        let header = ProxyHeaderV2Tests.header(0x21, 0x11, Self.v4)
        let forged = ProxyHeaderV2Tests.tlv(3, [0, 0, 0, 0])
        guard case .found(let found) = ProxyHeader.parse((header + forged).span) else {
            Issue.record("not found")
            return
        }
        #expect(found.length == 28)
    }

    /// HAProxy commit 2d74dd7: three of the seven bytes of the checksum were reserved.
    @Test func `the checksum fits into exactly the memory announced`() throws {
        let client = try address("192.0.2.1", 1)
        let bytes = written(capacity: 35) {
            ProxyHeader.writeV2(
                client: client, destination: client, extensions: ProxyExtensions(crc32c: true), into: &$0)
        }
        #expect(bytes.count == 35)
    }

    /// CVE-2024-23327 (Envoy) and haproxy issue 511: LOCAL without addresses, or with extensions instead of addresses.
    @Test func `LOCAL needs no addresses and may carry extensions`() {
        for rest in [[], ProxyHeaderV2Tests.tlv(4, [0])] {
            let bytes = ProxyHeaderV2Tests.header(0x20, 0x11, rest)
            let expected = ProxyHeader(version: .v2, peers: .local, length: bytes.count)
            #expect(ProxyHeader.parse(bytes.span) == .found(expected))
        }
    }

    /// CVE-2024-23324 (Envoy): text that is not UTF-8 in an extension changed who was asked for permission.
    @Test func `invalid UTF-8 in an extension changes nothing`() {
        let bytes = ProxyHeaderV2Tests.header(0x21, 0x11, Self.v4 + ProxyHeaderV2Tests.tlv(2, [0xff, 0xfe, 0x80]))
        guard case .found(let header) = ProxyHeader.parse(bytes.span) else {
            Issue.record("not found")
            return
        }
        #expect(header.length == bytes.count)
    }

    /// CVE-2019-14243 and CVE-2021-23351 (go-proxyproto): a short version 2 header, and a line without an end.
    @Test func `neither a short header nor an endless line is waited for without limit`() {
        for length in 0..<12 {
            #expect(
                ProxyHeader.parse(ProxyHeaderV2Tests.header(0x21, 0x11, Array(Self.v4[..<length])).span)
                    == .invalid(.badLength))
        }
        let endless = Array(("PROXY UNKNOWN " + String(repeating: " ", count: 1000)).utf8)
        #expect(firstInvalid(in: endless, ProxyHeader.parse) == 107)
    }

    /// CVE-2020-8660 (Envoy): a hello that offers nothing but TLS 1.3 was not seen as TLS.
    @Test func `a hello for TLS 1 point 3 alone is TLS`() {
        var builder = ClientHelloBuilder(serverName: "mail.example.org")
        builder.cipherSuites = [0x1301]
        builder.otherExtensions = [.init(43, [2, 3, 4])]
        guard case .found(let hello) = parseHello(builder.bytes) else {
            Issue.record("not found")
            return
        }
        #expect(hello.serverName != nil)
    }

    /// CVE-2026-32305 (Traefik): a hello cut over records had no name and took the default route.
    @Test func `a hello cut over records never loses its name`() {
        let message = ClientHelloBuilder(serverName: "mail.example.org").message
        for cut in 1..<message.count {
            let bytes = ClientHelloBuilder.records(message, lengths: [cut, 16384])
            for count in 0..<bytes.count where parseHello(Array(bytes[..<count])) != .needMore {
                Issue.record("cut at \(cut), \(count) bytes are decided")
                return
            }
        }
    }

    /// CVE-2026-53622 (Traefik): the case of a name chose between two sets of rules.
    @Test func `the case of a name makes no difference`() {
        let lower = ClientHelloBuilder(serverName: "mail.example.org")
        let upper = ClientHelloBuilder(serverName: "MAIL.EXAMPLE.ORG")
        #expect(parseHello(lower.bytes) == parseHello(upper.bytes))
    }
}
