import TailwartCore
import TailwartSetup
import Testing

@Suite struct PolicyCheckTests {
    private static let all: [UInt16] = [25, 443, 465, 587, 993]
    private static let edge = "\"tag:reverse-proxy\""

    private static func grant(_ rule: String) -> String { PolicySamples.policy("\"grants\": [\(rule)]") }
    private static func acl(_ rule: String) -> String { PolicySamples.policy("\"acls\": [\(rule)]") }

    @Test func `a policy that grants just the ports is good without a word`() throws {
        let check = try PolicySamples.check(PolicySamples.policy)
        #expect(check.isGood && check.findings.isEmpty, "\(check.report)")
        #expect(check.ports("granted") == Self.all)
        #expect(check.summary == "tag:reverse-proxy may reach tag:stalwart on 25, 443, 465, 587, 993.")
    }

    /// Each grants all five ports, in another way of writing.
    @Test(arguments: [
        #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["25", "tcp:443-465", "*:587", "6:993"]}"#,
        #"{"src": ["*"], "dst": ["*"], "ip": ["*"]}"#,
        #"{"src": ["autogroup:tagged"], "dst": ["autogroup:tagged"], "ip": ["tcp:*"]}"#,
        #"{"src": ["group:none", "100.64.0.0/10"], "dst": ["0.0.0.0/0"], "ip": ["TCP:1-65535"]}"#,
        #"{"SRC": ["tag:other", "tag:reverse-proxy"], "Dst": ["tag:stalwart", "tag:db"], "IP": ["1-1000"]}"#,
        #"{"src": ["autogroup:danger-all"], "dst": ["tag:stalwart"], "ip": ["udp:53", "*"], "app": {"x": [{}]}}"#,
    ])
    func `grants are understood`(rule: String) throws {
        let check = try PolicySamples.check(Self.grant(rule))
        #expect(check.ports("granted") == Self.all, "\(check.report)")
        #expect(check.isGood)
    }

    @Test(arguments: [
        #"{"action": "accept", "src": ["tag:reverse-proxy"], "dst": ["tag:stalwart:25,443,465,587,993"]}"#,
        #"{"action": "accept", "src": ["*"], "dst": ["*:*"]}"#,
        #"{"Action": "accept", "Users": ["tag:reverse-proxy"], "Ports": ["tag:stalwart:1-500", "tag:stalwart:587,993"]}"#,
        #"{"action": "accept", "proto": "tcp", "src": ["tag:reverse-proxy"], "dst": ["autogroup:tagged:*"]}"#,
        #"{"action": "accept", "proto": "6", "src": ["tag:reverse-proxy"], "dst": ["100.0.0.0/8:25-993"]}"#,
    ])
    func `ACLs are understood, old names and all`(rule: String) throws {
        let check = try PolicySamples.check(Self.acl(rule))
        #expect(check.ports("granted") == Self.all, "\(check.report)")
        #expect(check.isGood)
    }

    @Test func `sections are found in any case, and rules of both sections add up`() throws {
        let text = """
            {"TagOwners": {"tag:reverse-proxy": [], "tag:stalwart": []},
             "ACLs": [{"action": "accept", "src": ["tag:reverse-proxy"], "proto": "tcp", "dst": ["tag:stalwart:25,465"]}],
             "GRANTS": [{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["tcp:587", "tcp:993", "tcp:443"]}],
             "Tests": [{"user": "tag:reverse-proxy", "allow": ["tag:stalwart:25,443,465,587,993"],
                        "deny": ["tag:stalwart:22,5432,8080"]}]}
            """
        let check = try PolicySamples.check(text)
        #expect(check.ports("granted") == Self.all, "\(check.report)")
        #expect(check.findings.isEmpty, "\(check.report)")
    }

