import TailwartWire
import Testing

struct SOCKS5Tests {
    @Test func `the greeting offers one method, none`() {
        #expect(written(SOCKS5.writeGreeting) == [5, 1, 0])
    }

    @Test func `a request asks for an address or a name`() throws {
        let v4 = SOCKS5.Destination.address(try address("192.0.2.1", 25))
        #expect(written { SOCKS5.writeConnect(to: v4, into: &$0) } == hex("05 01 00 01 c0000201 0019"))
        let v6 = SOCKS5.Destination.address(try address("2001:db8::1", 993))
        #expect(
            written { SOCKS5.writeConnect(to: v6, into: &$0) }
                == hex("05 01 00 04 20010db8000000000000000000000001 03e1"))
        let name = SOCKS5.Destination.name(InlineBytes("home"), port: 465)
        #expect(written { SOCKS5.writeConnect(to: name, into: &$0) } == hex("05 01 00 03 04 686f6d65 01d1"))
        let longest = SOCKS5.Destination.name(InlineBytes(String(repeating: "n", count: 255)), port: 1)
        let bytes = written(capacity: SOCKS5.maximumRequestLength) { SOCKS5.writeConnect(to: longest, into: &$0) }
        #expect(bytes.count == SOCKS5.maximumRequestLength)
    }

    @Test func `the answer to the greeting accepts, or says what is wrong`() {
        #expect(everyPrefix(of: [5, 0], SOCKS5.parseMethod) == .found(2))
        for method in UInt8(1)...255 {
            #expect(SOCKS5.parseMethod([5, method].span) == .invalid(.authenticationRequired))
        }
        for version in UInt8.min...UInt8.max where version != 5 {
            #expect(SOCKS5.parseMethod([version].span) == .invalid(.notSOCKS5))
            #expect(SOCKS5.parseReply([version].span) == .invalid(.notSOCKS5))
        }
    }

    @Test(arguments: [
        ("05 00 00 01 00000000 0000", 10), ("05 00 00 04 00000000000000000000000000000001 ffff", 22),
        ("05 00 00 03 00 0000", 7), ("05 00 00 03 03 616263 0000", 10),
    ])
    func `a reply is read to its end and no further`(text: String, length: Int) {
        #expect(everyPrefix(of: hex(text), SOCKS5.parseReply) == .found(length))
    }

    @Test func `a reply with the longest name is read`() {
        let bytes: [UInt8] = [5, 0, 0, 3, 255] + [UInt8](repeating: 1, count: 257)
        #expect(everyPrefix(of: bytes, SOCKS5.parseReply) == .found(262))
    }

    @Test func `each reply code is a refusal of its own`() {
        var sentences: Set<String> = []
        for code in UInt8(1)...255 {
            #expect(SOCKS5.parseReply([5, code].span) == .invalid(.refused(code: code)))
            sentences.insert(SOCKS5Error.refused(code: code).description)
        }
        #expect(sentences.count == 255)
    }

    @Test func `reserved bytes and address types are checked`() {
        for value in UInt8(1)...255 { #expect(SOCKS5.parseReply([5, 0, value].span) == .invalid(.badReply)) }
        for type in UInt8.min...UInt8.max where ![1, 3, 4].contains(type) {
            #expect(SOCKS5.parseReply([5, 0, 0, type].span) == .invalid(.badReply))
        }
    }
}
