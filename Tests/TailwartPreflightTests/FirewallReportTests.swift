import Testing

@testable import TailwartPreflight

@Suite struct FirewallReportTests {
    private static func port(_ number: UInt16) -> PublicPort {
        PublicPort(number: number, families: [.v4, .v6])
    }

    private static func findings(
        _ reading: FirewallReading, _ ports: [UInt16], hasPublicV6: Bool = true
    ) -> [Finding] {
        FirewallReport.findings(
            reading, ports: ports.map(port), interfaces: ["eth0"], hasPublicV6: hasPublicV6)
    }

    @Test func `ports with the same answer share a line`() throws {
        let ruleset = try #require(try Fixture.server.ruleset)
        let findings = Self.findings(.ruleset(ruleset), [25, 110, 143, 465, 993, 995, 4190])
        #expect(findings.map(\.subject) == ["25, 465", "110, 995", "143", "993, 4190"])
        #expect(findings.map(\.result) == [.pass, .fail, .fail, .unknown])
        #expect(findings[3].fix?.contains("sudo nft list chain inet filter input") == true)
        #expect(
            findings[1].fix
                == "sudo nft insert rule inet filter input tcp dport '{ 110, 995 }' accept; write the same into "
                + "/etc/nftables.conf, so that it lasts.")
    }

    @Test(arguments: [
        (Fixture.ufw, "sudo ufw allow proto tcp to any port 996"),
        (.firewalld, "sudo firewall-cmd --permanent --add-port=996/tcp && sudo firewall-cmd --reload"),
    ])
    func `the fix is the one of who writes the rules`(fixture: Fixture, fix: String) throws {
        let ruleset = try #require(try fixture.ruleset)
        #expect(Self.findings(.ruleset(ruleset), [996]).map(\.fix) == [fix])
    }

    @Test(arguments: [(true, Finding.Result.warn), (false, .pass)])
    func `IPv6 alone that is closed is a warning, and nothing to a host without`(hasV6: Bool, expected: Finding.Result)
        throws
    {
        let ruleset = FirewallRuleset.iptables("*filter\n:INPUT DROP [0:0]\nCOMMIT\n", family: "ip6")
        let findings = Self.findings(.ruleset(ruleset), [25], hasPublicV6: hasV6)
        #expect(findings.map(\.result) == [expected])
        #expect(
            findings[0].fix
                == (hasV6
                    ? "sudo ip6tables -I INPUT -p tcp -m multiport --dports 25 -j ACCEPT; and save it (netfilter-persistent save), "
                        + "so that it lasts." : nil))
    }

    @Test(arguments: [FirewallReading.notPermitted, .notReadable("There is no program.")])
    func `what cannot be read is unknown`(reading: FirewallReading) throws {
        let findings = Self.findings(reading, [25, 465])
        #expect(findings.map(\.result) == [.unknown])
        #expect(findings[0].subject == "25, 465" && findings[0].fix != nil)
    }

    @Test func `iptables takes the place of its own tables in nft's words`() throws {
        let iptables = FirewallRuleset.iptables(
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m multiport --dports 25 -j ACCEPT\nCOMMIT\n")
        let own = try FirewallRuleset.nft(
            """
            {"nftables":[{"table":{"family":"ip","name":"filter"}},{"table":{"family":"inet","name":"own"}},
            {"chain":{"family":"ip","table":"filter","name":"INPUT","hook":"input","policy":"drop"}},
            {"rule":{"family":"ip","table":"filter","chain":"INPUT","expr":[{"xt":{"type":"match","name":"multiport"}},{"accept":null}]}}]}
            """)
        guard case .ruleset(let joined) = FirewallReader.joined(nft: .ruleset(own), iptables: [.ruleset(iptables)])
        else { return #expect(Bool(false), "no rule set") }
        #expect(FirewallRuling(joined, .stranger(to: 25)) == .open)
        #expect(Shape(FirewallRuling(own, .stranger(to: 25))) == .unknown)
    }

    @Test func `rules of the older iptables hold beside those of the newer`() {
        let newer = FirewallRuleset.iptables("*filter\n:INPUT ACCEPT [0:0]\n")
        let older = IPTables.ruleset("*filter\n:INPUT DROP [0:0]\n", family: "ip6", tool: .legacy)
        let reading = FirewallReader.joined(
            nft: .ruleset(FirewallRuleset()), iptables: [.ruleset(newer), .ruleset(older)])
        let findings = Self.findings(reading, [25])
        #expect(
            findings.map(\.result) == [.warn] && findings[0].fix?.hasPrefix("sudo ip6tables-legacy -I INPUT ") == true)
    }

    private static let nftRules = FirewallReading.ruleset(
        FirewallRuleset(hasNFT: true))
    private static let iptablesRules = FirewallReading.ruleset(.iptables("*filter"))

    @Test(
        arguments: [
            (.notPermitted, nil, .notPermitted), (nil, .notPermitted, .notPermitted),
            (nil, nil, .notReadable("Neither nft nor iptables-save is there to show the firewall's rules.")),
            (.notReadable("It failed."), iptablesRules, .notReadable("It failed.")),
            (nil, iptablesRules, iptablesRules),
            (nftRules, .notReadable("It failed."), nftRules),
        ] as [(FirewallReading?, FirewallReading?, FirewallReading)])
    func `what several programs say is joined`(
        nft: FirewallReading?, iptables: FirewallReading?, expected: FirewallReading
    ) {
        #expect(FirewallReader.joined(nft: nft, iptables: [iptables]) == expected)
    }

    @Test func `where only iptables is there, it is said`() {
        let findings = Self.findings(Self.iptablesRules, [25])
        #expect(findings.map(\.result) == [.pass] && findings[0].detail.contains("nft is not installed"))
    }

    @Test func `a stranger comes in by the interfaces with a default route`() {
        let v4 = """
            Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
            eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
            wg0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
            """
        let zeros = String(repeating: "0", count: 32)
        let v6 = """
            \(zeros) 00 \(zeros) 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1
            \(zeros) 00 \(zeros) 00 \(zeros) ffffffff 00000001 00000000 00200200       lo
            fe800000000000000000000000000000 40 \(zeros) 00 \(zeros) 00000100 00000001 00000000 00000001     eth2
            """
        #expect(DefaultRoutes.interfaces(v4: v4, v6: v6) == ["eth0", "eth1"])
        #expect(DefaultRoutes.interfaces(v4: "", v6: "") == [])
    }
}
