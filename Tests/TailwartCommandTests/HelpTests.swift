import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct Help {
        private static let commands = [
            "try", "init", "import", "check", "config", "acl", "records", "trust", "install", "run", "status", "probe",
            "connections", "ban", "reload", "drain", "log-level", "gate", "lint-secrets", "version",
        ]

        @Test(arguments: commands)
        func `every command explains itself with an example`(command: String) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart([command, "--help"], on: host)
                #expect(answer.exitCode == 0)
                #expect(answer.output.contains("Example: tailwart \(command)"))
                #expect(answer.output.contains("USAGE: tailwart \(command)"))
                // To be copied, an example is whole on its line, or the shell is told that it goes on.
                for (line, next) in zip(answer.outputLines, answer.outputLines.dropFirst())
                where line.hasPrefix("Example: ") {
                    let isWhole = next.first.map { $0.isUppercase || $0 == "`" } ?? true
                    #expect(isWhole || line.hasSuffix(" \\"), "\(line)")
                }
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

        @Test(arguments: [
            (["statsu"], "There is no command 'statsu'. Did you mean 'status'?"),
            (["help", "chekc"], "There is no command 'chekc'. Did you mean 'check'?"),
            (["lint"], "Did you mean 'lint-secrets'?"), (["helo"], "Did you mean 'help'?"),
        ])
        func `a mistyped command gets the nearest one`(arguments: [String], words: String) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(arguments, on: host)
                #expect(answer.exitCode == 2 && answer.output.isEmpty && answer.errors.contains(words), "\(answer)")
            }
        }

        @Test(arguments: [
            (["check", "--config", ""], "--config names no file"), (["run", "--config", ""], "--config names no file"),
            (["config", "--config", ""], "--config names no file"), (["acl", "--check", ""], "--check names no file"),
            (["records", "--config", ""], "--config names no file"),
            (["trust", "--config", ""], "--config names no file"),
            (["import", ""], "The file has an empty name"), (["lint-secrets", ""], "An empty path names nothing"),
            (["init", "--into", ""], "--into names no folder"), (["install", "--root", ""], "--root names no folder"),
            (["gate", "--tailscale", "--tailscale-socket", ""], "--tailscale-socket names no file"),
            (["gate", "--tailscale", "--postgres-password", ""], "--postgres-password names no variable"),
        ])
        func `an empty name of a file is wrong use`(arguments: [String], words: String) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(arguments, on: host)
                #expect(answer.exitCode == 2 && answer.output.isEmpty)
                #expect(answer.errors.contains("Error: \(words)"), "\(answer.errors)")
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
