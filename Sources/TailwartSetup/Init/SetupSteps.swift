import TailwartConfig
package import TailwartCore
import TailwartWire

extension SetupFiles {
    /// One thing that is left to do by hand.
    private struct Step {
        enum Part {
            case say(String)
            case run([String])
        }

        let name: String
        let parts: [Part]

        init(_ name: String, _ parts: Part...) { self.init(name, parts) }

        init(_ name: String, _ parts: [Part]) {
            self.name = name
            self.parts = parts
        }

        /// Its lines, sentences no wider than this, and commands whole and one on each line.
        func lines(width: Int) -> [String] {
            parts.enumerated().flatMap { number, part -> [String] in
                switch part {
                case .say(let sentences): Prose.wrap(number == 0 ? "\(name): \(sentences)" : sentences, width: width)
                case .run(let commands): commands.map { "  \($0)" }
                }
            }
        }
    }

    /// What is left to do by hand, in the order in which it works, each with what is right to see then. Commands are for the folder of the
    /// files.
    package func steps() -> [String] { all.map { $0.lines(width: .max).joined(separator: "\n") } }

    private var all: [Step] { tailnet + [mailbox, trust, firewall, start, dns, certificate, check] + testsOfThePolicy }

    /// The policy comes before the hosts: a key carries only a tag that the policy knows.
    private var tailnet: [Step] {
        let (edge, mailbox) = (PolicyTags.usualEdge, PolicyTags.usualMailbox)
        let name = answers.machine.map { " --hostname=\($0)" } ?? ""
        let peer = answers.machine.map { " --peer \($0)" } ?? ""
        let seen = [
            Step.Part.say("Check it on the edge:"),
            .run(["tailwart gate --once --tailscale\(peer) && echo on the tailnet"]),
        ]
        func join(_ edge: String, _ mailbox: String) -> [Step.Part] {
            [
                .say("On the edge:"), .run(["sudo tailscale up \(edge)"]), .say("On the mailbox's host:"),
                .run(["sudo tailscale up \(mailbox)\(name)"]),
            ] + seen
        }
        switch answers.network {
        case .tailscale:
            return [
                Step(
                    "Policy",
                    .say(
                        "paste the sections of policy.hujson into the tailnet's policy file (https://login.tailscale.com/admin/acls). "
                            + "Then copy the whole policy file into policy.hujson, and check it:"),
                    .run(["tailwart acl\(config) --check policy.hujson"])),
                Step(
                    "Tailnet",
                    [
                        .say(
                            "make two keys (https://login.tailscale.com/admin/settings/keys), one with the tag \(edge) and one with the "
                                + "tag \(mailbox).")
                    ]
                        + join(
                            "--auth-key=KEY --advertise-tags=\(edge)", "--auth-key=KEY --advertise-tags=\(mailbox)")),
            ]
        case .headscale(let owner):
            return [
                Step(
                    "Policy",
                    .say(
                        "put the sections of policy.hujson into Headscale's policy file, check that file, and have Headscale reload it "
                            + "(SIGHUP):"),
                    .run(["headscale policy check --file FILE"])),
                Step(
                    "Tailnet",
                    [
                        .say("make two keys on Headscale's host. ID is the number of \(owner) in the first list:"),
                        .run([
                            "headscale users list", "headscale preauthkeys create --user ID --tags \(edge)",
                            "headscale preauthkeys create --user ID --tags \(mailbox)",
                        ]),
                    ] + join("--login-server=URL --auth-key=KEY", "--login-server=URL --auth-key=KEY")),
            ]
        case .other: return []
        }
    }

    private var mailbox: Step {
        // The ports of its own come with the next step.
        if answers.server == .postfix { return Step("Mailbox", .say("start Postfix and Dovecot.")) }
        return Step(
            "Mailbox",
            .say("start the mail server; if it needs a database server, start that first. Check it on the edge:"),
            .run([
                "tailwart gate --once\(answers.isUserspace ? " --via-tailscale" : "") --tcp \(answers.mailboxHost):25 && echo it listens"
            ]))
    }

    private var trust: Step {
        let servers =
            switch answers.server {
            case .stalwart: ["tailwart trust\(config) stalwart"]
            case .postfix: ["tailwart trust\(config) postfix", "tailwart trust\(config) dovecot"]
            case .other: ["tailwart trust\(config) exim      # or opensmtpd, chasquid, nginx, …"]
            }
        return Step(
            "Trust",
            .say(
                "the mail server must know its public name, and accept PROXY headers from the edge alone. On the edge, this prints what to set:"
            ),
            .run(servers), .say("Then restart the mail server. Until then clients get a temporary error."))
    }

    private var firewall: Step {
        let ports = configuration.listeners.flatMap(\.bind).compactMap(\.port).withoutRepeats.sorted()
            .map(String.init).joined(separator: ", ")
        return Step(
            "Firewall",
            .say(
                "open TCP \(ports) to the edge, on the host and at its provider. Nothing else may listen there."
                    + (answers.web.map { " The web server moves from 443 to \($0)." } ?? "")))
    }

