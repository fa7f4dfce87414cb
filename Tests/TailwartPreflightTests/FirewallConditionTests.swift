import Testing

@testable import TailwartPreflight

/// One expression at a time, to a new TCP connection of a stranger to port 25. Nil: it depends.
@Suite struct FirewallConditionTests {
    /// What the only base chain of these rules does with a stranger's packet.
    private static func steps(
        _ ruleset: FirewallRuleset, port: UInt16 = 25, family: FirewallPacket.Family = .v4
    ) -> [FirewallStep] {
        let rules = ruleset.chains.values.first { $0.hook == .input }?.rules ?? []
        return rules.compactMap { $0.step(for: .stranger(to: port, family: family)) }
    }

    private static func steps(of action: FirewallStep, if holds: Bool?) -> [FirewallStep] {
        holds.map { $0 ? [action] : [] } ?? [.unclear]
    }

    @Test(arguments: [
        ("-p tcp -m tcp --dport 25", true), ("-p tcp -m tcp --dport 26", false), ("-p tcp -m tcp ! --dport 25", false),
        ("-p tcp -m tcp --dport 20:30", true), ("-p tcp -m tcp --dport 26:", false),
        ("-p tcp -m tcp --dport :25", true),
        ("-p tcp -m multiport --dports 1,25,90:95", true), ("-p tcp -m multiport ! --dports 1,2", true),
        ("-p udp -m udp --dport 25", false), ("! -p tcp", false), ("-p all", true), ("-p icmp", false),
        ("-i lo", false), ("! -i lo", true), ("-i eth+", true), ("-i eth1", false),
        ("-s 192.0.2.7/32", nil), ("! -s 10.0.0.0/8", nil), ("-s 0.0.0.0/0", nil),
        ("-d 198.51.100.1/32", nil), ("! -d 198.51.100.0/24", nil),
        ("-m conntrack --ctstate RELATED,ESTABLISHED", false), ("-m conntrack --ctstate NEW", true),
        ("-m conntrack ! --ctstate INVALID", true), ("-m state --state NEW", true),
        ("-m conntrack --ctstatus DNAT", false),
        ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", nil), ("-p tcp -m tcp --tcp-flags ALL NONE", nil),
        ("-p udp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN", false),
        ("-m limit --limit 5/sec --limit-burst 9", nil),
        ("-m connlimit --connlimit-above 9 --connlimit-mask 32", nil),
        ("-m hashlimit --hashlimit-above 9/min --hashlimit-mode srcip --hashlimit-name a", nil),
        ("-m comment --comment \"-j DROP \\\" -p udp\"", true), ("-m addrtype --dst-type LOCAL", true),
        ("-m addrtype --dst-type BROADCAST", false), ("-m set --match-set blocked src", nil),
        ("-m set ! --match-set allowed src", nil), ("-m set --match-set a dst", nil), ("-m mark --mark 0x1", nil),
        ("-p tcp -m tcp --dport smtp", nil), ("-m rpfilter --invert", nil), ("-m rt --rt-type 0", false),
        ("-m something --new 3 4", nil),
    ])
    func `iptables`(words: String, expected: Bool?) throws {
        let steps = Self.steps(.iptables("*filter\n:INPUT DROP [0:0]\n-A INPUT \(words) -j ACCEPT\n"))
        #expect(steps == Self.steps(of: .accept, if: expected))
    }

