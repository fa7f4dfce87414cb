import TailwartTesting
import Testing

extension CommandTests {
    /// What a shell offers behind a word, asked for as its script does it, and once by bash itself.
    @Suite struct Completions {
        private static let file = """
            mailbox: {address: 192.0.2.7, ports: [25, 993], domains: [example.org]}
            web: 127.0.0.1:8443
            """

        /// - Parameters:
        ///   - line: the words of the command line, of which the last one is being typed.
        ///   - argument: as the script names it.
        private func complete(
            _ line: String, _ argument: String, on host: TestHost
        ) async throws -> Answer {
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            return try await Answer.tailwart(
                ["---completion", words[1], "--", argument, "\(words.count - 1)", "\(words.last?.count ?? 0)"] + words,
                on: host,
                environment: ["SAP_SHELL=bash", "TAILWART_ADMIN_SOCKET=\(host.folder.path)/admin.sock"])
        }

        @Test func `names of upstreams and listeners come from the file`() async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(Self.file)
                let upstreams = try await complete("tailwart probe ", "positional@0", on: host)
                #expect(upstreams.exitCode == 0 && upstreams.outputLines == ["mailbox", "web"], "\(upstreams)")
                let listeners = try await complete("tailwart connections --listener ", "--listener", on: host)
                #expect(listeners.outputLines == ["smtp", "imaps", "https"], "\(listeners)")

                try host.folder.file("other.yaml").write("mailbox: {address: 192.0.2.7, ports: [25]}\n")
                let named = try await complete(
                    "tailwart connections --config other.yaml --listener ", "--listener", on: host)
                #expect(named.outputLines == ["smtp"], "\(named)")
            }
        }

        @Test(arguments: [nil, "mailbox: {adress: x}\n"])
        func `without a good file nothing is offered, and nothing said`(text: String?)
            async throws
        {
            try await TestHost.run { host in
                if let text { try host.folder.file("tailwart.yaml").write(text) }
                for (line, argument) in [
                    ("tailwart probe ", "positional@0"), ("tailwart connections --listener ", "--listener"),
                    ("tailwart ban remove ", "positional@1"), ("tailwart connections close ", "positional@1"),
                ] {
                    let answer = try await complete(line, argument, on: host)
                    #expect(answer.exitCode == 0, "\(answer)")
                    #expect(answer.outputLines.joined().isEmpty && answer.errors.isEmpty, "\(answer)")
                }
            }
        }

        @Test func `a running edge knows its upstreams, its connections and who is banned`() async throws {
            try await TestHost.run { host in
                let running = try await RunningEdge.good.start(on: host)
                let environment = ["TAILWART_ADMIN_SOCKET=\(host.folder.path)/admin.sock"]
                for network in ["203.0.113.7", "2001:db8::/32"] {
                    let ban = try await Answer.tailwart(["ban", "add", network], on: host, environment: environment)
                    #expect(ban.exitCode == 0, "\(ban)")
                }
                let banned = try await complete("tailwart ban remove ", "positional@1", on: host)
                #expect(Set(banned.outputLines) == ["203.0.113.7", "2001:db8::/32"], "\(banned)")
                let new = try await complete("tailwart ban add ", "positional@1", on: host)
                #expect(new.outputLines.joined().isEmpty, "nobody is banned twice")
                let upstreams = try await complete("tailwart probe ", "positional@0", on: host)
                #expect(upstreams.outputLines == ["mailbox"], "\(upstreams)")
                await running.end()
            }
        }

        /// As bash does it when somebody presses the tab key, in a folder with a file and a folder.
        @Test(arguments: [
            ("probe ma", "mailbox"), ("connections --listener im", "imaps"), ("check --config ", "tailwart.yaml"),
            ("config --config tail", "tailwart.yaml"), ("status --socket ", "tailwart.yaml"),
            ("acl --check ", "tailwart.yaml"), ("import ", "tailwart.yaml"),
            ("gate --tailscale-socket ", "tailwart.yaml"), ("lint-secrets ", "tailwart.yaml"),
            ("init --into ", "folder"), ("install --root ", "folder"), ("init --form ", "systemd"),
            ("init --network ", "headscale"), ("trust ", "postfix"), ("import --from ", "haproxy"),
            ("log-level ", "warning"), ("ban ", "why"), ("ban remove 192.0.2.7 --layer ", "strikes"),
            ("acl --format ", "grants"), ("connections --sort ", "bytes"), ("inst", "install"),
        ])
        func `bash offers names, files and values`(line: String, offered: String) async throws {
            try await TestHost.run { host in
                try host.folder.file("tailwart.yaml").write(Self.file)
                _ = try host.folder.makeFolder("folder")
                let script = """
                    program=$1
                    source <("$program" --generate-completion-script bash)
                    tailwart() { command "$program" "$@"; }
                    COMP_LINE="tailwart $2" COMP_POINT=${#COMP_LINE} COMP_WORDS=($COMP_LINE)
                    [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
                    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                    _tailwart tailwart "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                    printf '%s\\n' "${COMPREPLY[@]}"
                    """
                let bash = try host.start(
                    "bash", Program("env", package: "coreutils"),
                    [
                        "-C", host.folder.path, "TAILWART_ADMIN_SOCKET=\(host.folder.path)/admin.sock",
                        try Program("bash", package: "bash").path, "-c", script, "bash", try Program.edge().path, line,
                    ])
                #expect(try await bash.exitCode(within: .seconds(60)) == 0, "\(bash.tail)")
                #expect(bash.output.lines.contains(Substring(offered)), "\(bash.tail)")
            }
        }

        @Test(arguments: ["bash", "zsh", "fish"]) func `the script of each shell asks for names where they are known`(
            shell: String
        )
            async throws
        {
            try await TestHost.run { host in
                let script = try await Answer.tailwart(["--generate-completion-script", shell], on: host)
                #expect(script.exitCode == 0)
                for asked in [
                    "probe -- positional@0", "connections -- positional@1", "connections -- --listener",
                    "ban -- positional@1",
                ] {
                    #expect(script.output.contains("---completion \(asked)"), "\(asked)")
                }
            }
        }
    }
}
