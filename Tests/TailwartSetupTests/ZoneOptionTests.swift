import TailwartCore
import TailwartSetup
import TailwartWire
import Testing

struct ZoneOptionTests {
    private static func reason(_ body: () throws -> some Sendable) -> String {
        do {
            return "taken: \(try body())"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("bad host", "such as mail.example.org"), ("", "such as mail.example.org"), ("*.example.org", "wildcard"),
        ("mail", "such as mail.example.org"), ("9.9.9.9", "an address is not a name"), ("müller.example", "xn--"),
        ("MX.example.org.", "taken: mx.example.org"),
    ])
    func `a name is whole`(text: String, words: String) {
        let reason = Self.reason { try ZoneOption.name(text) }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test(arguments: [
        ("999.1.1.1", "no IP address"), ("mail.example.org", "no IP address"), ("2001:db8::1", "use --ipv6"),
        ("::ffff:9.9.9.9", "write 9.9.9.9"), ("203.0.113.0/24", "a network"), ("9.9.9.9", "taken: 9.9.9.9"),
    ])
    func `an IPv4 address is told from others`(text: String, words: String) {
        let reason = Self.reason { try ZoneOption.addressV4(text) }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test(arguments: [
        ("1.2.3.4", "use --ipv4"), ("2001:db8::/32", "a network"), ("x", "no IP address"),
        ("2620:fe::fe", "taken: 2620:fe::fe"),
    ])
    func `an IPv6 address is told from others`(text: String, words: String) {
        let reason = Self.reason { try ZoneOption.addressV6(text) }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test(arguments: [
        ("foo", "no IP address"), ("0.0.0.0", "no single host"), ("ff02::1", "no single host"),
        ("203.0.113.0/24", "a network"), ("::ffff:100.64.0.5", "taken: 100.64.0.5"),
    ])
    func `an edge dials from one address`(text: String, words: String) {
        let reason = Self.reason { try ZoneOption.edgeAddress(text) }
        #expect(reason.contains(words), "\(reason)")
    }

    @Test func `a report address and a policy id say what would be taken`() {
        #expect(Self.reason { try ZoneOption.reports("not mail") }.contains("such as tls-reports@example.org"))
        #expect(Self.reason { try ZoneOption.reports("a@example.org").url } == "taken: mailto:a@example.org")
        #expect(Self.reason { try ZoneOption.policyID("a b") }.contains("1 to 32 letters and digits"))
        #expect(Self.reason { try ZoneOption.policyID("7").text } == "taken: 7")
    }
}
