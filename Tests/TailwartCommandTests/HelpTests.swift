import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Help {
        private static let commands = [
            "run", "try", "status", "connections", "reload", "drain", "log-level", "check", "config", "gate", "import",
            "init", "acl", "records", "trust", "lint-secrets",
            "version",
        ]

        @Test(arguments: commands)
        func `every command explains itself with an example`(command: String) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart([command, "--help"], on: host)
                #expect(answer.exitCode == 0)
                #expect(answer.output.contains("Example: tailwart \(command)"))
                #expect(answer.output.contains("USAGE: tailwart \(command)"))
            }
        }

        @Test func `the list of commands is whole`() async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["--help"], on: host)
                #expect(answer.exitCode == 0)
                let listed = answer.outputLines.drop { $0 != "SUBCOMMANDS:" }
                    .compactMap { $0.wholeMatch(of: #/  ([a-z-]+) .*/#).map { String($0.1) } }
                #expect(listed == Self.commands)
            }
        }

        @Test(arguments: [
            ["check", "--bogus"], ["nonsense"], ["run", "more"], ["try", "--for", "soon"], ["check", "--config"],
            ["help", "nope"], ["help", "check", "nope"],
        ])
        func `wrong use is told apart from a bad file`(arguments: [String]) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(arguments, on: host)
                #expect(answer.exitCode == 2)
                #expect(answer.output.isEmpty)
                #expect(answer.errors.contains("--help"), "the next step is named")
            }
        }

        private struct Version: Decodable {
            let version: String
            let commit: String
            let swift: String
            let features: [String]
        }

        @Test func `the version is told to people and to scripts`() async throws {
            try await TestHost.run { host in
                let text = try await Answer.tailwart(["version"], on: host)
                let json = try await Answer.tailwart(["version", "--json"], on: host)
                #expect(text.exitCode == 0 && json.exitCode == 0)
                let version = try JSONDecoder().decode(Version.self, from: Data(json.output.utf8))
                #expect(
                    text.outputLines.first
                        == "tailwart \(version.version) (commit \(version.commit), Swift \(version.swift))")
                #expect(!version.features.isEmpty)
            }
        }
    }
}
