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
        let place = RulePosition(tool: .nft, family: "inet", table: "filter", chain: "input")
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
        let loop = IPTables.read(text, family: "ip")
        #expect(Shape(FirewallRuling(loop, .stranger(to: 25))) == .unknown)
        let missing = IPTables.read("*filter\n:INPUT DROP [0:0]\n-A INPUT -j nowhere\n", family: "ip")
        #expect(Shape(FirewallRuling(missing, .stranger(to: 25))) == .unknown)
    }

    @Test func `a chain that is left goes on where it was entered, unless it was gone to`() {
        let jump = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -j RETURN\n"
        #expect(FirewallRuling(IPTables.read(jump, family: "ip"), .stranger(to: 25)) == .open)
        let goto = jump.replacing("-A INPUT -j a", with: "-A INPUT -g a")
        #expect(Shape(FirewallRuling(IPTables.read(goto, family: "ip"), .stranger(to: 25))) == .closed)
    }
}
