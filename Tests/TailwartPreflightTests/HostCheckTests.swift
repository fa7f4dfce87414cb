import TailwartConfig
import TailwartCore
import TailwartWire
import Testing

@testable import TailwartPreflight
@testable import TailwartSystem

/// Ports, addresses and limits of the host.
@Suite struct HostCheckTests {
    private static func listener(_ name: String, _ binds: [String], isBehindProxy: Bool = false)
        -> Listener
    {
        let bind = binds.map { text -> BindAddress in
            let parts = text.split(separator: "|")
            let port = UInt16(parts.last ?? "") ?? 0
            return parts.count == 1
                ? .any(port: port) : .internet(InternetAddress(IPAddress(parts[0]) ?? .anyV4, port: port))
        }
        return Listener(
            name: name, bind: bind, proto: .smtp, routes: [Route(to: .close)],
            proxyProtocolIn: isBehindProxy ? ProxyProtocolIn(trusted: []) : nil)
    }

    private static func addresses(_ texts: [String]) -> [IPAddress] { texts.compactMap { IPAddress($0) } }

    @Test func `a port that is free passes`() {
        let finding = PortCheck.finding("smtp", .any(port: 25), nil)
        #expect(finding == Finding(.port, ":25 (smtp)", .pass, "Free, and this user may listen there."))
    }

    @Test(arguments: [("tailwart", Finding.Result.pass), ("master", .fail), ("tailwart-other", .fail)])
    func `a port that an edge has is no fault`(command: String, expected: Finding.Result) {
        let problem = ListenError(
            listener: "smtp", bind: .any(port: 25), cause: "port 25 is taken by somebody", fix: "Stop that service.",
            holder: PortHolder(pid: 7, command: command))
        let finding = PortCheck.finding("smtp", .any(port: 25), problem)
        #expect(finding.result == expected)
        #expect((finding.fix == "Stop that service.") == (expected == .fail))
    }

    @Test(arguments: [
        (["9.9.9.9", "2620:fe::fe", "127.0.0.1"], Finding.Result.pass, "This host is 9.9.9.9, 2620:fe::fe."),
        (["192.0.2.2", "198.51.100.1", "2001:db8::1"], .warn, "no public address"),
        (["2620:fe::fe", "192.168.1.2"], .warn, "no public IPv4 address"),
        (
            ["192.168.1.2", "10.1.1.1", "100.64.0.2", "fe80::1", "fd7a:115c:a1e0::2", "127.0.0.1", "::1"], .warn,
            "behind NAT"
        ),
        ([], .warn, "no public address"),
    ])
    func `the host's addresses are public or not`(own: [String], result: Finding.Result, words: String) {
        let findings = AddressCheck.findings([Self.listener("smtp", ["25"])], own: Self.addresses(own))
        #expect(findings.map(\.subject) == ["public"])
        #expect(findings.map(\.result) == [result])
        #expect(findings[0].detail.contains(words))
    }

    @Test(
        arguments: [
            (["0.0.0.0|25"], .pass, "This host is 9.9.9.9. Nothing listens on 2620:fe::fe, so no record"),
            (["9.9.9.9|25"], .pass, "This host is 9.9.9.9. Nothing listens on 2620:fe::fe, so no record"),
            (["::|25"], .warn, "This host is 2620:fe::fe. Nothing listens on its IPv4 address 9.9.9.9."),
            (["0.0.0.0|25", "::|25"], .pass, "This host is 9.9.9.9, 2620:fe::fe."),
            (["25"], .pass, "This host is 9.9.9.9, 2620:fe::fe."),
        ] as [([String], Finding.Result, String)])
    func `an address without a listener is not counted as one`(binds: [String], result: Finding.Result, words: String)
        throws
    {
        let findings = AddressCheck.findings(
            [Self.listener("smtp", binds)], own: Self.addresses(["9.9.9.9", "2620:fe::fe"]))
        let finding = try #require(findings.first { $0.subject == "public" })
        #expect(finding.result == result && finding.detail.hasPrefix(words), "\(finding)")
    }

