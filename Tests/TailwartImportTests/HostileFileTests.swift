import TailwartConfig
import TailwartCore
import TailwartTesting
import Testing

@testable import TailwartImport

/// Files that end early, are changed at random, or are built to cost time: each gets an answer.
@Suite(.ownThreads) struct HostileFileTests {
    /// Whatever comes out must be a file of ours, and what is refused must have a position.
    private func check(_ result: ImportResult, _ what: String) {
        if let yaml = result.yaml {
            #expect(throws: Never.self, "\(what)") { _ = try FixtureTests.configuration(yaml, result.variables) }
        } else {
            #expect(!result.isWhole, "\(what)")
        }
    }

    @Test(arguments: Fixture.all) func `every beginning of a file gets an answer`(fixture: Fixture) throws {
        let scalars = Array(try fixture.text.unicodeScalars)
        // A third of them at a time: each costs a whole import.
        let start = Int.random(in: 0..<3)
        print("every third from \(start) for \(fixture.testDescription)")
        for end in stride(from: start, to: scalars.count, by: 3) {
            let text = String(String.UnicodeScalarView(scalars[..<end]))
            check(fixture.load(text), "the first \(end) characters of \(fixture.testDescription)")
            _ = ForeignConfiguration.recognise(text: text)
        }
    }

    @Test(arguments: Fixture.all) func `a file with some characters changed gets an answer`(fixture: Fixture) throws {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("seed \(random.seed) for \(fixture.testDescription)")
        let original = Array(try fixture.text.unicodeScalars)
        let interesting = Array("{}[]\",;:'$\\#*!~ \n0259-.@|/<>\u{0}\u{7F}é".unicodeScalars)
        for _ in 0..<60 {
            var scalars = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<scalars.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: scalars[index] = interesting.randomElement(using: &random) ?? "x"
                case 1: scalars.remove(at: index)
                default: scalars.insert(interesting.randomElement(using: &random) ?? "x", at: index)
                }
            }
            let text = String(String.UnicodeScalarView(scalars))
            check(fixture.load(text), "seed \(random.seed)")
            _ = ForeignConfiguration.recognise(text: text)
        }
    }

    @Test(arguments: [
        // How it begins, and what follows so many times.
        (ForeignConfiguration.Kind.caddy, "", "[", 100_000),
        (.caddy, "", "{\"a\":", 100_000),
        (.caddy, "{\"apps\":{\"layer4\":{\"servers\":{\"a\":{\"listen\":[\":1-65535\"],\"routes\":[]}}}}}", "", 0),
        (.nginx, "", "a {", 100_000),
        (.nginx, "stream { server { listen 1-65535; proxy_pass 10.0.0.1:25; } }", "", 0),
        (.nginx, "stream { include self.conf; }", "", 0),
        (.haproxy, "listen a\n", "x ", 100_000),
        (.haproxy, "frontend a\nbind :25\nuse_backend b if ", "!", 100_000),
        (.haproxy, "global\n", "x\n", 700_000),
    ])
    func `a file that is built to cost time is refused`(
        kind: ForeignConfiguration.Kind, beginning: String, piece: String, times: Int
    ) {
        let text = beginning + String(repeating: piece, count: times)
        struct Selfish: IncludedFiles {
            func paths(of pattern: String) -> [String] { [pattern, pattern] }
            func text(of path: String) -> String? { "include self.conf;" }
        }
        let result = Importer(file: "x", kind: kind, files: Selfish()).run(text)
        #expect(!result.isWhole)
        #expect(result.yaml == nil)
    }

    @Test func `thousands of things to say are cut short`() {
        let servers = (0..<3000).map { "\"s\($0)\": {\"listen\": [\"udp/:\($0 + 1)\"]}" }.joined(separator: ",\n")
        let text = "{\"apps\": {\"layer4\": {\"servers\": {\(servers)}}}}"
        let result = Importer(file: "x", kind: .caddy, files: FilesOnHost()).run(text)
        #expect(!result.isWhole)
        #expect(result.findings.count < 300)
        #expect(result.findings.last?.message.contains("where the list ends") == true)
    }

    @Test func `many notes hide no refusal`() {
        let servers = (0..<300).map { "server s\($0) 10.0.\($0 / 250).\($0 % 250):25 maxconn 5" }
        let text = "listen a\nbind :25\n\(servers.joined(separator: "\n"))\nsource 192.0.2.1\n"
        let result = Importer(file: "x", kind: .haproxy, files: FilesOnHost()).run(text)
        #expect(result.findings.filter { $0.severity == .note }.count > 200)
        #expect(!result.isWhole && result.printed(isPartial: false) == nil)
        #expect(result.messages.contains { $0.contains("refused: 'source'") }, "\(result.messages.suffix(3))")
    }

    @Test(arguments: [ForeignConfiguration.Kind.haproxy, .nginx])
    func `rules that take turns thousands of times are refused`(kind: ForeignConfiguration.Kind) {
        let turns = (0..<4000).map { number in
            let (one, two) = ("10.\(number / 256).\(number % 256).0/24", "11.\(number / 256).\(number % 256).0/24")
            let phase = "tcp-request connection"
            return kind == .nginx
                ? "allow \(one); deny \(two);" : "\(phase) accept if { src \(one) }\n\(phase) reject if { src \(two) }"
        }.joined(separator: "\n")
        let text =
            kind == .nginx
            ? "stream { server { listen 25; proxy_pass 10.0.0.1:25; \(turns) } }"
            : "listen a\nbind :25\nserver m 10.0.0.1:25\n\(turns)"
        let result = Importer(file: "x", kind: kind, files: FilesOnHost()).run(text)
        #expect(result.messages.contains { $0.contains("takes turns too often") })
        #expect(result.yaml == nil)
    }

    @Test func `thousands of names and networks are one condition`() throws {
        let matches = (0..<20_000).map { number in
            number.isMultiple(of: 2)
                ? DraftMatch(serverNames: [ServerNamePattern("n\(number).example.org")].compactMap(\.self))
                : DraftMatch(clients: [Network("10.\(number / 256).\(number % 256).0/24")].compactMap(\.self))
        }
        let either = DraftMatch.or(matches + matches)
        #expect(either.map(\.serverNames.count) == [10_000, 0] && either.map(\.clients.count) == [0, 10_000])
    }

    @Test func `long lists of names are not compared one by one`() throws {
        let names = (0..<20_000).map { "n\($0).example.org" }.joined(separator: " ")
        let match = try #require(
            DraftMatch(serverNames: names.split(separator: " ").compactMap { ServerNamePattern($0) }).and(
                DraftMatch(
                    serverNames: names.split(separator: " ").dropFirst().compactMap { ServerNamePattern($0) })))
        #expect(match.serverNames.count == 20_000 && !match.not.isEmpty)
    }

    @Test func `conditions that multiply are refused and not multiplied`() {
        let sets = (0..<20).map { "{ req.ssl_sni -i n\($0).example.org } or { src 10.0.0.\($0) }" }
        let lines = (0..<12).map { "acl a\($0) req.ssl_alpn p\($0)\nacl a\($0) src 10.\($0).0.0/16" }
        let text = """
            frontend f
            bind :443
            \(lines.joined(separator: "\n"))
            use_backend b if \((0..<12).map { "a\($0)" }.joined(separator: " "))
            use_backend b if \(sets.joined(separator: " or "))
            backend b
            server m 10.0.0.1:443
            """
        let result = Importer(file: "x", kind: .haproxy, files: FilesOnHost()).run(text)
        #expect(!result.isWhole)
    }
}
