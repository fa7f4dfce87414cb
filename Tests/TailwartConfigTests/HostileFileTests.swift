import Foundation
import TailwartConfig
import TailwartCore
import TailwartWire
import Testing

struct HostileFileTests {
    private func report(_ text: String) -> String {
        Configuration.load(text: text, file: "f", environment: [:]).report
    }

    @Test func `control characters are named with their position`() {
        #expect(
            report("mailbox:\n  address: a\u{0}b\n")
                == "f:2:13: error: the character U+0000 is not allowed in a configuration; remove it\n")
        #expect(
            report("a: \u{85}") == "f:1:4: error: the character U+0085 is not allowed in a configuration; remove it\n")
        #expect(report("\u{FEFF}\u{FEFF}a: 1").hasPrefix("f:1:1: error: the character U+FEFF"))
    }

    @Test func `a byte order mark and Windows line ends do no harm`() {
        let text = "\u{FEFF}mailbox:\r\n  address: mail.example.net\r\n  quux: 1\r\n"
        #expect(report(text).hasPrefix("f:3:3: error: unknown key 'quux'"))
    }

    @Test func `bytes that are not UTF-8 are named with their position`() {
        let bytes = Array("mailbox:\n  address: ä".utf8) + [0xff, 0x0a]
        let result = Configuration.load(bytes: bytes, file: "f", environment: [:])
        #expect(result.report == "f:2:13: error: not UTF-8; save the file in that encoding\n")
    }

    @Test func `a file of more than a mebibyte is refused`() {
        let text = "mailbox: {address: a.example.net}\n" + String(repeating: "#", count: 1 << 20)
        #expect(report(text) == "f:1:1: error: the file is larger than 1 MiB; is it the right one?\n")
        #expect(report(String(text.prefix(1 << 20))).isEmpty)
    }

    @Test(arguments: ["[", "{", "- ", "? ", "{a: ", "\"", "&a [", "*a ", "!a ", "| ", "a: |\n ", "%", "---\n"])
    func `endless repetition ends in a message`(piece: String) {
        let result = Configuration.load(
            text: String(repeating: piece, count: 20_000), file: "f", environment: [:])
        #expect(result.configuration == nil)
        #expect(!result.problems.isEmpty)
    }

    @Test func `deep nesting that is closed again ends in a message`() {
        let text = "mailbox: " + String(repeating: "[", count: 950) + String(repeating: "]", count: 950)
        #expect(report(text).contains("more than 32 levels deep"))
    }

    @Test func `only so many values are read`() {
        let text = "mailbox: {address: a.example.net, domains: [" + String(repeating: "a,", count: 200_000) + "]}"
        #expect(report(text).contains("more than 100000 values"))
    }

    @Test func `a large file with slips everywhere is read in bounded steps`() {
        let routes = (0..<20_000).map { "{to: mailbxo:\($0 + 1)}" }.joined(separator: ", ")
        let text = """
            upstreams: {mailbox: {endpoints: [mail.example.net]}}
            listeners: [{name: l, bind: [":25"], routes: [\(routes)]}]
            """
        #expect(report(text).contains("20000 routes, more than 10000"))
        let domains = (0..<20_000).map { "d\($0).example.org" }.joined(separator: ", ")
        #expect(report("mailbox: {address: a.example.net, hostname: m.example.org, domains: [\(domains)]}").isEmpty)
        let ports = (0..<60_000).map { "\($0 + 1)" }.joined(separator: ", ")
        #expect(report("mailbox: {address: a.example.net, ports: [\(ports)]}").contains("more than 1000 addresses"))
    }

    @Test func `many repeated keys end in one message`() {
        let text = String(repeating: "log: {}\n", count: 1000)
        #expect(report(text) == "f:21:1: error: the key 'log' is repeated; keep one of them\n")
    }

    /// Files that are nearly right reach further than random bytes.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `no mutation of a valid file traps`(seed: UInt64) throws {
        let files = try FixtureTests.valid.map { try String(contentsOf: $0.url, encoding: .utf8) }
        try #require(!files.isEmpty)
        var mutants = Mutants(of: files, seed: seed)
        var loaded = 0
        for _ in 0..<1500 {
            let result = Configuration.load(bytes: mutants.next(), file: "f", environment: Fixture.environment)
            #expect(result.configuration != nil || !result.problems.isEmpty, "seed \(seed)")
            guard let configuration = result.configuration else { continue }
            loaded += 1
            let again = Configuration.load(text: configuration.yaml, file: "again", environment: [:])
            #expect(again.configuration == configuration, "seed \(seed): \(configuration.yaml)\(again.report)")
            _ = Topology(configuration, addresses: { _ in [.loopbackV4] })
        }
        #expect(loaded > 10, "seed \(seed): too few mutants are valid for the test to mean anything")
    }
}
