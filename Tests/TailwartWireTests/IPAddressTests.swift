import TailwartWire
import Testing

struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", 0), ("127.0.0.1", 0x7f00_0001), ("192.0.2.1", 0xc000_0201), ("255.255.255.255", UInt32.max),
        ("100.64.0.1", 0x6440_0001), ("1.20.199.9", 0x0114_c709),
    ])
    func `four decimals are an address and come out as they went in`(text: String, bits: UInt32) {
        #expect(IPAddress(text) == .v4(bits))
        #expect(IPAddress.v4(bits).description == text)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "256.0.0.1", "1.2.3.256",
        "01.2.3.4",
        "1.2.3.00", "1.2.3.04", "+1.2.3.4", "-1.2.3.4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.4/8", "0x7f.0.0.1",
        "1.2.3.a",
        "127.1", "2130706433", "1.2.3.4\0", "1.2.3.٤", "1.2.3.4:25", "99999999999.1.1.1",
    ])
    func `what is not exactly four decimals is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    /// RFC 4291 section 2.2 in, RFC 5952 section 4 out.
    @Test(arguments: [
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:db8::1", "2001:db8::1"),
        ("2001:0DB8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("fe80::A:b", "fe80::a:b"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::ffff:c000:201", "::ffff:192.0.2.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("::1.2.3.4", "::102:304"), ("1:2:3:4:5::1.2.3.4", "1:2:3:4:5:0:102:304"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func `hexadecimal groups are an address and come out canonical`(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        ":", ":::", "1", "1:", ":1", "1:2", "::1::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7::8", "::1:2:3:4:5:6:7:8", "12345::", "::g", "::1%eth0", "[::1]", " ::1", "::1 ", "::1.2.3",
        "::1.2.3.4.5",
        "::01.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "::/0", "::\0",
        "1:::2",
        "00000::", "fe80:", "::-1", "::ffff:256.0.0.1",
    ])
    func `what is not exactly eight groups is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: seeds)
    func `text and address are each other's inverse`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            let address = IPAddress.random(using: &generator)
            guard IPAddress(address.description) == address else {
                Issue.record("\(address), seed \(seed)")
                return
            }
        }
    }

    @Test(arguments: [
        ("192.0.2.1", true), ("127.0.0.1", true), ("223.255.255.255", true), ("0.0.0.0", false), ("224.0.0.1", false),
        ("239.255.255.255", false), ("240.0.0.1", true), ("255.255.255.255", false), ("::1", true),
        ("2001:db8::1", true),
        ("::", false), ("ff02::1", false), ("::ffff:224.0.0.1", false), ("::ffff:0.0.0.0", false), ("fe80::1", true),
    ])
    func `unicast is what one host can have`(text: String, isUnicast: Bool) {
        #expect(IPAddress(text)?.isUnicast == isUnicast)
    }

    @Test func `a mapped address is unmapped and back`() throws {
        let plain = try #require(IPAddress("192.0.2.1"))
        let mapped = try #require(IPAddress("::ffff:192.0.2.1"))
        #expect(mapped.unmapped == plain)
        #expect(plain.mapped == mapped)
        #expect(mapped.bits == plain.bits)
        #expect(mapped != plain)
        let other = try #require(IPAddress("::fffe:c000:201"))
        #expect(other.unmapped == other)
        #expect(IPAddress.loopbackV6.mapped == .loopbackV6)
    }

    @Test func `loopback and unspecified are told apart`() {
        #expect(IPAddress("127.255.0.1")?.isLoopback == true)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("128.0.0.1")?.isLoopback == false)
        #expect(IPAddress("::")?.isUnspecified == true)
        #expect(IPAddress("0.0.0.0")?.isUnspecified == true)
        #expect(IPAddress("::1")?.isUnspecified == false)
    }

    @Test func `an IPv6 address with a port is in brackets`() throws {
        #expect(try address("192.0.2.1", 25).description == "192.0.2.1:25")
        #expect(try address("2001:db8::1", 465).description == "[2001:db8::1]:465")
        #expect(try address("::ffff:192.0.2.1", 25).unmapped == address("192.0.2.1", 25))
    }
}
