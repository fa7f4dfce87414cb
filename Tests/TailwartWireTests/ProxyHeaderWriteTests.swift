import TailwartWire
import Testing

struct ProxyHeaderWriteTests {
    private func v1(_ client: InternetAddress, _ destination: InternetAddress) -> String {
        String(
            decoding: written(capacity: ProxyHeader.maximumV1Length) {
                ProxyHeader.writeV1(client: client, destination: destination, into: &$0)
            }, as: UTF8.self)
    }

    private func v2(
        _ client: InternetAddress, _ destination: InternetAddress, _ extensions: ProxyExtensions = ProxyExtensions()
    ) -> [UInt8] {
        written(capacity: ProxyHeader.maximumWrittenLength) {
            ProxyHeader.writeV2(client: client, destination: destination, extensions: extensions, into: &$0)
        }
    }

    @Test(arguments: [
        ("192.0.2.1", "198.51.100.2", "PROXY TCP4 192.0.2.1 198.51.100.2 51000 25\r\n"),
        ("2001:db8::1", "2001:db8:0:1::", "PROXY TCP6 2001:db8::1 2001:db8:0:1:: 51000 25\r\n"),
        ("192.0.2.1", "2001:db8::2", "PROXY TCP6 ::ffff:c000:201 2001:db8::2 51000 25\r\n"),
        ("::1", "255.0.10.100", "PROXY TCP6 ::1 ::ffff:ff00:a64 51000 25\r\n"),
        ("1:0:0:2:0:0:0:3", "1:0:2:0:3:0:4:0", "PROXY TCP6 1:0:0:2::3 1:0:2:0:3:0:4:0 51000 25\r\n"),
        ("::1:2:3:4:5:6", "a:b:c:d:e:f::", "PROXY TCP6 ::1:2:3:4:5:6 a:b:c:d:e:f:: 51000 25\r\n"),
        ("::2:3:4:5:6:7:8", "::", "PROXY TCP6 0:2:3:4:5:6:7:8 :: 51000 25\r\n"),
    ])
    func `version 1 is the line of the specification`(client: String, destination: String, line: String) throws {
        #expect(v1(try address(client, 51000), try address(destination, 25)) == line)
    }

    @Test func `the longest version 1 line of each family has the length of the specification`() throws {
        let longV4 = try address("255.255.255.255", 65535)
        #expect(v1(longV4, longV4).utf8.count == 56)
        let longV6 = try address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535)
        #expect(v1(longV6, longV6).utf8.count == 104)
        #expect(v1(try address("1.2.3.4", 0), try address("5.6.7.8", 0)) == "PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n")
    }

    /// Written by hand from section 2.2 of the specification.
    @Test func `version 2 has exactly 28 or 52 bytes`() throws {
        #expect(
            v2(try address("192.0.2.1", 51000), try address("198.51.100.2", 25))
                == hex("0d0a0d0a000d0a515549540a 21 11 000c c0000201 c6336402 c738 0019"))
        #expect(
            v2(try address("2001:db8::1", 51000), try address("fd7a:115c:a1e0::1", 993))
                == hex(
                    """
                    0d0a0d0a000d0a515549540a 21 21 0024
                    20010db8000000000000000000000001 fd7a115ca1e000000000000000000001 c738 03e1
                    """))
        #expect(
            v2(try address("192.0.2.1", 51000), try address("2001:db8::2", 993))
                == hex(
                    """
                    0d0a0d0a000d0a515549540a 21 21 0024
                    00000000000000000000ffffc0000201 20010db8000000000000000000000002 c738 03e1
                    """))
    }

    @Test func `LOCAL has 16 bytes and no family`() {
        let bytes = written(capacity: 16, ProxyHeader.writeV2Local)
        #expect(bytes == hex("0d0a0d0a000d0a515549540a 20 00 0000"))
        #expect(ProxyHeader.parse(bytes.span) == .found(ProxyHeader(version: .v2, peers: .local, length: 16)))
    }

    @Test func `UNKNOWN is the short form`() {
        let bytes = written(capacity: 15, ProxyHeader.writeV1Unknown)
        #expect(bytes == Array("PROXY UNKNOWN\r\n".utf8))
        #expect(ProxyHeader.parse(bytes.span) == .found(ProxyHeader(version: .v1, peers: .local, length: 15)))
    }

    /// The checksum comes from an independent bit-by-bit computation.
    @Test func `extensions follow the addresses and the checksum covers them`() throws {
        let extensions = ProxyExtensions(
            authority: InlineBytes("mail.example.org"), alpn: InlineBytes("imap"), uniqueID: InlineBytes("id"),
            crc32c: true)
        let bytes = v2(try address("192.0.2.1", 51000), try address("198.51.100.2", 465), extensions)
        let expected = hex(
            """
            0d0a0d0a000d0a515549540a 21 11 0032 c0000201 c6336402 c738 01d1
            01 0004 696d6170  02 0010 6d61696c2e6578616d706c652e6f7267  05 0002 6964  03 0004 1d111a1c
            """)
        #expect(bytes == expected)
        #expect(everyPrefix(of: bytes, ProxyHeader.parse) != .needMore)
    }

    @Test func `the longest header has the announced length`() throws {
        let long = InlineBytes(repeatElement(0x61, count: 255))
        let id = InlineBytes(repeatElement(0x62, count: 128))
        let client = try address("2001:db8::1", 1)
        let bytes = v2(client, client, ProxyExtensions(authority: long, alpn: long, uniqueID: id, crc32c: true))
        #expect(bytes.count == ProxyHeader.maximumWrittenLength)
        guard case .found(let header) = ProxyHeader.parse(bytes.span) else {
            Issue.record("\(ProxyHeader.parse(bytes.span))")
            return
        }
        #expect(header.length == bytes.count)
    }

    @Test func `an identifier that receivers would refuse is left out`() throws {
        let client = try address("192.0.2.1", 1)
        #expect(v2(client, client, ProxyExtensions(uniqueID: InlineBytes(repeatElement(0x62, count: 129)))).count == 28)
    }

    @Test(arguments: seeds)
    func `what is written is read back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var client = IPAddress.random(using: &generator).unmapped
            while !client.isUnicast { client = IPAddress.random(using: &generator).unmapped }
            let from = InternetAddress(client, port: .random(in: 0 ... .max, using: &generator))
            let to = InternetAddress(
                IPAddress.random(using: &generator).unmapped, port: .random(in: 0 ... .max, using: &generator))
            let extensions = ProxyExtensions(
                authority: Bool.random(using: &generator) ? InlineBytes("mail.example.org") : nil,
                uniqueID: Bool.random(using: &generator) ? InlineBytes("0123456789") : nil,
                crc32c: Bool.random(using: &generator))
            let line = Array(v1(from, to).utf8)
            let binary = v2(from, to, extensions)
            let peers = ProxyHeader.Peers.proxied(client: from, destination: to)
            let first = ProxyHeader(version: .v1, peers: peers, length: line.count)
            let second = ProxyHeader(version: .v2, peers: peers, length: binary.count)
            guard ProxyHeader.parse(line.span) == .found(first), ProxyHeader.parse(binary.span) == .found(second) else {
                Issue.record("\(from) to \(to), seed \(seed)")
                return
            }
        }
    }
}
