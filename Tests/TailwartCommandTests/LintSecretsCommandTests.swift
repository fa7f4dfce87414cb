import Foundation
import TailwartTesting
import Testing

extension CommandTests {
    @Suite struct LintSecrets {
        /// Opens nothing. In two pieces, so that this file passes the lint itself.
        private static let password = "Tr0ub4dor" + "&3"
        private static let bad = "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: \(password)\n"
        private static let good = bad.replacing(password, with: "${POSTGRES_PASSWORD:?}")

        private struct JSONAnswer: Decodable {
            struct Problem: Decodable {
                let file: String
                let line: Int
                let column: Int
                let message: String
                let fix: String
            }

            let ok: Bool
            let textFiles: Int
            let problems: [Problem]
        }

        /// A git repository in a temporary folder, with one good file committed.
        private static func inRepository(_ body: (TestHost) async throws -> Void) async throws {
            try await TestHost.run { host in
                try await git(["init", "--quiet"], on: host)
                try host.folder.file(".gitignore").write(".env\n*.log\n")
                try host.folder.file("compose.yaml").write(good)
                try await git(["add", "."], on: host)
                try await git(["commit", "--quiet", "--message", "Begin"], on: host)
                try await body(host)
            }
        }

        /// Runs git in the test's folder, as nobody in particular and without the machine's settings.
        @discardableResult
        private static func git(
            _ arguments: [String], on host: TestHost, environment: [String] = [], code: Int32 = 0
        ) async throws -> String {
            let identity = [
                "-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main",
            ]
            let settings = ["GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"]
            let process = try host.start(
                "git-\(UUID().uuidString)", try Program("env", package: "coreutils"),
                ["-C", host.folder.path] + settings + environment + ["git"] + identity + arguments)
            let exitCode = try await process.exitCode()
            #expect(exitCode == code, "git \(arguments): \(process.tail)")
            return process.output.text + process.errors.text
        }

        @Test func `a repository is clean until something is written into it`() async throws {
            try await Self.inRepository { host in
                let clean = try await Answer.tailwart(["lint-secrets"], on: host)
                #expect(clean.exitCode == 0, "\(clean.output)\(clean.errors)")
                #expect(clean.output == "No secrets in 1 file; of 1 more only the name was looked at.\n")
                try host.folder.file("compose.yaml").write(Self.bad)
                let found = try await Answer.tailwart(["lint-secrets"], on: host)
                #expect(found.exitCode == 1)
                #expect(
                    found.outputLines.first?.hasPrefix(
                        "compose.yaml:4:26: the value of POSTGRES_PASSWORD is written out; ") == true)
                #expect(found.outputLines.first?.contains("${POSTGRES_PASSWORD}") == true)
                #expect(found.outputLines.last == "1 secret in 1 file; of 1 more only the name was looked at.")
            }
        }