    @Test func `a hosts entry, a network and an address stand for a mailbox whose address is known`() throws {
        let configuration = PolicySamples.load("mailbox: {address: 100.64.0.7, ports: [25]}")
        for destination in ["mail:25", "100.64.0.7:25", "100.64.0.0/24:25", "[100.64.0.7]:25", "*:25"] {
            let rule = #"{"action": "accept", "src": ["tag:reverse-proxy"], "dst": ["\#(destination)"]}"#
            let text = PolicySamples.policy("\"acls\": [\(rule)]", more: #""hosts": {"mail": "100.64.0.7"}"#)
            #expect(try PolicySamples.check(text, against: configuration).ports("granted") == [25], "\(destination)")
        }
        for destination in ["100.64.0.8:25", "100.64.1.0/24:25", "other:25"] {
            let rule = #"{"action": "accept", "src": ["tag:reverse-proxy"], "dst": ["\#(destination)"]}"#
            let text = PolicySamples.policy("\"acls\": [\(rule)]", more: #""hosts": {"other": "100.64.0.9"}"#)
            #expect(try PolicySamples.check(text, against: configuration).ports("missing") == [25], "\(destination)")
        }
    }

    @Test(arguments: ["[fd7a:115c:a1e0::7]:25", "fd7a:115c:a1e0::7:25", "[fd7a:115c:a1e0::]/48:25"])
    func `an IPv6 destination is divided at its last colon`(destination: String) throws {
        let configuration = PolicySamples.load("mailbox: {address: \"fd7a:115c:a1e0::7\", ports: [25]}")
        let rule = #"{"action": "accept", "src": ["tag:reverse-proxy"], "dst": ["\#(destination)"]}"#
        let check = try PolicySamples.check(Self.acl(rule), against: configuration)
        #expect(check.ports("granted") == [25], "\(check.report)")
    }

    @Test func `a group with the tag in it counts, one of people does not`() throws {
        let rules = #""grants": [{"src": ["group:edges"], "dst": ["tag:stalwart"], "ip": ["tcp:25"]}]"#
        let tagged = try PolicySamples.check(
            PolicySamples.policy(rules, more: #""groups": {"group:edges": ["tag:reverse-proxy"]}"#))
        #expect(tagged.ports("granted") == [25], "\(tagged.report)")
        let people = #""groups": {"group:edges": ["ann@example.org", "ben@", "group:synced"]}"#
        #expect(try PolicySamples.check(PolicySamples.policy(rules, more: people)).ports("missing") == Self.all)
        #expect(try PolicySamples.check(PolicySamples.policy(rules)).ports("missing") == Self.all)
        let none = try PolicySamples.check(PolicySamples.policy(rules, more: #""groups": {"group:edges": []}"#))
        #expect(none.ports("missing") == Self.all)
    }

    /// None of them lets the edge, a tagged device, reach the mailbox, another one.
    @Test(arguments: [
        #"{"src": ["autogroup:member"], "dst": ["tag:stalwart"], "ip": ["*"]}"#,
        #"{"src": ["ann@example.org", "ben@", "*@example.org", "user:*@passkey"], "dst": ["*"], "ip": ["*"]}"#,
        #"{"src": ["tag:reverse-proxy"], "dst": ["autogroup:internet", "autogroup:self", "ann@"], "ip": ["*"]}"#,
        #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart2", "tag:db"], "ip": ["*"]}"#,
        #"{"src": ["tag:stalwart"], "dst": ["tag:reverse-proxy"], "ip": ["*"]}"#,
        #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["udp:*", "icmp:*", "17:25", "24", "994-65535"]}"#,
        #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "app": {"example.org/cap/x": [{}]}}"#,
        #"{"src": [], "dst": [], "ip": []}"#, "{}",
    ])
    func `what grants nothing to the edge is not taken for a grant`(rule: String) throws {
        let check = try PolicySamples.check(Self.grant(rule))
        #expect(check.ports("granted").isEmpty && check.ports("unknown").isEmpty, "\(check.report)")
        #expect(!check.isGood)
        #expect(check.findings(.error).count == 5, "\(check.report)")
    }

    /// Each might grant everything. None may be called good.
    @Test(arguments: [
        (#"{"src": ["100.64.0.3"], "dst": ["tag:stalwart"], "ip": ["*"]}"#, "100.64.0.3"),
        (#"{"src": ["ipset:edges"], "dst": ["tag:stalwart"], "ip": ["*"]}"#, "IP set"),
        (#"{"src": ["autogroup:new"], "dst": ["tag:stalwart"], "ip": ["*"]}"#, "autogroup"),
        (#"{"src": ["edge"], "dst": ["tag:stalwart"], "ip": ["*"]}"#, "hosts"),
        (#"{"src": [7], "dst": ["tag:stalwart"], "ip": ["*"]}"#, "7 names nobody"),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["100.64.0.7"], "ip": ["*"]}"#, "100.64.0.7"),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["svc:mail"], "ip": ["*"]}"#, "service"),
        (
            #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["*"], "srcPosture": ["posture:x"]}"#,
            "posture"
        ),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["*"], "via": ["tag:router"]}"#, "via"),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["*"], "unless": ["x"]}"#, "unless"),
    ])
    func `what cannot be told is unknown, and never good`(rule: String, word: String) throws {
        let check = try PolicySamples.check(Self.grant(rule))
        #expect(check.ports("unknown") == Self.all, "\(check.report)")
        #expect(!check.isGood)
        #expect(check.findings(.unknown).contains { $0.contains("port 25") && $0.contains(word) }, "\(check.report)")
        // A certain grant beside it settles the matter.
        let certain = #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["tcp:1-1000"]}"#
        #expect(try PolicySamples.check(Self.grant("\(rule), \(certain)")).isGood)
    }

    @Test(arguments: [
        #"{"action": "deny", "src": ["*"], "dst": ["*:*"]}"#, #"{"src": ["*"], "dst": ["*:*"]}"#,
        #"{"action": "accept", "proto": "quic", "src": ["*"], "dst": ["*:*"]}"#,
    ])
    func `an action or a protocol that is not known grants nothing for certain`(rule: String) throws {
        let check = try PolicySamples.check(Self.acl(rule))
        #expect(check.ports("granted").isEmpty, "\(check.report)")
        #expect(!check.isGood)
    }

    @Test(arguments: ["udp", "17", "icmp", "sctp"]) func `a rule for another protocol is no rule for mail`(name: String)
        throws
    {
        let check = try PolicySamples.check(
            Self.acl(#"{"action": "accept", "proto": "\#(name)", "src": ["*"], "dst": ["*:*"]}"#))
        #expect(check.ports("missing") == Self.all, "\(check.report)")
    }

    @Test func `a default posture makes rules doubtful that have none of their own`() throws {
        let rule = #"{"src": ["*"], "dst": ["*"], "ip": ["*"]}"#
        let text = PolicySamples.policy("\"grants\": [\(rule)]", more: #""defaultSrcPosture": ["posture:trusted"]"#)
        #expect(try PolicySamples.check(text).ports("unknown") == Self.all)
        let own = #"{"src": ["*"], "dst": ["*"], "ip": ["*"], "srcPosture": []}"#
        let cleared = PolicySamples.policy("\"grants\": [\(own)]", more: #""defaultSrcPosture": ["posture:trusted"]"#)
        #expect(try PolicySamples.check(cleared).ports("granted") == Self.all)
    }

    @Test func `a missing port is named with its listener, at the section where the grant belongs`() throws {
        let check = try PolicySamples.check(
            PolicySamples.policy.replacing(#""tcp:25", "#, with: "").replacing("stalwart:25,", with: "stalwart:"))
        #expect(check.ports("missing") == [25])
        let message = try #require(check.findings(.error).first)
        #expect(
            message.hasPrefix("8:5 port 25 (smtp) of tag:stalwart is not granted to tag:reverse-proxy"), "\(message)")
        #expect(check.summary == "4 of the 5 ports that tag:reverse-proxy dials are granted for certain.")
    }

    @Test func `an empty list denies all, and no list at all allows all`() throws {
        for section in ["grants", "acls"] {
            #expect(try PolicySamples.check(PolicySamples.policy("\"\(section)\": []")).ports("missing") == Self.all)
        }
        let open = try PolicySamples.check(PolicySamples.policy(#""ssh": []"#))
        #expect(open.isGood)
        #expect(open.findings(.warning).contains { $0.contains("everything may connect to everything") })
    }

    @Test(arguments: [
        (#"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["tcp:*"]}"#, "every port of tag:stalwart"),
        (
            #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["tcp:20-25", "tcp:443-993"]}"#,
            "ports 20-24, 444-464, 466-586, 588-992 of tag:stalwart"
        ),
        (
            #"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["25", "443", "465", "587", "993"]}"#,
            "UDP and ICMP besides TCP"
        ),
        (#"{"src": ["*"], "dst": ["tag:stalwart"], "ip": ["tcp:25"]}"#, "every device as the source"),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["*"], "ip": ["tcp:25"]}"#, "every device as the destination"),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["0.0.0.0/0"], "ip": ["tcp:25"]}"#, "every device as the destination"),
        (#"{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["tcp:8080"]}"#, "port 8080 of tag:stalwart"),
    ])
    func `a grant that is wider than needed is named with what is too much`(rule: String, word: String) throws {
        let check = try PolicySamples.check(Self.grant(rule))
        let wide = check.findings(.warning).filter { $0.contains("grants[0] is wider") }
        #expect(wide.count == 1 && wide.allSatisfy { $0.contains(word) && $0.hasPrefix("3:12 ") }, "\(check.report)")
    }

    @Test func `tags that nobody owns are an error`() throws {
        let text = #"{"grants": [{"src": ["*"], "dst": ["*"], "ip": ["*"]}], "tagOwners": {"tag:stalwart": ["ann@"]}}"#
        let check = try PolicySamples.check(text)
        #expect(!check.isGood)
        #expect(check.findings(.error).count == 1, "\(check.report)")
        #expect(check.findings(.error)[0].hasPrefix("1:57 nobody owns tag:reverse-proxy"), "\(check.report)")
    }

    @Test func `missing tests, untested ports and unguarded ports are warnings`() throws {
        let grants = #""grants": [{"src": ["tag:reverse-proxy"], "dst": ["tag:stalwart"], "ip": ["tcp:1-1000"]}]"#
        let owners = #""tagOwners": {"tag:reverse-proxy": [], "tag:stalwart": []}"#
        func warnings(_ tests: String) throws -> [String] {
            let check = try PolicySamples.check("{\(grants), \(owners), \"tests\": [\(tests)]}")
            #expect(check.isGood, "\(check.report)")
            return check.findings(.warning).filter { !$0.contains("wider") }
        }
        #expect(try warnings("").contains { $0.contains("no test says") })
        // Somebody else's tests, or those of another protocol, are none of the edge's.
        #expect(
            try warnings(#"{"src": "ann@", "accept": ["tag:stalwart:25"]}"#).contains { $0.contains("no test says") })
        #expect(
            try warnings(#"{"src": "tag:reverse-proxy", "proto": "udp", "accept": ["tag:stalwart:25"]}"#)
                .contains { $0.contains("no test says") })
        let some = try warnings(
            #"{"src": "tag:reverse-proxy", "accept": ["tag:stalwart:25,443"], "deny": ["tag:stalwart:22"]}"#)
        #expect(some.contains { $0.contains("may reach tag:stalwart on 465, 587, 993") }, "\(some)")
        #expect(some.contains { $0.contains("may not reach tag:stalwart on 5432, 8080") }, "\(some)")
    }

    @Test func `a test that denies what the edge needs is an error`() throws {
        let check = try PolicySamples.check(
            PolicySamples.policy.replacing("tag:stalwart:22\"", with: "tag:stalwart:20-30\""))
        #expect(check.findings(.error).count == 1, "\(check.report)")
        #expect(check.findings(.error)[0].contains("denies 25 of tag:stalwart"), "\(check.report)")
    }

    @Test func `keys that stand twice or are not known are said`() throws {
        let text = """
            {"grants": [], "tagOwners": {"tag:stalwart": [], "tag:stalwart": [], "tag:reverse-proxy": []},
             "Grants": [{"src": ["*"], "dst": ["*"], "ip": ["*"], "src": ["*"]}], "extra": 1}
            """
        let check = try PolicySamples.check(text)
        #expect(check.findings(.error).filter { $0.contains("repeated") }.count == 3, "\(check.report)")
        #expect(check.findings(.unknown).contains { $0.hasPrefix("2:71 'extra'") }, "\(check.report)")
        #expect(!check.isGood)
    }

    @Test(arguments: [
        "[]", "7", #"{"grants": {}}"#.replacing("{}", with: "7"), #"{"acls": "x", "grants": [1, "a"]}"#,
        #"{"tests": [7]}"#,
        #"{"hosts": {"a": 1, "b": "c"}, "groups": 7, "tagOwners": []}"#, #"{"grants": null, "acls": null}"#,
        #"{"grants": [{"src": "tag:reverse-proxy", "dst": 7, "ip": {"a": 1}}]}"#,
        #"{"acls": [{"action": 1, "src": {}, "dst": [7, "", ":", "a", ":25", "a:", "[:25", "[]:25", "x:0"]}]}"#,
        #"{"tests": [{"src": [], "accept": "a", "deny": [[]]}, {"src": {"a": 1}}, {"src": ""}]}"#,
    ])
    func `sections of a wrong type are said, and nothing is granted by them`(text: String) throws {
        let check = try PolicySamples.check(text)
        #expect(!check.isGood)
        #expect(!check.findings.isEmpty)
    }

    @Test func `findings have an end`() throws {
        let rules = Array(repeating: #"{"src": ["ipset:a"], "dst": ["ipset:b"], "ip": ["x"]}"#, count: 500)
        let check = try PolicySamples.check(PolicySamples.policy("\"grants\": [\(rules.joined(separator: ","))]"))
        #expect(check.findings.count < 120)
        #expect(!check.isGood)
    }

    @Test func `an upstream on another device has its own tag`() throws {
        let configuration = PolicySamples.load(
            """
            mailbox: {address: stalwart.tail1234.ts.net, ports: [25], domains: [example.org]}
            web: web.tail1234.ts.net:8443
            """)
        let tags = PolicyTags(edge: "tag:edge", mailbox: "tag:mail", others: ["web": "tag:web"])
        let text = """
            {"tagOwners": {"tag:edge": [], "tag:mail": [], "tag:web": []},
             "grants": [{"src": ["tag:edge"], "dst": ["tag:mail"], "ip": ["tcp:25", "tcp:443", "tcp:8443"]}]}
            """
        let check = try PolicySamples.check(text, against: configuration, tags: tags)
        #expect(check.ports("granted") == [25, 443] && check.ports("missing") == [8443], "\(check.report)")
        #expect(check.findings(.warning).contains { $0.contains("port 8443 of tag:mail") }, "\(check.report)")
    }

    @Test func `endpoints of one upstream are told apart where only addresses do`() throws {
        let configuration = PolicySamples.load("mailbox: {endpoints: [100.64.0.7, 100.64.0.8], ports: [25]}")
        let check = try PolicySamples.check(
            Self.grant(#"{"src": ["tag:reverse-proxy"], "dst": ["100.64.0.7"], "ip": ["tcp:25"]}"#),
            against: configuration)
        #expect(check.findings(.error).count == 1, "\(check.report)")
        #expect(check.findings(.error)[0].contains("port 25 (smtp) of tag:stalwart at 100.64.0.8"), "\(check.report)")
    }

    @Test(arguments: [
        "[]", "7", #"{"acls": 5}"#, #"{"grants": 7, "tests": []}"#, #"{"grants": [1]}"#,
        #"{"tagOwners": []}"#
            .replacing("[]", with: "[1]"),
    ])
    func `nothing is derived from a section of a wrong type`(text: String) throws {
        let check = try PolicySamples.check(text)
        #expect(check.findings.count == 1 && check.findings(.error).count == 1, "\(check.report)")
        #expect(check.ports("unknown") == Self.all)
        let message = try #require(check.findings.first).message
        #expect(check.verdict(strict: false) == "not good: \(message).")
    }

    @Test func `the verdict gives the reason`() throws {
        let everything = #""grants": [{"src": ["*"], "dst": ["*"], "ip": ["*"]}]"#
        let wide = try PolicySamples.check("{\(everything)}")
        #expect(
            wide.verdict(strict: false)
                == "not good: the ports are granted, but nobody owns tag:reverse-proxy and tag:stalwart, so no device can "
                + "carry them.")
        let denied = try PolicySamples.check(
            "{\(everything), \"tagOwners\": {\"tag:reverse-proxy\": []}, \"tests\": [{\"src\": \"tag:reverse-proxy\", "
                + "\"deny\": [\"tag:stalwart:25\"]}]}")
        #expect(
            denied.verdict(strict: false)
                == "not good: the ports are granted, but nobody owns tag:stalwart, so no device can carry it, and there is 1 "
                + "more error.")
        let owned = try PolicySamples.check(
            PolicySamples.policy.replacing("tag:stalwart:22\"", with: "tag:stalwart:25\""))
        #expect(
            owned.verdict(strict: false)
                == "not good: the ports are granted, but this test denies 25 of tag:stalwart, which the edge dials.")
        let missing = try PolicySamples.check(#"{"grants": []}"#)
        #expect(missing.verdict(strict: false).contains("0 of the 5 ports"))
        let lines = missing.lines(policy: "a.hujson", strict: false)
        #expect(lines.count == missing.findings.count + 1 && lines[0].hasPrefix("a.hujson:1:"), "\(lines)")
        #expect(lines.last == "a.hujson: \(missing.verdict(strict: false))")
        #expect(missing.verdict(strict: false).contains("Besides, nobody owns tag:reverse-proxy and tag:stalwart"))
        let warned = try PolicySamples.check(PolicySamples.policy(everything))
        #expect(warned.verdict(strict: false).hasPrefix("good: tag:reverse-proxy may reach tag:stalwart"))
        #expect(warned.isGood(strict: false) && !warned.isGood(strict: true))
        #expect(warned.verdict(strict: true).hasPrefix("not good: there is 1 warning, which --strict counts; "))
    }
}