    @Test(
        arguments: [
            // Of this host, and nothing listens there.
            (
                ["9.9.9.9|25", "9.9.9.9|465"], ["9.9.9.9", "2620:fe::fe"],
                "The DNS has the record mx.example.org AAAA 2620:fe::fe, and nothing listens there on 25, 465: "
            ),
            (
                ["0.0.0.0|25", "465"], ["9.9.9.9", "2620:fe::fe"],
                "The DNS has the record mx.example.org AAAA 2620:fe::fe, and nothing listens there on 25: "
            ),
            // Behind an address that the provider maps, IPv6 is this host's all the same.
            (
                ["0.0.0.0|25"], ["1.1.1.1", "2620:fe::fe"],
                "The DNS has the record mx.example.org AAAA 2620:fe::fe, and nothing"
            ),
            // Everybody comes here over IPv4, and elsewhere over IPv6.
            (
                ["25"], ["9.9.9.9", "2606:4700::1"],
                "The DNS has the record mx.example.org AAAA 2606:4700::1, which is not an address of this host: "
            ),
            // Another edge has part of the traffic, or this host is not where the name leads.
            (["25"], ["9.9.9.9", "1.1.1.1", "2606:4700::1"], nil), (["25"], ["1.1.1.1", "2606:4700::1"], nil),
            (["25"], ["2606:4700::1"], nil),
            // All is well.
            (["25"], ["9.9.9.9", "2620:fe::fe"], nil), (["9.9.9.9|25"], ["9.9.9.9"], nil), (["9.9.9.9|25"], [], nil),
            (["9.9.9.9|25"], ["127.0.1.1", "::1"], nil),
        ] as [([String], [String], String?)])
    func `an IPv6 address in the DNS is listened on, or a warning`(
        binds: [String], published: [String], words: String?
    ) {
        let findings = RecordCheck.findings(
            ["mx.example.org": Self.addresses(published)], [Self.listener("smtp", binds)],
            own: Self.addresses(["9.9.9.9", "2620:fe::fe", "127.0.0.1", "::1"]))
        #expect(findings.count == (words == nil ? 0 : 1), "\(findings)")
        #expect(findings.allSatisfy { $0.result == .warn && $0.subject == "mx.example.org" && $0.fix != nil })
        if let words { #expect(findings.first?.detail.hasPrefix(words) == true, "\(findings)") }
    }

    @Test func `the names that clients look for are asked for, each once`() throws {
        let text = """
            mailbox: {address: stalwart, hostname: mail.example.org, domains: [example.org]}
            """
        let loaded = Configuration.load(text: text, file: "test.yaml", environment: [:])
        let configuration = try #require(loaded.configuration, "\(loaded.problems)")
        #expect(configuration.ownNames.first == "mail.example.org")
        #expect(configuration.ownNames.contains("mta-sts.example.org"))
        #expect(Set(configuration.ownNames).count == configuration.ownNames.count)
    }

    @Test(arguments: [
        ("9.9.9.9|25", false, Finding.Result.pass, "This host has that address."),
        ("192.0.2.2|25", false, .warn, "reserved for examples"),
        ("198.51.100.2|25", false, .fail, "does not have that address"),
        ("127.0.0.1|25", false, .warn, "loopback"), ("127.0.0.1|25", true, .pass, "has that address"),
        ("127.0.0.9|25", true, .pass, "has that address"), ("192.168.1.2|25", false, .warn, "private network"),
        ("100.64.0.2|25", false, .warn, "of the tailnet"),
    ])
    func `an address of a listener is looked at`(
        bind: String, isBehindProxy: Bool, result: Finding.Result, words: String
    ) throws {
        let own = Self.addresses(["9.9.9.9", "192.0.2.2", "192.168.1.2", "100.64.0.2", "127.0.0.1"])
        let findings = AddressCheck.findings([Self.listener("smtp", [bind], isBehindProxy: isBehindProxy)], own: own)
        let finding = try #require(findings.first)
        #expect(finding.result == result && finding.detail.contains(words), "\(finding)")
    }

    @Test func `ports that only this host or the tailnet can reach are not the firewall's matter`() {
        let listeners = [
            Self.listener("a", ["25"]), Self.listener("b", ["127.0.0.1|143", "100.64.0.2|143"]),
            Self.listener("c", ["198.51.100.1|465"]), Self.listener("d", ["0.0.0.0|587"]),
        ]
        let ports = AddressCheck.publicPorts(listeners)
        #expect(ports.map(\.number) == [25, 465, 587])
        #expect(ports.map(\.families) == [[.v4, .v6], [.v4], [.v4]])
    }

    @Test(
        arguments: [(200, 100, .pass), (99, 100, .warn), (100, 100, .pass), (nil, 100, .unknown)]
            as [(UInt64?, UInt64, Finding.Result)])
    func `open files are enough or not`(highest: UInt64?, needed: UInt64, expected: Finding.Result) {
        #expect(HostCheck.descriptors(highest: highest, needed: needed, connections: 5).result == expected)
    }

    @Test(arguments: [(true, .pass), (false, .warn), (nil, .unknown)] as [(Bool?, Finding.Result)])
    func `the clock is kept right or not`(isSynchronized: Bool?, expected: Finding.Result) {
        #expect(HostCheck.clock(isSynchronized: isSynchronized).result == expected)
    }

    @Test(
        arguments: [
            (nil, .unknown), (LocalPorts(count: 28_232, areReused: false), .pass),
            (LocalPorts(count: 8000, areReused: true), .pass),
            (LocalPorts(count: 7999, areReused: true), .warn),
        ] as [(LocalPorts?, Finding.Result)])
    func `a port to connect from is there for each connection or not`(ports: LocalPorts?, expected: Finding.Result) {
        #expect(HostCheck.localPorts(ports, connections: 8000).result == expected)
    }
}
