import TailwartConfig
package import TailwartCore
import TailwartWire

extension SetupFiles {
    /// What is left to do by hand, in the order in which it works.
    ///
    /// - Parameter folder: where the files are.
    package func steps(in folder: String) -> [String] {
        let ports = configuration.listeners.flatMap(\.bind).compactMap(\.port).withoutRepeats.sorted()
            .map(String.init).joined(separator: ", ")
        let path = answers.form.configurationPath
        let file = ShellWord.quote(folder == "." || folder.isEmpty ? path : "\(folder)/\(path)")
        let isTailnet = answers.isOnTailnet
        var steps: [String] = []
        if isTailnet {
            steps += [
                "Tailnet: make an authentication key with the tag \(PolicyTags.usualEdge) for this host, and run "
                    + "`tailscale up --auth-key=… --advertise-tags=\(PolicyTags.usualEdge)`. The mailbox carries \(PolicyTags.usualMailbox). A tagged host's "
                    + "key does not expire.",
                "Policy: paste policy.hujson into the tailnet's policy file. "
                    + "`tailwart acl --config \(file) --check FILE` reads the whole file and says what is missing.",
            ]
        }
        steps += [
            "DNS: `tailwart records --config \(file)` prints the records of "
                + "\(answers.domains.joined(separator: ", ")), and the reverse record to ask your provider for.",
            "Firewall: open TCP \(ports) to this host, and let nothing else listen there."
                + (answers.web.map { " The web server moves from 443 to \($0)." } ?? ""),
            "Mailbox: run `tailwart trust --config \(file)` on this host, and set on the mail server what it prints. Both sides must agree on "
                + "the PROXY header.",
        ]
        switch answers.form {
        case .compose:
            steps += [
                "Start: `cp .env.example .env`, build or load the image, `docker compose up --detach`.",
                "Check: `docker compose exec edge tailwart check --host`.",
            ]
        case .systemd:
            steps += [
                "Start: copy tailwart.yaml and tailwart.schema.json to /etc/tailwart/, .env.example to /etc/default/tailwart, "
                    + "tailwart.service to /etc/systemd/system/ (the Debian package has it, and the user tailwart, already); "
                    + "`systemctl enable --now tailwart`.",
                "Check: `tailwart check --host`.",
            ]
        case .binary:
            steps += [
                "Check: `tailwart check --host --config \(file)`.",
                "Start: `sudo tailwart run --config \(file)`, or without root after "
                    + "`sudo setcap cap_net_bind_service=+ep $(command -v tailwart)`.",
            ]
        }
        return steps
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

    /// The steps with numbers, in lines.
    package func stepsText(in folder: String) -> String {
        steps(in: folder).enumerated().map { number, step in
            Prose.wrap(step, width: 106).enumerated().map { line, text in
                (line == 0 ? "\(number + 1)".leftPadded(to: 2) + ". " : "    ") + text
            }.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

extension SetupAnswers {
    /// Whether the mailbox is reached over the tailnet, as far as its name tells.
    fileprivate var isOnTailnet: Bool {
        switch mailbox {
        case .machine: true
        case .whole(let host): TailnetHost.isPossible(host)
        }
    }
}

extension String {
    fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// Whether a host can be on the tailnet: a name may, as Headscale's domains are free text; of addresses only the tailnet's own.
enum TailnetHost {
    static func isPossible(_ host: String) -> Bool { IPAddress(host)?.isOfTailnet ?? true }
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