    @Test(arguments: [
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":25}}"#, true),
        (#"{"match":{"op":"!=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":25}}"#, false),
        (
            #"{"match":{"op":"==","left":{"payload":{"protocol":"th","field":"dport"}},"right":{"set":[1,{"range":[20,30]}]}}}"#,
            true
        ),
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":"@open"}}"#, nil),
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":"@gone"}}"#, nil),
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":70000}}"#, nil),
        (#"{"match":{"op":"<","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":30}}"#, nil),
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":25}}"#, false),
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.0.2.7"}}"#, nil),
        (#"{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@friends"}}"#, nil),
        (#"{"match":{"op":"!=","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"@friends"}}"#, false),
        (
            #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"prefix":{"addr":"198.51.100.0","len":24}}}}"#,
            nil
        ),
        (#"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"@own"}}"#, nil),
        (#"{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}}"#, true),
        (#"{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":6}}"#, true),
        (#"{"match":{"op":"==","left":{"meta":{"key":"nfproto"}},"right":"ipv6"}}"#, false),
        (#"{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth*"}}"#, true),
        (#"{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":7}}"#, nil),
        (#"{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}}"#, false),
        (#"{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"set":["new","untracked"]}}}"#, true),
        (#"{"match":{"op":"in","left":{"ct":{"key":"status"}},"right":"dnat"}}"#, false),
        (#"{"match":{"op":"==","left":{"fib":{"result":"type","flags":["daddr"]}},"right":"local"}}"#, nil),
        (#"{"match":{"op":"==","left":{"fib":{"result":"oif","flags":["saddr","iif"]}},"right":false}}"#, false),
        (
            #"{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},["fin","syn","rst","ack"]]},"right":"syn"}}"#,
            nil
        ),
        (
            #"{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"tcp","field":"flags"}},{"|":["fin","syn"]}]},"right":{"|":["fin","syn"]}}}"#,
            nil
        ),
        (
            #"{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"right":"@a"}}"#,
            nil
        ),
        (#"{"limit":{"rate":5,"burst":5,"per":"second"}}"#, nil),
        (#"{"limit":{"rate":5,"per":"second","inv":true}}"#, nil),
        (#"{"set":{"op":"add","elem":{"payload":{}},"set":"@m","stmt":[{"limit":{"rate":9,"inv":true}}]}}"#, nil),
        (#"{"ct count":{"val":20,"inv":true}}"#, nil), (#"{"counter":null}"#, true), (#"{"new thing":{}}"#, nil),
        (#"{"xt":{"type":"match","name":"conntrack"}}"#, nil), ("7", nil),
    ])
    func `nftables`(statement: String, expected: Bool?) throws {
        let text = """
            {"nftables":[{"table":{"family":"inet","name":"f"}},
            {"rule":{"family":"inet","table":"f","chain":"c","expr":[\(statement),{"accept":null}]}}]}
            """
        let whole = text.replacing(
            "{\"rule\"",
            with: """
                {"chain":{"family":"inet","table":"f","name":"c","hook":"input","policy":"drop"}},
                {"set":{"family":"inet","table":"f","name":"open","elem":[{"elem":{"val":25,"comment":"mail"}}]}},{"rule"
                """)
        let steps = Self.steps(try FirewallRuleset.nft(whole))
        // A statement that is not known is a step of its own.
        #expect(steps.first == Self.steps(of: .accept, if: expected).first)
    }

    /// Who accepts says whom; who drops says whom not.
    @Test(
        arguments: [
            ("-s 192.0.2.7/32 -j DROP", false), ("! -s 10.0.0.0/8 -j DROP", nil), ("-s 10.0.0.0/8 -j other", nil),
            ("-m set --match-set blocked src -j REJECT", false), ("-s 0.0.0.0/0 -j DROP", nil),
            ("-m limit --limit 5/sec -j DROP", nil), ("-m comment --comment \"a \\\\\" -j DROP", true),
        ] as [(String, Bool?)])
    func `a list closes nothing to a stranger, and what depends on more is not known`(words: String, expected: Bool?)
        throws
    {
        let steps = Self.steps(.iptables("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT \(words)\n"))
        #expect(steps == Self.steps(of: .drop, if: expected))
    }

    @Test func `a set of ports that is not shown is unknown`() throws {
        let text = """
            {"nftables":[{"table":{"family":"inet","name":"f"}},{"set":{"family":"inet","table":"f","name":"open"}},
            {"chain":{"family":"inet","table":"f","name":"c","hook":"input","policy":"drop"}},
            {"rule":{"family":"inet","table":"f","chain":"c","expr":[{"match":{"op":"==",
            "left":{"payload":{"protocol":"tcp","field":"dport"}},"right":"@open"}},{"accept":null}]}}]}
            """
        let ruleset = try FirewallRuleset.nft(text)
        #expect(Shape(FirewallRuling(ruleset, .stranger(to: 25))) == .unknown)
    }

    /// `ip protocol`, `ip saddr` and the like look at packets of their own family alone.
    @Test(
        arguments: [
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"protocol"}},"right":"tcp"}},{"drop":null}"#,
                false
            ),
            (
                #"{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@own"}},{"drop":null}"#,
                false
            ),
            (
                #"{"match":{"op":"!=","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"@own"}},{"drop":null}"#,
                nil
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ether","field":"saddr"}},"right":"@own"}},{"drop":null}"#,
                nil
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},"right":"@own"}},{"drop":null}"#,
                false
            ),
            (#"{"xt":{"type":"match","name":"multiport"}},{"drop":null}"#, nil), (#"{"new thing":{}}"#, nil),
            (#"{"drop":null}"#, true),
        ] as [(String, Bool?)])
    func `what is not for IPv6 says nothing of it`(statements: String, expected: Bool?) throws {
        let text = """
            {"nftables":[{"table":{"family":"inet","name":"f"}},
            {"chain":{"family":"inet","table":"f","name":"c","hook":"input","policy":"accept"}},
            {"rule":{"family":"inet","table":"f","chain":"c","expr":[\(statements)]}}]}
            """
        let ruleset = try FirewallRuleset.nft(text)
        #expect(Self.steps(ruleset, family: .v6).first == Self.steps(of: .drop, if: expected).first)
    }

    @Test func `a table that is asleep closes nothing`() throws {
        let text = """
            {"nftables":[{"table":{"family":"inet","name":"f","flags":["dormant"]}},
            {"chain":{"family":"inet","table":"f","name":"c","hook":"input","policy":"drop"}}]}
            """
        #expect(FirewallRuling(try .nft(text), .stranger(to: 25)) == .open)
    }

    /// Of ports, and of states with one of a new connection, that would be more than a plain rule says.
    @Test(
        arguments: [
            (#"{"ct":{"key":"state"}}"#, #"["established",{"accept":null}],["invalid",{"drop":null}]"#, []),
            (#"{"ct":{"key":"state"}}"#, #"["established",{"accept":null}],["new",{"drop":null}]"#, [.unclear]),
            (
                #"{"payload":{"protocol":"tcp","field":"dport"}}"#, #"[25,{"accept":null}],[110,{"drop":null}]"#,
                [.unclear]
            ),
        ] as [(String, String, [FirewallStep])])
    func `a verdict map is plain if it is of connections before`(key: String, entries: String, expected: [FirewallStep])
        throws
    {
        let text = """
            {"nftables":[{"table":{"family":"inet","name":"f"}},
            {"chain":{"family":"inet","table":"f","name":"c","hook":"input","policy":"drop"}},
            {"rule":{"family":"inet","table":"f","chain":"c","expr":[
            {"vmap": {"key": \(key), "data": {"set": [\(entries)]}}}]}}]}
            """
        #expect(Self.steps(try .nft(text)) == expected)
    }

    /// Of the first 200 bytes each, and then in steps: what is cut off must not be taken for a whole.
    @Test(arguments: Fixture.allCases.filter { $0 != .ufw })
    func `half an answer of nft is none`(fixture: Fixture) throws {
        let bytes = Array(try fixture.bytes.dropLast())
        for count in (0..<200).map(\.self) + Array(stride(from: 200, to: bytes.count - 1, by: 97)) {
            #expect(NFTables.ruleset(Array(bytes[..<count])) == nil)
        }
    }

    @Test(arguments: ["", "[]", "{}", "{\"nftables\":7}", "nothing", "{\"nftables\":[]}x"])
    func `what is no answer of nft is none`(text: String) {
        #expect(NFTables.ruleset(Array(text.utf8)) == nil)
    }
}
