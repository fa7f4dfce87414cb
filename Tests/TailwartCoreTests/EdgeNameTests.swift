import TailwartCore
import TailwartWire
import Testing

@Suite struct EdgeNameTests {
    @Test(
        arguments: [
            (["mx.example.org"], "vm.example.net", "vm.tail1234.ts.net", "mx.example.org"),
            ([], "vm.example.net", "vm.tail1234.ts.net", "vm.example.net"),
            ([], "VM.Example.net.", nil, "vm.example.net"),
            // A single label is never said, whoever gives it.
            (["mx"], "vm", "vm.tail1234.ts.net", "vm.tail1234.ts.net"), ([], "vm", nil, "[1.1.1.5]"),
            ([], "localhost", "", "[1.1.1.5]"), (["mx", "mx.example.org"], nil, nil, "mx.example.org"),
            // Nor is what is no name.
            ([], "192.0.2.1", nil, "[1.1.1.5]"), ([], "*.example.org", nil, "[1.1.1.5]"),
            ([], "a..b", nil, "[1.1.1.5]"),
            ([], nil, nil, "[1.1.1.5]"),
        ] as [([String], String?, String?, String)])
    func `the file, the host, the tailnet, the address`(
        file: [String], host: String?, tailnet: String?, name: String
    ) {
        let addresses = [IPAddress.v4(0xac11_0001), .v4(0x0101_0105)]
        #expect(EdgeName(file: file, host: host, tailnet: tailnet, addresses: addresses).description == name)
    }

    @Test func `a refusal's host comes before the mailbox's own name, and that before the host's`() {
        var mail = Listener(
            name: "smtp", bind: [.any(port: 25)], proto: .smtp, routes: [Route(to: .upstream("m", port: nil))],
            timeouts: Timeouts(for: .smtp))
        let mailbox = Upstream(name: "m", hostname: "mail.example.org", endpoints: [Endpoint(.address(.loopbackV4))])
        let name = {
            EdgeName(Configuration(upstreams: [mailbox], listeners: [mail]), host: "a.example.net", addresses: [])
        }
        #expect(name().description == "mail.example.org")
        mail.refusal.host = "mx.example.org"
        #expect(name().description == "mx.example.org")
    }

    @Test(
        arguments: [
            ([.loopbackV6, .loopbackV4, .v4(0xac11_0001), .v4(0x6440_0002), .v4(0x0101_0105)], "[1.1.1.5]"),
            ([.loopbackV4, .v4(0xac11_0001), .v4(0x6440_0002)], "[100.64.0.2]"),
            ([.loopbackV4, .v4(0xac11_0001)], "[172.17.0.1]"),
            // An IPv6 literal has no dot.
            ([.loopbackV6, .v6(0x2a00_0000_0000_0000, 5)], "[127.0.0.1]"), ([], "[127.0.0.1]"),
        ] as [([IPAddress], String)])
    func `of the addresses the one that most can reach`(addresses: [IPAddress], name: String) {
        #expect(EdgeName(host: "vm", addresses: addresses).description == name)
    }
}
