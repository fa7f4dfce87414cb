import TailwartWire
import Testing

@Suite struct AddressReachTests {
    @Test(arguments: [
        ("198.51.100.1", IPAddress.Reach.everywhere), ("100.63.255.255", .everywhere), ("100.64.0.0", .tailnet),
        ("100.127.255.255", .tailnet), ("100.128.0.0", .everywhere), ("0.1.2.3", .nobody), ("127.255.0.1", .thisHost),
        ("10.1.2.3", .privateNetwork), ("172.15.255.255", .everywhere), ("172.16.0.0", .privateNetwork),
        ("172.31.255.255", .privateNetwork), ("172.32.0.0", .everywhere), ("192.168.1.1", .privateNetwork),
        ("192.169.0.0", .everywhere), ("169.254.1.1", .link), ("169.253.1.1", .everywhere), ("224.0.0.1", .multicast),
        ("239.255.255.255", .multicast), ("240.0.0.1", .reserved), ("255.255.255.255", .reserved), ("::", .nobody),
        ("::1", .thisHost), ("::2", .everywhere), ("2001:db8::1", .everywhere), ("fd7a:115c:a1e0::1", .tailnet),
        ("fd7a:115c:a1e1::1", .privateNetwork), ("fc00::1", .privateNetwork), ("fdff::1", .privateNetwork),
        ("fe80::1", .link), ("febf::1", .link), ("fec0::1", .everywhere), ("ff02::1", .multicast),
        ("::ffff:10.0.0.1", .privateNetwork), ("::ffff:198.51.100.1", .everywhere),
    ])
    func `who can reach an address`(text: String, reach: IPAddress.Reach) throws {
        #expect(try #require(IPAddress(text)).reach == reach)
    }

    @Test(arguments: [
        ("192.0.2.255", true), ("192.0.3.0", false), ("198.51.100.0", true), ("203.0.113.9", true),
        ("2001:db8::1", true), ("2001:db9::1", false), ("3fff::1", true), ("3fff:fff::1", true),
        ("3fff:1000::1", false),
    ])
    func `addresses of examples are known`(text: String, isExample: Bool) throws {
        #expect(try #require(IPAddress(text)).isExample == isExample)
    }
}
