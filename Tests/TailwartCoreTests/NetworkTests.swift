import TailwartCore
import TailwartWire
import Testing

@Suite struct NetworkTests {
    @Test(arguments: [
        ("203.0.113.0/24", "203.0.113.255", true), ("203.0.113.0/24", "203.0.112.255", false),
        ("203.0.113.7", "203.0.113.7", true), ("203.0.113.7", "203.0.113.8", false),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff", true), ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
        ("::1", "::1", true), ("203.0.113.0/24", "::ffff:203.0.113.9", true), ("100.64.0.0/10", "100.127.0.1", true),
    ])
    func `an address is inside or it is not`(network: String, address: String, isInside: Bool) throws {
        let network = try #require(Network(network))
        let address = try #require(IPAddress(address))
        #expect(network.contains(address) == isInside)
    }

    @Test(arguments: [
        "203.0.113.1/24", "203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/", "203.0.113.0/024", "2001:db8::1/32",
        "::/129",
        "203.0.113/24", "example.org", "",
    ])
    func `what is no network is refused`(text: String) {
        #expect(Network(text) == nil)
    }

    @Test(arguments: ["203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "::1", "0.0.0.0/0"])
    func `a network is written as it was read`(text: String) throws {
        #expect(try #require(Network(text)).description == text)
    }
}
