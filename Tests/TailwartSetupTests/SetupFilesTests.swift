import Foundation
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartWire
import Testing

struct SetupFilesTests {
    private static let root = Golden.folder.appending(path: "../../..").standardized

    static let answers: [SetupAnswers] = SetupAnswers.Form.allCases.flatMap { form in
        [
            SetupAnswers(
                domains: ["example.org", "example.com"], mailbox: .machine("stalwart", tailnet: "tail1234.ts.net"),
                web: "127.0.0.1:8443", form: form),
            SetupAnswers(
                domains: ["example.org"], mailbox: .whole("192.168.1.20"), network: .other, web: nil, form: form),
            SetupAnswers(
                domains: ["example.org"], hostname: "mx.example.org",
                mailbox: .machine("stalwart", tailnet: "tail.example.org"), network: .headscale(owner: "alice@"),
                web: nil, form: form),
            SetupAnswers(domains: ["example.org"], mailbox: .whole("fd7a:115c:a1e0::7"), web: "[::1]:8443", form: form),
            SetupAnswers(
                domains: ["example.org"], mailbox: .whole("mail.example.net"), web: "unix:/run/web.sock", form: form),
        ]
    }

    private func files(_ answers: SetupAnswers) throws -> SetupFiles {
        try SetupFiles(answers, schema: "{}\n")
    }

    private func find(_ path: String, in files: SetupFiles) -> String? { files.files.first { $0.path == path }?.text }

