import TailwartConfig
package import TailwartCore
import TailwartWire

extension SetupFiles {
    /// What is left to do by hand, in the order in which it works, each with what is right to see then.
    ///
    /// - Parameter folder: where the files are.
    package func steps(in folder: String) -> [String] {
        let file = file(in: folder)
        return tailnet(file) + mailbox(file) + edge(file) + world(file) + testsOfThePolicy(file)
    }

    /// The configuration, as a word of a command line.
    private func file(in folder: String) -> String {
        let path = answers.form.configurationPath
        return ShellWord.quote(folder == "." || folder.isEmpty ? path : "\(folder)/\(path)")
    }

    /// The policy comes before the hosts: a key carries only a tag that the policy knows.
    private func tailnet(_ file: String) -> [String] {
        let home = answers.machine.map { "`--hostname=\($0)` and " } ?? ""
        let seen = answers.machine.map { " --peer \($0)" } ?? ""
        let (edge, mailbox) = (PolicyTags.usualEdge, PolicyTags.usualMailbox)
        let policy: String
        let key: String
        switch answers.network {
        case .tailscale:
            policy =
                "paste policy.hujson into the tailnet's policy file. `tailwart acl --config \(file) --check FILE` reads the whole file "
                + "and says what is missing."
            key =
                "make a key with the tag \(edge), and run `tailscale up --auth-key=… --advertise-tags=\(edge)`. At the mailbox the same with "
                + "\(home)the tag \(mailbox)."
        case .headscale(let owner):
            policy =
                "put policy.hujson into Headscale's policy file. `headscale policy check --file FILE` tries it; SIGHUP has it read."
            key =
                "`headscale preauthkeys create --user ID --tags \(edge)` makes a key, with the ID of \(owner) that `headscale users list` "
                + "shows. Then `tailscale up --login-server=… --auth-key=…`. At the mailbox the same with \(home)the tag \(mailbox)."
        case .other: return []
        }
        return [
            "Policy: \(policy)",
            "Tailnet: on this host, \(key) Right: `tailwart gate --once --tailscale\(seen)` says nothing here.",
        ]
    }

    private func mailbox(_ file: String) -> [String] {
        let via = answers.isUserspace ? " --via-tailscale" : ""
        return [
            "Mailbox: start the mail server, its database first. Right: `tailwart gate --once\(via) --tcp \(answers.mailboxHost):25` says nothing.",
            "Trust: `tailwart trust --config \(file)` on this host prints what to set on the mail server: its name, and whom to believe. "
                + "Restart it. Until then the edge tells every client to come back later.",
        ]
    }

    private func edge(_ file: String) -> [String] {
        let ports = configuration.listeners.flatMap(\.bind).compactMap(\.port).withoutRepeats.sorted()
            .map(String.init).joined(separator: ", ")
        let firewall =
            "Firewall: open TCP \(ports) to this host, and let nothing else listen there."
            + (answers.web.map { " The web server moves from 443 to \($0)." } ?? "")
        let start =
            switch answers.form {
            case .compose: "`cp .env.example .env`, build or load the image, `docker compose up --detach`."
            case .systemd:
                "copy tailwart.yaml and tailwart.schema.json to /etc/tailwart/, .env.example to /etc/default/tailwart; "
                    + "tailwart.service to /etc/systemd/system/ only without the Debian package and `tailwart install`, which bring it and the user tailwart. "
                    + "Then `systemctl enable --now tailwart`."
            case .binary:
                "`sudo tailwart run --config \(file)`, or without root after "
                    + "`sudo setcap cap_net_bind_service=+ep $(command -v tailwart)`."
            }
        return [
            firewall,
            "Start: first `\(Self.look(file))`; what it calls next comes before, but for DNS and the certificate. Then \(start) Right: "
                + "its log says of each port that it is healthy.",
        ]
    }

    private func world(_ file: String) -> [String] {
        let domains = answers.domains.joined(separator: ", ")
        let check =
            switch answers.form {
            case .compose: "`docker compose exec edge tailwart check --host`"
            case .systemd: "`sudo tailwart check --host`"
            case .binary: "`\(Self.look(file))`"
            }
        return [
            "DNS: `tailwart records --config \(file)` prints the records of \(domains), and the reverse record to ask your provider for. Right: "
                + "`dig +short MX \(answers.domains[0])` says `10 \(answers.hostname).`",
            "Certificate: now an authority reaches the mail server for \(answers.hostname); have it order one. Right: the log of the edge "
                + "names the certificate's end.",
            "Check: \(check). Right: nothing fails.",
        ]
    }

    private func testsOfThePolicy(_ file: String) -> [String] {
        guard case .headscale(let owner) = answers.network else { return [] }
        return [
            "Tests: now that both hosts carry their tags, `tailwart acl --config \(file) --headscale \(owner)` prints the policy with tests, "
                + "which keep it so. Before that Headscale would have refused it."
        ]
    }

    /// What was written and is left to do, as a script gets it.
    package func answer(written paths: [String], in folder: String) -> CommandAnswer {
        Self.answer(isGood: true, [], paths, steps(in: folder))
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

    /// What says at any time which step is next: before the edge runs its file lies only here.
    private static func look(_ file: String) -> String { "sudo tailwart check --host --config \(file)" }

    /// The steps with numbers, in lines, below how to find out where one stands.
    package func stepsText(in folder: String) -> String {
        let introduction = Prose.wrap(
            "Left to do, in this order. At any time `\(Self.look(file(in: folder)))` says what is next.", width: 110)
        let steps = steps(in: folder).enumerated().flatMap { number, step in
            Prose.wrap(step, width: 106).enumerated().map { line, text in
                (line == 0 ? "\(number + 1)".leftPadded(to: 2) + ". " : "    ") + text
            }
        }
        return (introduction + [""] + steps).joined(separator: "\n")
    }
}

extension SetupAnswers {
    /// The name that the mailbox must have on the tailnet, if it is known.
    fileprivate var machine: String? {
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

    /// The word as a POSIX shell reads it back, with backslashes: a quoted blank would be torn where a sentence is wrapped.
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
