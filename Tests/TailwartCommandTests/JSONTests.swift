import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// What commands print with `--json`, held against the tables of docs/json.md.
    @Suite struct JSONAnswers {
        /// One way in which a command is run.
        struct Run: Sendable, CustomTestStringConvertible {
            let arguments: [String]
            let exitCode: Int32
            /// Before the command, as `sh -c` has it.
            var before = ""
            /// Runs meanwhile.
            var edge: RunningEdge?

            init(_ exitCode: Int32, _ arguments: String, before: String = "", edge: RunningEdge? = nil) {
                self.exitCode = exitCode
                self.arguments = arguments.split(separator: " ").map(String.init)
                self.before = before
                self.edge = edge
            }

            var testDescription: String { "\(arguments.joined(separator: " ")): \(exitCode)" }
        }

        private static let init0 = "init --domain example.org --mailbox 100.64.0.7 --no-web --form binary --into"

        /// Good, not good, could not be done; `PORT` is one where somebody listens.
        static let runs: [Run] = [
            Run(0, "check"), Run(0, "check --config warned.yaml"), Run(1, "check --config bad.yaml"),
            Run(3, "check --config none.yaml"), Run(3, "check --config folder"), Run(1, "check --config nginx.conf"),
            Run(1, "check --host --config edge.yaml"), Run(1, "check --host --config bad.yaml"),
            Run(3, "check --host --config none.yaml"), Run(0, "check --notify"),
            Run(1, "check --notify --config told.yaml"), Run(3, "check --notify --config none.yaml"),
            Run(3, "check", before: "rm tailwart.yaml"),
            Run(0, "config"), Run(1, "config --config bad.yaml"), Run(3, "config --config none.yaml"),
            Run(0, "import nginx.conf"), Run(1, "import refused.conf"), Run(1, "import --partial refused.conf"),
            Run(1, "import latin.conf"), Run(2, "import tailwart.yaml"), Run(3, "import none.conf"),
            Run(3, "import folder"),
            Run(0, "\(init0) new"), Run(3, "\(init0) taken", before: "\(init0) taken"),
            Run(3, "\(init0) tailwart.yaml"), Run(2, "init --domain example.org"),
            Run(0, "install --root root"), Run(0, "install --root root --dry-run"),
            Run(0, "install --root root --uninstall", before: "install --root root"),
            Run(1, "install --root blocked"), Run(3, "install --root none"),
            Run(0, "acl --check policy.hujson"), Run(1, "acl --check empty.hujson"), Run(1, "acl --check bad.yaml"),
            Run(1, "acl --check wide.hujson --strict"), Run(1, "acl --check policy.hujson --config bad.yaml"),
            Run(1, "acl --check policy.hujson --config edge.yaml"), Run(3, "acl --check none.hujson"),
            Run(3, "acl --check policy.hujson --config none.yaml"),
            Run(0, "records --ipv4 203.0.113.7"), Run(1, "records --ipv4 100.64.0.5"),
            Run(1, "records --ipv4 9.9.9.9 --config bad.yaml"), Run(3, "records --ipv4 9.9.9.9 --config none.yaml"),
            Run(0, "trust --edge-address 100.64.0.5"), Run(1, "trust --edge-address 100.64.0.5 --config bad.yaml"),
            Run(3, "trust --edge-address 100.64.0.5 --config none.yaml"),
            Run(0, "lint-secrets tailwart.yaml"), Run(1, "lint-secrets secret.yaml"), Run(3, "lint-secrets none.yaml"),
            Run(3, "lint-secrets none.yaml secret.yaml"), Run(3, "lint-secrets --staged"),
            Run(0, "gate --once --tcp 127.0.0.1:PORT"), Run(1, "gate --once --tailscale --tcp 127.0.0.1:PORT"),
            Run(1, "gate --timeout 300ms --tcp 127.0.0.1:2"), Run(127, "gate --tcp 127.0.0.1:PORT -- no-such-command"),
            Run(0, "version"),
            Run(0, "status", edge: .good), Run(1, "status", edge: .bad), Run(3, "status"),
            Run(0, "probe", edge: .good), Run(1, "probe", edge: .bad), Run(3, "probe"),
            Run(3, "probe nobody", edge: .good),
            Run(0, "connections", edge: .good), Run(3, "connections"),
            Run(0, "ban add 203.0.113.7 --for 1h", edge: .good), Run(0, "ban why 203.0.113.7", edge: .good),
            Run(0, "ban list", edge: .good), Run(0, "ban remove 203.0.113.7", edge: .good), Run(3, "ban list"),
            Run(0, "reload", edge: .changed), Run(0, "reload --dry-run", edge: .changed),
            Run(1, "reload", edge: .broken), Run(3, "reload"),
        ]

        private static let files: KeyValuePairs<String, String> = [
            "tailwart.yaml":
                "mailbox: {address: stalwart.tail1234.ts.net, hostname: mail.example.org, domains: [example.org]}\n",
            "warned.yaml": "mailbox: {address: stalwart.tail1234.ts.net, proxy_protocol: none}\n",
            "told.yaml":
                "mailbox: {address: stalwart.tail1234.ts.net}\nnotify: [{command: [/bin/true]}, {command: [/bin/false]}]\n",
            "bad.yaml": "mailbox: {adress: x}\ndrain: soon\n",
            "edge.yaml": """
            tailscale: off
            upstreams: {mailbox: {endpoints: ["127.0.0.1:2"], health: {timeout: 1s}}}
            listeners: [{name: smtp, bind: ["127.0.0.1:PORT"], protocol: smtp, to: mailbox}]

            """,
            "nginx.conf": "stream { server { listen 25; proxy_pass 192.0.2.1:25; } }\n",
            "refused.conf": """
            stream {
              server { listen 25; proxy_pass 192.0.2.1:25; }
              server { listen 26; proxy_pass $elsewhere; }
            }

            """,
            "empty.hujson": "{\"grants\": []}\n", "wide.hujson": "{}\n",
            "secret.yaml": "database:\n  password: hunter2-hunter2\n",
        ]

        /// The keys of each command, those of every one included, in the order of the page.
        private static func documented() throws -> [String: [String]] {
            let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "docs/json.md")
            var tables: [String: [String]] = [:]
            var section = ""
            for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
                if line.hasPrefix("### ") {
                    section = String(line.dropFirst(4))
                } else if let key = line.firstMatch(of: #/^\| `([^`]+)` \|/#)?.1, !section.isEmpty {
                    tables[section, default: []].append(String(key))
                }
            }
            let usual = try #require(tables["Every command"])
            tables["Every command"] = nil
            return tables.mapValues { usual + $0 }
        }

        private static func isTop(_ key: String) -> Bool { !key.contains(".") }

        private static func bare(_ key: String) -> String { key.replacing("[]", with: "") }

        /// The keys of a value with those of the objects in it, as the page writes them. Each object of a list must have all that the page
        /// has for it.
        private static func keys(of value: JSON, under prefix: String, _ documented: [String]) -> [String] {
            (value.members ?? []).flatMap { member -> [String] in
                let isList = member.value.list != nil
                let key = prefix + member.key + (isList ? "[]" : "")
                let inner = documented.filter { $0.hasPrefix("\(key).") && !$0.dropFirst(key.count + 1).contains(".") }
                let objects = member.value.list ?? (member.value.members == nil ? [] : [member.value])
                for one in objects {
                    #expect(
                        (one.members ?? []).map(\.key) == inner.map { bare(String($0.dropFirst(key.count + 1))) },
                        "\(key)")
                }
                return [key] + objects.flatMap { keys(of: $0, under: "\(key).", documented) }
            }
        }

        private static func answer(_ run: Run) async throws -> Answer {
            var answer: Answer?
            try await TestHost.run { host in
                let listener = try TestListener()
                let port = try "\(listener.address.port)"
                for (name, text) in files { try host.folder.file(name).write(text.replacing("PORT", with: port)) }
                try Data([0x23, 0xE9, 0x0A]).write(to: URL(filePath: host.folder.file("latin.conf").path))
                try FileManager.default.createDirectory(
                    atPath: host.folder.file("folder").path, withIntermediateDirectories: false)
                for root in ["root", "blocked"] { try Install.makeRoot(root, on: host) }
                try FileManager.default.createSymbolicLink(
                    atPath: "\(host.folder.path)/blocked/usr", withDestinationPath: "nowhere")
                try host.folder.file("policy.hujson").write(try await Answer.tailwart(["acl"], on: host).output)
                let running = try await run.edge?.start(on: host)
                if run.before.hasPrefix("rm ") {
                    try FileManager.default.removeItem(atPath: host.folder.file(String(run.before.dropFirst(3))).path)
                } else if !run.before.isEmpty {
                    _ = try await Answer.tailwart(run.before.split(separator: " ").map(String.init), on: host)
                }
                var words = run.arguments.map { $0.replacing("PORT", with: port) }
                words.insert("--json", at: 1)
                let environment = [
                    "TS_SOCKET=\(host.folder.path)/none.sock",
                    "TAILWART_ADMIN_SOCKET=\(host.folder.path)/admin.sock",
                ]
                answer = try await Answer.tailwart(words, on: host, environment: environment)
                await running?.end()
                listener.close()
            }
            return try #require(answer)
        }

        @Test(arguments: runs)
        func `an answer is one object with the keys of the page, whatever came of it`(run: Run) async throws {
            let documented = try #require(try Self.documented()[run.arguments[0]])
            let answer = try await Self.answer(run)
            #expect(answer.exitCode == run.exitCode, "\(answer.output)\(answer.errors)")
            #expect(answer.output.hasSuffix("\n") && answer.outputLines.count == 1, "\(answer.output)")
            let json = try JSONReader.read(Array(answer.output.utf8).span, .init(refusesRepeatedKeys: true))

            #expect(json.members?.map(\.key) == documented.filter(Self.isTop).map(Self.bare))
            for key in Self.keys(of: json, under: "", documented) {
                // A list that is empty or a value that is null shows no more than its name.
                #expect(documented.contains(key), "\(key)")
                #expect(key.wholeMatch(of: #/[a-z_]+(\[\])?(\.[a-z_]+(\[\])?)*/#) != nil, "\(key)")
            }
            // A command that takes the gate's place fails after the gate's own answer.
            let isGood = run.exitCode == 0 || run.exitCode == 127
            #expect(json["ok"]?.flag == isGood)
            let problems = json["problems"]?.list ?? []
            let findings = json["findings"]?.list ?? []
            #expect(
                isGood
                    || problems.contains { $0["severity"]?.text != "warning" || run.arguments.contains("--strict") }
                    || findings.contains { $0["result"]?.text == "fail" }, "why is it not good?")
            #expect(!isGood || problems.allSatisfy { $0["severity"]?.text == "warning" })
            #expect(problems.allSatisfy { ["error", "warning", "unknown"].contains($0["severity"]?.text) })
            if run.exitCode == 3 {
                #expect(problems.first?["message"]?.text?.isEmpty == false)
                #expect(!answer.errors.isEmpty, "a person is told too")
            }
        }

        @Test func `each command of the page is run with each outcome, and each has its page`() throws {
            let documented = try Self.documented()
            #expect(Set(documented.keys) == Set(Self.runs.map { $0.arguments[0] }))
            for command in documented.keys where command != "version" {
                let codes = Set(Self.runs.filter { $0.arguments[0] == command }.map(\.exitCode))
                // What keeps a gate from asking cannot be had here: TailwartGateTests has its answer. Nothing is found by `init`, `connections` and `ban`.
                let expected: Set<Int32> =
                    switch command {
                    case "gate": [0, 1]
                    case "init", "connections", "ban": [0, 3]
                    default: [0, 1, 3]
                    }
                #expect(codes.isSuperset(of: expected), "\(command)")
            }
        }

        @Test func `every key of the page is seen in some answer`() async throws {
            let documented = try Self.documented()
            for (command, keys) in documented {
                var seen: Set<String> = []
                for run in Self.runs where run.arguments[0] == command {
                    let json = try JSONReader.read(Array(try await Self.answer(run).output.utf8).span)
                    seen.formUnion(Self.keys(of: json, under: "", keys))
                }
                // Nothing is wrong with a version, and a gate's answer where it cannot ask is tested there.
                let isFree = ["version", "gate"].contains(command)
                let expected = keys.filter { !isFree || !$0.hasPrefix("problems[].") }
                #expect(seen == Set(expected), "\(command)")
            }
        }

        @Test func `help names the keys, in the order of the page`() async throws {
            for (command, keys) in try Self.documented() {
                try await TestHost.run { host in
                    let answer = try await Answer.tailwart([command, "--help"], on: host)
                    let help = answer.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                    let list = keys.filter(Self.isTop).map(Self.bare).joined(separator: ", ")
                    #expect(help.contains("with these keys: \(list)."), "\(help)")
                }
            }
        }

        @Test(arguments: [
            "check --bogus", "gate", "acl", "records --table", "config --schema", "import", "lint-secrets --bogus",
        ])
        func `wrong use prints no answer, as nobody knows what was meant`(arguments: String) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(
                    arguments.split(separator: " ").map(String.init) + ["--json"], on: host)
                #expect(answer.exitCode == 2 && answer.output.isEmpty && !answer.errors.isEmpty)
            }
        }
    }
}