        @Test func `what git ignores is left alone, what it would take is not`() async throws {
            try await Self.inRepository { host in
                try host.folder.file(".env").write("TS_AUTHKEY=\(Self.password)\n")
                #expect(try await Answer.tailwart(["lint-secrets"], on: host).exitCode == 0)
                // Named, it is looked at all the same.
                #expect(try await Answer.tailwart(["lint-secrets", ".env"], on: host).exitCode == 1)
                _ = try host.folder.makeFolder("deploy")
                try host.folder.file("deploy/prod.env").write("TS_AUTHKEY=\(Self.password)\n")
                let found = try await Answer.tailwart(["lint-secrets"], on: host)
                #expect(found.exitCode == 1)
                #expect(found.output.contains("deploy/prod.env:1:1: "))
                #expect(
                    try await Answer.tailwart(["lint-secrets", "compose.yaml", ".gitignore"], on: host).exitCode == 0)
            }
        }

        @Test func `staged means what is staged, not what is in the file`() async throws {
            try await Self.inRepository { host in
                let none = try await Answer.tailwart(["lint-secrets", "--staged"], on: host)
                #expect(none.exitCode == 0 && none.output == "No secrets in 0 files.\n")
                let file = host.folder.file("compose.yaml")
                try file.write(Self.bad)
                #expect(
                    try await Answer.tailwart(["lint-secrets", "--staged"], on: host).exitCode == 0,
                    "it is not staged yet")
                try await Self.git(["add", "compose.yaml"], on: host)
                try file.write(Self.good)
                let staged = try await Answer.tailwart(["lint-secrets", "--staged"], on: host)
                #expect(staged.exitCode == 1, "it is still staged")
                #expect(staged.output.contains("compose.yaml:4:26: "))
                #expect(!staged.output.contains(Self.password))
            }
        }

        @Test func `the first commit, odd names, deletions and links`() async throws {
            try await TestHost.run { host in
                try await Self.git(["init", "--quiet"], on: host)
                _ = try host.folder.makeFolder("a b")
                try host.folder.file("a b/\"ü\"\n.yaml").write(Self.bad)
                try FileManager.default.createSymbolicLink(
                    atPath: host.folder.url.appendingPathComponent("link.yaml").path, withDestinationPath: "a b")
                try await Self.git(["add", "a b", "link.yaml"], on: host)
                let first = try await Answer.tailwart(["lint-secrets", "--staged"], on: host)
                #expect(first.exitCode == 1)
                #expect(first.outputLines.first?.hasPrefix("a b/\"ü\"\\n.yaml:4:26: ") == true, "\(first.output)")
                #expect(first.outputLines.last == "1 secret in 1 file.")
                try await Self.git(["commit", "--quiet", "--message", "Begin"], on: host)
                try await Self.git(["rm", "--quiet", "-r", "a b"], on: host)
                let gone = try await Answer.tailwart(["lint-secrets", "--staged"], on: host)
                #expect(gone.exitCode == 0, "\(gone.output)")
            }
        }

        @Test func `a script can read the answer, which holds no secret`() async throws {
            try await Self.inRepository { host in
                try host.folder.file("compose.yaml").write(Self.bad)
                let answer = try await Answer.tailwart(["lint-secrets", "--json"], on: host)
                #expect(answer.exitCode == 1)
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                let json = try decoder.decode(JSONAnswer.self, from: Data(answer.output.utf8))
                #expect(!json.ok && json.textFiles == 1)
                #expect(json.problems.map { "\($0.file):\($0.line):\($0.column)" } == ["compose.yaml:4:26"])
                #expect(!answer.output.contains(Self.password))
            }
        }

        @Test func `a file that cannot be read is said, and ends with 3`() async throws {
            try await Self.inRepository { host in
                let none = try await Answer.tailwart(["lint-secrets", "none.yaml"], on: host)
                #expect(none.exitCode == 3)
                #expect(none.errors == "none.yaml: cannot be read: No such file or directory; check the path.\n")
                #expect(none.output.isEmpty, "nothing was looked at")
                // What is found in the others is said all the same.
                try host.folder.file(".env").write("A=1\n")
                let both = try await Answer.tailwart(["lint-secrets", "none.yaml", ".env"], on: host)
                #expect(both.exitCode == 3)
                #expect(both.errors.contains("none.yaml: cannot be read: "))
                #expect(
                    both.output.contains(".env:1:1: ")
                        && both.outputLines.last == "1 secret in 0 files; of 1 more only the name was looked at.")
                let device = try await Answer.tailwart(["lint-secrets", "/dev/null"], on: host)
                #expect(device.exitCode == 3 && device.output.isEmpty)
                #expect(device.errors.hasPrefix("/dev/null: not looked at: no regular file; "))
                let empty = try await Answer.tailwart(["lint-secrets", ""], on: host)
                #expect(empty.exitCode == 2 && empty.errors.contains("An empty path names nothing."))
                try host.folder.file("x.bin").write("a\0b")
                let other = try await Answer.tailwart(["lint-secrets", "x.bin"], on: host)
                #expect(other.output == "No secrets in 0 files; of 1 more only the name was looked at.\n")
                let outside = try TemporaryFolder()
                defer { outside.remove() }
                let unknown = try await Answer.tailwart(["lint-secrets", outside.path], on: host)
                #expect(unknown.exitCode == 3 && unknown.output.isEmpty)
                #expect(
                    unknown.errors.contains("not looked at: git failed: ") && unknown.errors.contains("name the files"))
            }
        }

        @Test func `staged outside of a work tree ends with 3 and says what to do`() async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["lint-secrets", "--staged"], on: host)
                #expect(answer.exitCode == 3)
                #expect(answer.errors.contains("git work tree"), "\(answer.errors)")
            }
        }

        // MARK: The hook

        private static func installHook(on host: TestHost) throws -> [String] {
            let hook = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "examples/pre-commit")
            let hooks = host.folder.url.appendingPathComponent(".git/hooks", isDirectory: true)
            try FileManager.default.createDirectory(at: hooks, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: hook, to: hooks.appendingPathComponent("pre-commit"))
            return ["TAILWART=\(try Program.edge().path)"]
        }

        @Test func `the hook stops a commit with a secret, and lets the next one pass`() async throws {
            try await Self.inRepository { host in
                let environment = try Self.installHook(on: host)
                let file = host.folder.file("compose.yaml")
                try file.write(Self.bad)
                let refused = try await Self.git(
                    ["commit", "--quiet", "--all", "--message", "Leak"], on: host, environment: environment, code: 1)
                #expect(refused.contains("compose.yaml:4:26: the value of POSTGRES_PASSWORD"))
                #expect(refused.contains("nothing was committed"))
                #expect(!refused.contains(Self.password))
                #expect(try await Self.git(["log", "--format=%s"], on: host) == "Begin\n")
                try file.write(Self.good + "# mended\n")
                try await Self.git(
                    ["commit", "--quiet", "--all", "--message", "Mend"], on: host, environment: environment)
                #expect(try await Self.git(["log", "--format=%s"], on: host) == "Mend\nBegin\n")
            }
        }

        /// `git commit FILE` gives the hook an index of its own.
        @Test func `the hook looks at what is committed when that is only a part`() async throws {
            try await Self.inRepository { host in
                let environment = try Self.installHook(on: host)
                try host.folder.file("other.yaml").write("a: 1\n")
                try host.folder.file("compose.yaml").write(Self.bad)
                try await Self.git(["add", "other.yaml", "compose.yaml"], on: host)
                try await Self.git(
                    ["commit", "--quiet", "--message", "Part", "other.yaml"], on: host, environment: environment)
                try await Self.git(
                    ["commit", "--quiet", "--message", "Rest", "compose.yaml"], on: host, environment: environment,
                    code: 1)
            }
        }

        @Test func `the hook does not let pass what it cannot check`() async throws {
            try await Self.inRepository { host in
                _ = try Self.installHook(on: host)
                try host.folder.file("compose.yaml").write(Self.good + "# more\n")
                let refused = try await Self.git(
                    ["commit", "--quiet", "--all", "--message", "More"], on: host,
                    environment: ["TAILWART=/none/tailwart"],
                    code: 1)
                #expect(refused.contains("'/none/tailwart' is not there"))
            }
        }
    }
}
