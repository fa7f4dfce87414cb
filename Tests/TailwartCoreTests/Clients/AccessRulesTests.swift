import TailwartCore
import TailwartWire
import Testing

@Suite struct AccessRulesTests {
    private static func named(_ networks: [(String, String)]) throws -> NamedNetworks {
        var entries: [(Network, UInt16)] = []
        for (text, _) in networks { entries.append((try #require(Network(text)), UInt16(entries.count))) }
        return NamedNetworks(NetworkTable(entries, seed: (1, 2)), names: networks.map(\.1))
    }

    private static func list(_ name: String, allows: Bool = false, _ texts: [String]) throws -> AccessLists.List {
        AccessLists.List(name, allows: allows, PackedNetworks(try texts.map { try #require(Network($0)) }))
    }

    private static func rules() throws -> AccessRules {
        AccessRules(
            trusted: try named([("127.0.0.0/8", "loopback"), ("198.51.100.0/28", "never")]),
            lists: AccessLists(
                [
                    try list("list first", ["198.51.100.0/24", "2001:db8::/32", "192.0.2.0/24"]),
                    try list("list second", ["198.51.100.64/26", "192.0.2.0/24"]),
                    try list("list friends", allows: true, ["198.51.100.128/25", "2001:db8::/32", "203.0.113.0/24"]),
                    try list("list third", ["198.51.100.200"]),
                ], seed: (3, 4)),
            bans: try named([
                ("198.51.100.0/24", "ban (manual): a test"), ("203.0.113.7", "ban (strikes): no hello"),
                ("10.0.0.0/8", "ban (manual): all of them"),
            ]))
    }

    @Test(arguments: [
        ("127.0.0.1", nil), ("198.51.100.1", nil), ("198.51.100.17", "list first"), ("198.51.100.65", "list second"),
        ("198.51.100.200", "list third"), ("198.51.100.199", "ban (manual): a test"), ("192.0.2.1", "list first"),
        ("203.0.113.7", "ban (strikes): no hello"), ("203.0.113.8", nil), ("2001:db8::1", nil),
        ("10.1.2.3", "ban (manual): all of them"), ("::ffff:198.51.100.65", "list second"), ("8.8.8.8", nil),
    ])
    func `an address is denied by one who says so, or by nobody`(address: String, words: String?) throws {
        let rules = try Self.rules()
        guard case .denied(let source) = rules.answer(for: try #require(IPAddress(address))) else {
            #expect(words == nil)
            return
        }
        #expect(rules.words(for: AccessSource(number: source.number)) == words)
        #expect(source.isBan == words?.hasPrefix("ban"))
    }

    @Test(arguments: [
        ("127.0.0.1", AccessRules.Answer.trusted), ("198.51.100.15", .trusted), ("203.0.113.8", .none), ("::1", .none),
    ])
    func `who is trusted is told from whom nobody knows`(address: String, answer: AccessRules.Answer) throws {
        #expect(try Self.rules().answer(for: try #require(IPAddress(address))) == answer)
    }

    @Test(arguments: [
        (
            "198.51.100.1",
            [
                "trusted 198.51.100.0/28 never", "denied 198.51.100.0/24 list first",
                "banned 198.51.100.0/24 ban (manual): a test",
            ]
        ),
        (
            "::ffff:198.51.100.129",
            ["allowed 198.51.100.128/25 list friends", "banned 198.51.100.0/24 ban (manual): a test"]
        ),
        ("203.0.113.7", ["allowed 203.0.113.0/24 list friends", "banned 203.0.113.7 ban (strikes): no hello"]),
        ("2001:db8::1", ["allowed 2001:db8::/32 list friends"]), ("8.8.8.8", []),
    ])
    func `all that is said of an address can be told, what decides first`(address: String, told: [String]) throws {
        let findings = try Self.rules().findings(for: try #require(IPAddress(address)))
        #expect(findings.map { "\($0.kind) \($0.network) \($0.words)" } == told)
    }

    @Test func `another part leaves the others as they are`() throws {
        let rules = try Self.rules().with(bans: try Self.named([("8.8.8.0/24", "ban (webhook)")]))
        #expect(rules.answer(for: .loopbackV4) == .trusted)
        #expect(rules.answer(for: .v4(0xc633_6441)) == .denied(AccessSource(number: 1)))
        #expect(rules.answer(for: .v4(0x0a01_0203)) == .none)
        guard case .denied(let ban) = rules.answer(for: .v4(0x0808_0808)) else {
            Issue.record("not banned")
            return
        }
        #expect(rules.words(for: ban) == "ban (webhook)")
        #expect(rules.words(for: AccessSource(number: ban.number + 1)) == nil)
    }

    @Test func `without rules nobody is denied`() {
        let rules = AccessRules()
        #expect(rules.answer(for: .loopbackV4) == .none)
        #expect(rules.findings(for: .loopbackV6).isEmpty)
        #expect(rules.words(for: AccessSource(number: 0)) == nil)
    }
}
