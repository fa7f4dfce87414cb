import Testing

@testable import TailwartPreflight

/// Whole rule sets: what becomes of a stranger's connection.
@Suite struct FirewallRulingTests {
    @Test(arguments: [
        (Fixture.server, 25, Shape.open), (.server, 587, .open), (.server, 110, .closed),
        (.server, 993, .unknown),
        (.server, 4190, .unknown), (.server, 143, .diverted), (.firewalld, 25, .open), (.firewalld, 465, .closed),
        (.ufw, 25, .open), (.ufw, 22, .unknown), (.ufw, 465, .open), (.ufw, 993, .open), (.ufw, 996, .closed),
        (.ufw, 587, .unknown), (.ufw, 143, .diverted),
    ])
    func `a port is open or not`(fixture: Fixture, port: Int, expected: Shape) throws {
        let ruleset = try #require(try fixture.ruleset)
        let verdict = FirewallRuling(ruleset, .stranger(to: UInt16(port)))
        #expect(Shape(verdict) == expected)
    }

    @Test func `the place that decides is named`() throws {
        let ruleset = try #require(try Fixture.server.ruleset)
        let place = ChainPosition(tool: .nft, family: "inet", table: "filter", chain: "input")
        #expect(FirewallRuling(ruleset, .stranger(to: 110)) == .closed(place))
        #expect("\(place)" == "chain input of table inet filter")
    }

    @Test func `who writes the rules is known by their names`() throws {
        #expect(try Fixture.ufw.ruleset?.manager == .ufw)
        #expect(try Fixture.firewalld.ruleset?.manager == .firewalld)
        #expect(try Fixture.server.ruleset?.manager == nil)
    }

    @Test func `rules for an interface that strangers do not use say nothing of them`() throws {
        let ruleset = try #require(try Fixture.ufw.ruleset)
        #expect(Shape(FirewallRuling(ruleset, .stranger(to: 143, interfaces: ["eth1"]))) == .closed)
        // Not known by which interface they come: the rule may hold.
        #expect(Shape(FirewallRuling(ruleset, .stranger(to: 25, interfaces: []))) == .unknown)
    }

    @Test func `an IPv4 table says nothing of IPv6`() throws {
        let ruleset = try #require(try Fixture.ufw.ruleset)
        #expect(FirewallRuling(ruleset, .stranger(to: 996, family: .v6)) == .open)
    }

    @Test func `without rules everything is open`() {
        #expect(FirewallRuling(FirewallRuleset(), .stranger(to: 25)) == .open)
    }

    @Test func `a loop or a chain that is missing decides nothing`() {
        let text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\nCOMMIT\n"
        let loop = FirewallRuleset.iptables(text)
        #expect(Shape(FirewallRuling(loop, .stranger(to: 25))) == .unknown)
        let missing = FirewallRuleset.iptables("*filter\n:INPUT DROP [0:0]\n-A INPUT -j nowhere\n")
        #expect(Shape(FirewallRuling(missing, .stranger(to: 25))) == .unknown)
    }

    @Test func `a chain that is left goes on where it was entered, unless it was gone to`() {
        let jump = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -j RETURN\n"
        #expect(FirewallRuling(.iptables(jump), .stranger(to: 25)) == .open)
        let goto = jump.replacing("-A INPUT -j a", with: "-A INPUT -g a")
        #expect(Shape(FirewallRuling(.iptables(goto), .stranger(to: 25))) == .closed)
    }

    /// As on every edge: tailscaled keeps forged addresses of the tailnet out, and lets its own interface in.
    @Test(arguments: [("ACCEPT", Shape.open), ("DROP", .closed)])
    func `the rules of tailscaled say nothing of strangers`(policy: String, expected: Shape) {
        let text = """
            *filter
            :INPUT \(policy) [0:0]
            :ts-input - [0:0]
            -A INPUT -j ts-input
            -A ts-input -s 100.64.0.2/32 -i lo -j ACCEPT
            -A ts-input -s 100.115.92.0/23 ! -i tailscale0 -j RETURN
            -A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP
            -A ts-input -i tailscale0 -j ACCEPT
            -A ts-input -p udp -m udp --dport 41641 -j ACCEPT
            COMMIT
            """
        #expect(Shape(FirewallRuling(.iptables(text), .stranger(to: 25))) == expected)
    }

    @Test func `who is spared by a list is not known where the others are dropped`() {
        let text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -j RETURN\n-A INPUT -j DROP\n"
        #expect(Shape(FirewallRuling(.iptables(text), .stranger(to: 25))) == .unknown)
    }

    @Test func `fail2ban closes nothing to a stranger`() {
        let text = """
            *filter
            :INPUT ACCEPT [0:0]
            :f2b-postfix - [0:0]
            -A INPUT -p tcp -m multiport --dports 25,465,587 -j f2b-postfix
            -A f2b-postfix -s 192.0.2.7/32 -j REJECT --reject-with icmp-port-unreachable
            -A f2b-postfix -j RETURN
            """
        #expect(FirewallRuling(.iptables(text), .stranger(to: 25)) == .open)
    }
}
