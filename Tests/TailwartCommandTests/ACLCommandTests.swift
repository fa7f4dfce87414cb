import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct ACL {
        private static let usual = """
            mailbox: {address: stalwart.tail1234.ts.net, hostname: mail.example.org, domains: [example.org]}
            web: 127.0.0.1:8443

            """

        private struct JSONAnswer: Decodable {
            struct Port: Decodable {
                let tag: String
                let host: String
                let port: Int
                let listeners: [String]
                let state: String
            }

            struct Problem: Decodable {
                let severity: String
                let line: Int
                let column: Int
                let message: String
            }

            let file: String
            let ok: Bool
            let ports: [Port]
            let problems: [Problem]
        }

        /// In a folder with the usual configuration, and with the policy that is printed for it.
        private static func run(_ body: (TestHost, TextFile) async throws -> Void) async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(usual)
                let answer = try await Answer.tailwart(["acl"], on: host)
                #expect(answer.exitCode == 0 && answer.errors.isEmpty, "\(answer.errors)")
                let policy = host.folder.file("policy.hujson")
                try policy.write(answer.output)
                try await body(host, policy)
            }
        }

        @Test(arguments: [
            [], ["--format", "grants"], ["--format", "acls"], ["--edge-tag", "tag:e", "--mailbox-tag", "tag:m"],
        ])
        func `what is printed passes its own check`(options: [String]) async throws {
            try await Self.run { host, policy in
                let tags = options.filter { $0.contains("tag") }
                try policy.write(try await Answer.tailwart(["acl"] + options, on: host).output)
                let check = try await Answer.tailwart(["acl", "--check", "policy.hujson", "--strict"] + tags, on: host)
                #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
                #expect(check.outputLines.count == 1)
                #expect(check.output.hasPrefix("policy.hujson: good: "))
                #expect(check.output.contains("on 25, 443, 465, 587, 993."))
            }
        }

        @Test func `a port that is missing ends with 1 and is named`() async throws {
            try await Self.run { host, policy in
                try policy.write(policy.text.replacing("\"tcp:993\", // imaps\n", with: ""))
                let check = try await Answer.tailwart(["acl", "--check", policy.path], on: host)
                #expect(check.exitCode == 1)
                let line = try #require(check.outputLines.first?.wholeMatch(of: #/(.+?):(\d+):(\d+): error: (.+)/#))
                #expect(line.1 == policy.path)
                #expect(line.4.contains("port 993 (imaps) of tag:stalwart is not granted to tag:reverse-proxy"))
                #expect(
                    check.outputLines.last?.hasSuffix(
                        "not good: 4 of the 5 ports that tag:reverse-proxy dials are granted for certain.") == true)
            }
        }

        @Test func `a wide grant is a warning, and not good with strict`() async throws {
            try await Self.run { host, policy in
                try policy.write(policy.text.replacing("\"tcp:993\",", with: "\"tcp:993-1000\","))
                let check = try await Answer.tailwart(["acl", "--check", policy.path], on: host)
                #expect(check.exitCode == 0)
                #expect(
                    check.output.contains("warning: grants[0] is wider than the edge needs: it allows ports 994-1000"))
                let strict = try await Answer.tailwart(["acl", "--check", policy.path, "--strict"], on: host)
                #expect(strict.exitCode == 1)
            }
        }

        @Test func `a policy is read from standard input`() async throws {
            try await Self.run { host, policy in
                let shell = ["sh", "-c", "exec \"$@\" <policy.hujson", "sh"]
                let check = try await Answer.tailwart(["acl", "--check", "-"], on: host, under: shell)
                #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
                #expect(check.output.hasPrefix("standard input: good: "))
            }
        }

        @Test func `a script can read the answer`() async throws {
            try await Self.run { host, policy in
                try policy.write(policy.text.replacing("\"tcp:25\",", with: "\"tcp:22\","))
                let check = try await Answer.tailwart(["acl", "--check", policy.path, "--json"], on: host)
                #expect(check.exitCode == 1)
                let json = try JSONDecoder().decode(JSONAnswer.self, from: Data(check.output.utf8))
                #expect(!json.ok && json.file == policy.path)
                #expect(json.ports.map(\.port) == [25, 443, 465, 587, 993])
                #expect(json.ports.map(\.state) == ["missing"] + Array(repeating: "granted", count: 4))
                #expect(json.ports[0].listeners == ["smtp"] && json.ports[0].host == "stalwart.tail1234.ts.net")
                #expect(json.problems.map(\.severity).sorted() == ["error", "warning"])
                #expect(json.problems.allSatisfy { $0.line > 0 && $0.column > 0 && !$0.message.isEmpty })
            }
        }

        @Test func `a policy that is no HuJSON ends with 1 and its position`() async throws {
            try await Self.run { host, policy in
                try policy.write("{\n  \"grants\": [,]\n}\n")
                let text = try await Answer.tailwart(["acl", "--check", policy.path], on: host)
                #expect(text.exitCode == 1)
                #expect(text.errors.hasPrefix("\(policy.path):2:14: error: "))
                let json = try await Answer.tailwart(["acl", "--check", policy.path, "--json"], on: host)
                #expect(json.exitCode == 1)
                let answer = try JSONDecoder().decode(JSONAnswer.self, from: Data(json.output.utf8))
                #expect(!answer.ok && answer.problems.map(\.line) == [2])
            }
        }

        @Test func `a file that is not there ends with 3`() async throws {
            try await Self.run { host, _ in
                let policy = try await Answer.tailwart(["acl", "--check", "none.hujson"], on: host)
                #expect(policy.exitCode == 3)
                #expect(policy.errors == "none.hujson: there is no such file; name the policy file with --check.\n")
                let configuration = try await Answer.tailwart(["acl", "--config", "none.yaml"], on: host)
                #expect(configuration.exitCode == 3)
            }
        }

        @Test func `a folder in place of the policy is said`() async throws {
            try await Self.run { host, _ in
                let answer = try await Answer.tailwart(["acl", "--check", "."], on: host)
                #expect(answer.exitCode == 3)
                #expect(answer.errors == ".: it is a folder; name the file in it.\n")
            }
        }

        @Test(arguments: [
            ["--json"], ["--strict"], ["--format", "table"], ["--edge-tag", "edge"], ["--mailbox-tag", "tag:a b"],
            ["--mailbox-tag", "wb=tag:web"], ["--mailbox-tag", "web=web"],
            ["--mailbox-tag", "tag:a", "--mailbox-tag", "tag:b"], ["--check", ""],
            ["--mailbox-tag", "web=tag:a", "--mailbox-tag", "web=tag:b"],
        ])
        func `wrong use ends with 2`(options: [String]) async throws {
            try await Self.run { host, _ in
                let answer = try await Answer.tailwart(["acl"] + options, on: host)
                #expect(answer.exitCode == 2, "\(answer.errors)")
                #expect(answer.output.isEmpty)
            }
        }

        @Test func `a mailbox that is not on the tailnet needs no grant`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write("mailbox: {address: 192.168.1.20}\n")
                for options in [[], ["--check", "tailwart.yaml"]] {
                    let answer = try await Answer.tailwart(["acl"] + options, on: host)
                    #expect(answer.exitCode == 1)
                    #expect(answer.output.isEmpty)
                    #expect(answer.errors.contains("mailbox at 192.168.1.20 on 25, 465, 587, 993"), "\(answer.errors)")
                    #expect(answer.errors.contains("Nothing is dialled over the tailnet"))
                }
            }
        }

        /// The blocks between fences of docs/acl.md, in order.
        private static func documentedBlocks() throws -> [String] {
            let page = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/acl.md")
            let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n```")
            // Every other part is inside of a fence; its first line is the language.
            return parts.enumerated().filter { $0.offset % 2 == 1 }.map { part in
                part.element.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
                    .joined(separator: "\n") + "\n"
            }
        }

        @Test func `the page on the policy shows what the program says`() async throws {
            let blocks = try Self.documentedBlocks()
            try #require(blocks.count >= 5)
            let example = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appending(path: "examples/usual.yaml")
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(try String(contentsOf: example, encoding: .utf8))
                let tailnet = ["TS_TAILNET=tail1234.ts.net"]
                let printed = try await Answer.tailwart(["acl"], on: host, environment: tailnet)
                #expect(blocks[0].contains("tailwart acl\n"))
                #expect(blocks[1] == printed.output)
                try host.folder.file("policy.hujson").write(blocks[2])
                let checked = try await Answer.tailwart(
                    ["acl", "--check", "policy.hujson"], on: host, environment: tailnet)
                #expect(blocks[3].contains("tailwart acl --check policy.hujson\n"))
                #expect(blocks[4] == checked.output)
            }
        }

        @Test func `a bad configuration ends with 1 and its problems`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write("mailbox: {adress: a}\n")
                let answer = try await Answer.tailwart(["acl"], on: host)
                #expect(answer.exitCode == 1)
                #expect(answer.errors.contains("did you mean 'address'?"))
            }
        }
    }
}
