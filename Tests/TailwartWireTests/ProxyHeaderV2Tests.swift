import TailwartWire
import Testing

struct ProxyHeaderV2Tests {
    static let signature = hex("0d0a0d0a 000d0a51 5549540a")
    static let v4 = hex("c0000201 c6336402 c738 0019")
    static let v6 = hex(
        "20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002 c738 03e1")

    /// A header with its length filled in.
    static func header(_ versionAndCommand: UInt8 = 0x21, _ family: UInt8 = 0x11, _ rest: [UInt8]) -> [UInt8] {
        signature + [versionAndCommand, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xff)] + rest
    }

    static func tlv(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(value.count >> 8), UInt8(value.count & 0xff)] + value
    }

    private func parse(_ bytes: [UInt8]) -> ParseOutcome<ProxyHeader, ProxyHeaderError> {
        ProxyHeader.parse(bytes.span)
    }

    private func proxied(_ client: String, _ destination: String, port: UInt16, length: Int) throws -> ProxyHeader {
        let peers = ProxyHeader.Peers.proxied(
            client: try address(client, 51000), destination: try address(destination, port))
        return ProxyHeader(version: .v2, peers: peers, length: length)
    }

    @Test func `addresses of both families are read`() throws {
        let first = try proxied("192.0.2.1", "198.51.100.2", port: 25, length: 28)
        #expect(everyPrefix(of: Self.header(0x21, 0x11, Self.v4), ProxyHeader.parse) == .found(first))
        let second = try proxied("2001:db8::1", "2001:db8::2", port: 993, length: 52)
        #expect(everyPrefix(of: Self.header(0x21, 0x21, Self.v6), ProxyHeader.parse) == .found(second))
    }

    @Test func `mapped addresses are unmapped`() throws {
        let mapped = hex("00000000000000000000ffff c0000201 00000000000000000000ffff c6336402 c738 0019")
        let expected = try proxied("192.0.2.1", "198.51.100.2", port: 25, length: 52)
        #expect(parse(Self.header(0x21, 0x21, mapped)) == .found(expected))
    }

    @Test func `of all versions and commands only two are known`() {
        for byte in UInt8.min...UInt8.max {
            let outcome = parse(Self.signature + [byte])
            switch byte {
            case 0x20, 0x21: #expect(outcome == .needMore)
            case 0x22...0x2f: #expect(outcome == .invalid(.unknownCommand))
            default: #expect(outcome == .invalid(.badVersion))
            }
        }
    }

    @Test func `of all families and transports the known ones are accepted, for PROXY only as a stream`() {
        let rest = Self.v6 + [UInt8](repeating: 0, count: 180)
        for byte in UInt8.min...UInt8.max {
            let local = Self.signature + [0x20, byte, 0, 0]
            let proxy = Self.header(0x21, byte, rest)
            switch (byte >> 4, byte & 0xf) {
            case (4..., _):
                #expect(parse(local) == .invalid(.unknownFamily))
                #expect(parse(proxy) == .invalid(.unknownFamily))
            case (_, 3...):
                #expect(parse(local) == .invalid(.unsupportedTransport))
                #expect(parse(proxy) == .invalid(.unsupportedTransport))
            case (let family, let transport):
                #expect(parse(local) == .found(ProxyHeader(version: .v2, peers: .local, length: 16)))
                let isRefused = parse(Array(proxy[..<14])) == .invalid(.unsupportedTransport)
                #expect(isRefused == (transport == 2 || (family != 0 && transport == 0)), "\(byte)")
            }
        }
    }

    @Test func `LOCAL is skipped by its length, whatever it holds`() {
        for family: UInt8 in [0x00, 0x11, 0x12, 0x21, 0x31] {
            for rest in [[], [1], Self.v4, [UInt8](repeating: 0xff, count: 300), Self.tlv(3, [1, 2, 3, 4])] {
                let bytes = Self.header(0x20, family, rest)
                let expected = ProxyHeader(version: .v2, peers: .local, length: bytes.count)
                #expect(everyPrefix(of: bytes, ProxyHeader.parse) == .found(expected))
            }
        }
    }

    @Test func `PROXY without internet addresses keeps the real endpoints`() {
        for bytes in [
            Self.header(0x21, 0x00, []), Self.header(0x21, 0x01, []), Self.header(0x21, 0x00, Self.tlv(4, [0, 0])),
            Self.header(0x21, 0x31, [UInt8](repeating: 0x2f, count: 216)),
        ] {
            let expected = ProxyHeader(version: .v2, peers: .local, length: bytes.count)
            #expect(everyPrefix(of: bytes, ProxyHeader.parse) == .found(expected))
        }
    }

    @Test func `a header shorter than its addresses is refused by its length`() {
        for (family, needed) in [(0x11, 12), (0x21, 36), (0x31, 216)] as [(UInt8, Int)] {
            for length in 0..<needed {
                let bytes = Self.header(0x21, family, [UInt8](repeating: 1, count: length))
                #expect(firstInvalid(in: bytes, ProxyHeader.parse) == 16)
                #expect(parse(bytes) == .invalid(.badLength))
            }
        }
    }

    @Test func `a header is at most 4096 bytes long`() {
        let room = ProxyHeader.maximumV2Length - 16
        let fits = Self.header(0x20, 0, [UInt8](repeating: 0, count: room))
        #expect(parse(fits) == .found(ProxyHeader(version: .v2, peers: .local, length: 4096)))
        #expect(parse(Self.signature + [0x20, 0, 0x0f, 0xf1]) == .invalid(.headerTooLong))
        #expect(parse(Self.signature + [0x21, 0x11, 0x10]) == .invalid(.headerTooLong))
        #expect(parse(Self.signature + [0x21, 0x11, 0xff, 0xff]) == .invalid(.headerTooLong))
    }

    @Test func `a client that no host can be is refused`() {
        for client in ["00000000", "e0000001", "ffffffff"] {
            let bytes = Self.header(0x21, 0x11, hex(client) + hex("c6336402 c738 0019"))
            #expect(firstInvalid(in: bytes, ProxyHeader.parse) == 28)
            #expect(parse(bytes) == .invalid(.clientNotUnicast))
        }
        let multicast = Self.header(0x21, 0x21, hex("ff020000") + Self.v6[4...])
        #expect(parse(multicast) == .invalid(.clientNotUnicast))
    }

    @Test func `each changed byte of the signature is no header`() {
        let bytes = Self.header(0x21, 0x11, Self.v4)
        for index in 0..<12 {
            for byte in UInt8.min...UInt8.max where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                // A leading P could begin the other version, and then the second byte decides.
                let decided = index == 0 && byte == UInt8(ascii: "P") ? 2 : index + 1
                guard parse(Array(changed[..<decided])) == .invalid(.notProxy) else {
                    Issue.record("byte \(index) as \(byte)")
                    return
                }
            }
        }
    }

    @Test func `any type of extension passes`() {
        for type in UInt8.min...UInt8.max where type != 0x03 {
            let bytes = Self.header(0x21, 0x11, Self.v4 + Self.tlv(type, [1, 2]) + Self.tlv(type, []))
            guard case .found(let header) = everyPrefix(of: bytes, ProxyHeader.parse) else {
                Issue.record("type \(type)")
                continue
            }
            #expect(header.length == bytes.count)
        }
    }

    @Test(
        arguments: [
            [4], [4, 0], [4, 0, 1], [4, 0, 2, 1], [4, 0xff, 0xff, 1], [4, 0, 0, 4], [4, 0, 1, 1, 4, 0],
            tlv(5, [UInt8](repeating: 1, count: 129)), tlv(2, [UInt8](repeating: 0x61, count: 256)),
            tlv(3, [1, 2, 3]), tlv(3, [1, 2, 3, 4, 5]), tlv(3, []), tlv(3, [0, 0, 0, 0]) + tlv(3, [0, 0, 0, 0]),
        ] as [[UInt8]])
    func `an extension that is malformed or reaches beyond the header is refused`(rest: [UInt8]) {
        let bytes = Self.header(0x21, 0x11, Self.v4 + rest)
        #expect(parse(bytes) == .invalid(.badTLV))
        // What follows the header cannot repair it.
        #expect(parse(bytes + [UInt8](repeating: 0, count: 300)) == .invalid(.badTLV))
        _ = firstInvalid(in: bytes, ProxyHeader.parse)
    }

    @Test func `the longest identifier and authority pass`() {
        let rest = Self.tlv(5, [UInt8](repeating: 1, count: 128)) + Self.tlv(2, [UInt8](repeating: 0x61, count: 255))
        let bytes = Self.header(0x21, 0x11, Self.v4 + rest)
        guard case .found = parse(bytes) else {
            Issue.record("\(parse(bytes))")
            return
        }
    }

    @Test func `a checksum is verified wherever it stands`() {
        for (before, after) in [
            ([], []), (Self.tlv(4, [0]), []), ([], Self.tlv(4, [0, 0])), (Self.tlv(1, [1]), Self.tlv(2, [2])),
        ] {
            var bytes = Self.header(0x21, 0x21, Self.v6 + before + Self.tlv(3, [0, 0, 0, 0]) + after)
            let place = 52 + before.count + 3
            let sum = CRC32C.checksum(of: bytes.span)
            for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index)) }
            guard case .found(let header) = everyPrefix(of: bytes, ProxyHeader.parse) else {
                Issue.record("\(parse(bytes))")
                continue
            }
            #expect(header.length == bytes.count)
            // With another type it is no checksum any more, and a header needs none.
            for index in 16..<bytes.count where index != place - 3 {
                var changed = bytes
                changed[index] ^= 0x04
                if case .found = parse(changed) { Issue.record("byte \(index) is not covered") }
            }
            var wrong = bytes
            wrong[place] ^= 1
            #expect(parse(wrong) == .invalid(.badChecksum))
        }
    }
}