    @Test(arguments: answers) func `the configuration that is written stands for the answers`(answers: SetupAnswers)
        throws
    {
        let files = try files(answers)
        let text = try #require(find(answers.form.configurationPath, in: files))
        #expect(text.hasPrefix("# yaml-language-server: $schema=./tailwart.schema.json\n"))
        let result = Configuration.load(text: text, file: "tailwart.yaml", environment: [:])
        let configuration = try #require(result.configuration, "\(result.problems)")
        #expect(result.problems.isEmpty)
        #expect(EdgeFacade(configuration).domains == answers.domains)
        let names = configuration.listeners.flatMap(\.routes).flatMap { $0.match?.serverNames ?? [] }
        #expect(names.contains { $0.name == answers.hostname })
        #expect(configuration.mailHostnames == [answers.hostname])
        #expect(
            configuration.upstreams.first?.certificateNames == [answers.hostname], "so probes look for it on mail ports"
        )
        let hosts = configuration.upstreams.map { $0.endpoints.map(\.text) }
        switch answers.mailbox {
        case .machine(let machine, let tailnet): #expect(hosts.first == ["\(machine).\(tailnet)"])
        case .whole(let host): #expect(hosts.first == [host])
        }
        #expect(configuration.upstreams.first { $0.name == "web" }?.endpoints.first?.text == answers.web)
    }

    @Test(arguments: answers) func `the schema lies where the configuration looks for it`(answers: SetupAnswers) throws
    {
        let paths = try files(answers).files.map(\.path)
        let folder = answers.form == .compose ? "tailwart/" : ""
        #expect(
            Set(paths).isSuperset(of: ["\(folder)tailwart.yaml", "\(folder)tailwart.schema.json"]))
        let hasVariables = if case .machine = answers.mailbox { answers.form != .binary } else { false }
        #expect(paths.contains(".env.example") == hasVariables)
        #expect(paths.contains("policy.hujson") == (answers.network != .other))
        #expect(paths.contains("compose.yaml") == (answers.form == .compose))
        #expect(paths.contains("tailwart.service") == (answers.form == .systemd))
    }

    @Test func `Postfix and Dovecot get ports of their own for the edge, and no 443`() throws {
        let answers = SetupAnswers(
            domains: ["example.org", "example.com"], mailbox: .whole("mail.lan"), network: .other, server: .postfix,
            web: nil,
            form: .systemd)
        let files = try files(answers)
        #expect(
            DialledPort.all(in: files.configuration)
                == [
                    DialledPort(.smtp, port: 10025), DialledPort(.submissions, port: 10465),
                    DialledPort(.imaps, port: 10993),
                ])
        for server in [MailServer.postfix, .dovecot] {
            #expect(TrustGuide(server, files.configuration, edges: [.v4(0x0a09_0001)]).warnings.isEmpty)
        }
        let commands = files.steps().flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("  ") }
        #expect(Set(commands).isSuperset(of: ["  tailwart trust postfix", "  tailwart trust dovecot"]))
        #expect(commands.contains("  tailwart records --domain example.org --domain example.com"))
        #expect(!commands.contains { $0.contains(":25") }, "a tailnet's policy grants only the ports of its own")
    }

    @Test func `the variables of the environment win over what was answered`() throws {
        let text = try #require(find("tailwart/tailwart.yaml", in: files(Self.answers[0])))
        let environment = ["STALWART_MAGIC_NAME": "other", "TS_TAILNET": "example.net"]
        let configuration = Configuration.load(text: text, file: "", environment: environment).configuration
        #expect(configuration?.upstreams.first?.endpoints.map(\.text) == ["other.example.net"])
    }

    @Test(arguments: answers.filter { $0.form == .compose })
    func `the environment has every variable that the compose file insists on`(answers: SetupAnswers) throws {
        let files = try files(answers)
        let compose = try #require(find("compose.yaml", in: files))
        let environment = find(".env.example", in: files) ?? ""
        let needed = compose.matches(of: #/\$\{([A-Z_]+):\?/#).map { String($0.output.1) }
        let hasVariables = if case .machine = answers.mailbox { true } else { false }
        #expect(needed.isEmpty != hasVariables)
        for name in needed { #expect(environment.contains(try Regex("(?m)^\(name)=.+$")), "\(name)") }
        #expect(!compose.contains("build:"), "the repository is not there")
        #expect(compose.contains("\n    network_mode: host\n"), "what follows it is")
    }

    @Test func `without a tailnet nothing waits for one`() throws {
        for answers in Self.answers where answers.network == .other {
            let files = try files(answers)
            #expect(files.configuration.tailscale == nil)
            let written = files.files.filter { ["compose.yaml", ".env.example"].contains($0.path) }.map(\.text)
            for text in written + files.steps() {
                #expect(!text.lowercased().contains("tailscale") && !text.contains("tailnet"), "\(text)")
            }
            let compose = find("compose.yaml", in: files)
            #expect(compose?.contains("      - bans:/var/lib/tailwart\n") != false)
            #expect(compose?.contains("[CMD, tailwart, gate, --once, --mail, ") != false)
        }
    }

    @Test func `before it is started it is checked, and a new Stalwart's missing port is not asked for`() throws {
        for answers in Self.answers {
            let files = try files(answers)
            let start = try #require(files.steps().first { $0.hasPrefix("Start: ") })
            let config = answers.form == .compose ? " --config tailwart/tailwart.yaml" : ""
            #expect(start.firstMatch(of: #/\n  (.+)\n/#)?.output.1 == "sudo tailwart check --host\(config)")
            #expect(!files.configuration.listeners.flatMap(\.bind).contains { $0.port == 587 })
        }
    }

    @Test(arguments: [
        ("deploy/edge/compose.yaml", ComposeFile.text), ("deploy/systemd/tailwart.service", UnitFile.text),
    ])
    func `the texts in the program are those of the repository`(path: String, text: String) throws {
        #expect(try String(contentsOf: Self.root.appending(path: path), encoding: .utf8) == text)
    }

    @Test func `the policy for Headscale has an owner that it knows, and tests only when the devices are there`() throws
    {
        let answers = try #require(Self.answers.first { $0.network == .headscale(owner: "alice@") })
        let policy = try #require(find("policy.hujson", in: files(answers)))
        #expect(policy.contains(#""tag:stalwart": ["alice@"],"#))
        #expect(!policy.contains("autogroup:admin") && !policy.contains("\"tests\""))
        _ = try Policy(Array(policy.utf8))
        #expect(try find("policy.hujson", in: files(Self.answers[0]))?.contains("\"tests\"") == true)
    }

    @Test func `answers that do not go together are refused before anything is written`() {
        let answers = SetupAnswers(
            domains: ["example.org"], mailbox: .whole("100.64.0.7"), web: "127.0.0.1:443", form: .binary)
        #expect {
            _ = try files(answers)
        } throws: { error in
            "\(error)".contains("contradict each other") && "\(error)".contains("443")
        }
    }

    @Test func `a command of a step is whole on a line of its own`() throws {
        for answers in Self.answers {
            let files = try files(answers)
            for command in files.steps().flatMap({ $0.split(separator: "\n") }).filter({ $0.hasPrefix("  ") }) {
                #expect(
                    files.stepsText(in: ".").contains("\n    \(command)\n")
                        || files.stepsText(in: ".").hasSuffix("\n    \(command)"))
            }
            // Of what stands in a sentence nothing is long enough to be torn.
            #expect(files.steps().allSatisfy { !$0.contains(#/`[^`\n]{50,}`/#) })
        }
    }

    @Test func `the steps are in the order in which they work`() throws {
        for answers in Self.answers {
            let steps = try files(answers).steps()
            let order = steps.map { String($0.prefix { $0 != ":" }) }
            let isHeadscale = if case .headscale = answers.network { true } else { false }
            #expect(
                order == (answers.network == .other ? [] : ["Policy", "Tailnet"])
                    + ["Mailbox", "Trust", "Firewall", "Start", "DNS", "Certificate", "Check"]
                    + (isHeadscale ? ["Tests"] : []))
            #expect(steps.contains { $0.contains("TCP 25, 443, 465, 993") })
        }
        let text = try files(Self.answers[0]).stepsText(in: "a; b/ü's")
        #expect(text.contains("\n      cd a\\;\\ b/ü\\'s\n"))
        let here = try files(Self.answers[0]).stepsText(in: "")
        #expect(!here.contains(" cd "))
        try Golden.expect(files(Self.answers[0]).stepsText(in: ".") + "\n", "init-steps.txt")
    }
}