    private var start: Step {
        let before = Step.Part.say("first see what is still missing. DNS and the certificate come later.")
        let right = "Its log then says of each port that it is healthy"
        let look = Step.Part.run([look])
        return switch answers.form {
        case .compose:
            Step(
                "Start", before, look,
                .say(
                    "Get the image: `make image` builds it in a clone of the repository, `docker save` and `docker load` copy it. Then start "
                        + "the edge. \(right):"),
                .run(
                    (answers.machine == nil ? [] : ["cp .env.example .env"])
                        + ["docker compose up --detach", "docker compose logs --follow"]))
        case .systemd:
            Step(
                "Start", before, look,
                .say(
                    "The Debian package has installed the service (tailwart.service is a copy of its unit). Without the package, run "
                        + "`sudo tailwart install` first. Then start the "
                        + "edge. \(right):"),
                .run(
                    ["sudo cp tailwart.yaml tailwart.schema.json /etc/tailwart/"]
                        + (answers.machine == nil ? [] : ["sudo cp .env.example /etc/default/tailwart"])
                        + ["sudo systemctl enable --now tailwart", "journalctl --unit tailwart --follow"]))
        case .binary:
            Step(
                "Start", before, look, .say("Then start the edge; it stays in the foreground. \(right):"),
                .run(["sudo tailwart run"]),
                .say("Without sudo, it needs the right to open ports below 1024:"),
                .run(["sudo setcap cap_net_bind_service=+ep \"$(command -v tailwart)\"", "tailwart run"]))
        }
    }

    private var dns: Step {
        let domains = answers.domains.joined(separator: ", ")
        return Step(
            "DNS",
            .say(
                "publish the records of \(domains) that this prints, and ask the edge's provider for the reverse record (PTR):"
            ),
            .run([
                "tailwart records\(config)\(answers.has443 ? "" : answers.domains.map { " --domain \($0)" }.joined())"
            ]),
            .say("When they are published, this prints `10 \(answers.hostname).`:"),
            .run(["dig +short MX \(answers.domains[0])"]))
    }

    private var certificate: Step {
        Step(
            "Certificate",
            .say(
                "get a certificate for \(answers.hostname) on the mail server. "
                    + (answers.server == .stalwart
                        ? "Stalwart orders one itself: the authority can reach it now. " : "")
                    + "The edge's log then says until when it is valid."))
    }

    private var check: Step {
        let command =
            switch answers.form {
            case .compose: "docker compose exec edge tailwart check --host"
            case .systemd: "sudo tailwart check --host --config /etc/tailwart/tailwart.yaml"
            case .binary: look
            }
        return Step("Check", .say("now nothing fails:"), .run([command]))
    }

    private var testsOfThePolicy: [Step] {
        guard case .headscale(let owner) = answers.network else { return [] }
        return [
            Step(
                "Tests",
                .say(
                    "now that both hosts have their tags, Headscale accepts a policy with tests. With them, no later change can cut the mail off. "
                        + "This prints the sections again, with the tests:"),
                .run(["tailwart acl\(config) --headscale \(owner)"]))
        ]
    }

    /// What was written and is left to do, as a script gets it.
    package func answer(written paths: [String]) -> CommandAnswer {
        Self.answer(isGood: true, [], paths, steps())
    }

    /// Where nothing was written.
    package static func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        answer(isGood: false, problems, [], [])
    }

    private static func answer(
        isGood: Bool, _ problems: [CommandAnswer.Problem], _ paths: [String], _ steps: [String]
    ) -> CommandAnswer {
        CommandAnswer(isGood: isGood, problems: problems, ["files": .texts(paths), "steps": .texts(steps)])
    }

    /// Names the configuration where it is not found by itself.
    private var config: String { answers.form == .compose ? " --config \(answers.form.configurationPath)" : "" }

    /// What says at any time which step is next.
    private var look: String { "sudo tailwart check --host\(config)" }

    /// The steps with numbers, in lines, below how to find out where one stands.
    ///
    /// - Parameter folder: where the files are.
    package func stepsText(in folder: String) -> String {
        let isHere = folder == "." || folder.isEmpty
        let introduction =
            Prose.wrap(
                "Left to do, in this order\(isHere ? "" : ", in the folder of the files"). At any time `\(look)` says what is next.",
                width: 110)
            + (isHere ? [] : ["", "      cd \(ShellWord.quote(folder))"])
        let steps = all.enumerated().flatMap { number, step in
            [""]
                + step.lines(width: 106).enumerated().map { line, text in
                    (line == 0 ? "\(number + 1)".leftPadded(to: 2) + ". " : "    ") + text
                }
        }
        return (introduction + steps).joined(separator: "\n")
    }
}

extension SetupAnswers {
    /// The name that the mailbox must have on the tailnet, if it is known.
    var machine: String? {
        if case .machine(let machine, _) = mailbox { machine } else { nil }
    }

    /// As this host dials it.
    fileprivate var mailboxHost: String {
        switch mailbox {
        case .machine(let machine, let tailnet): "\(machine).\(tailnet)"
        case .whole(let host): IPAddress(host)?.isV4 == false ? "[\(host)]" : host
        }
    }
}

extension String {
    fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// Whether a host can be on the tailnet: a name may, as Headscale's domains are free text; of addresses only the tailnet's own.
enum TailnetHost {
    static func isPossible(_ host: String) -> Bool { IPAddress(host)?.isOfTailnet ?? true }

    /// Whether a name ends as those of LANs do: reserved (RFC 6762, RFC 8375 and ICANN's `internal`), or given by usual routers.
    static func isOfLAN(_ host: String) -> Bool {
        ["local", "home.arpa", "internal", "lan", "home", "localdomain", "intranet", "fritz.box"]
            .contains { host.hasSuffix(".\($0)") }
    }
}

/// Words for a command line that is shown to be copied.
enum ShellWord {
    private static let plain = Set("/._-+:,@%=".utf8)

    /// The word as a POSIX shell reads it back.
    static func quote(_ word: String) -> String {
        var quoted = word.isEmpty ? "''" : ""
        for character in word {
            let isPlain = character.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 >= 0x80 || plain.contains($0)
            }
            quoted += isPlain ? "\(character)" : "\\\(character)"
        }
        return quoted
    }
}
