import TailwartConfig
import TailwartCore

/// The configuration in its short form.
enum ConfigurationText {
    static func write(_ answers: SetupAnswers) -> String {
        let only = "The mailbox's address, named only here."
        let address =
            switch answers.mailbox {
            case .machine(let machine, let tailnet):
                YAMLMember(
                    "address", .reference("${STALWART_MAGIC_NAME:-\(machine)}.${TS_TAILNET:-\(tailnet)}"),
                    comments: ["\(only) A variable, if set, replaces the name after ':-'."])
            case .whole(let host): YAMLMember("address", .text(host), comments: [only])
            }
        let hostname = YAMLMember(
            "hostname", .text(answers.hostname),
            comments: ["The name in the MX record and in the mailbox's certificate."])
        let domains = YAMLMember(
            "domains", .texts(answers.domains),
            comments: [
                "The mail domains. Their names for MTA-STS and autoconfiguration go to the mailbox on 443.",
                "Remove this line\(answers.web == nil ? "" : ", and 'web',") if the mailbox does not serve 443.",
            ])
        // A new Stalwart does not listen on 587.
        let numbers = Defaults.mailboxPorts.filter { $0 != 587 }
        let ports =
            switch answers.server {
            case .stalwart:
                YAMLMember(
                    "ports", .texts(numbers),
                    comments: [
                        "Ports of the edge and of the mailbox. A new Stalwart does not listen on 587: enable it there first."
                    ])
            case .other:
                YAMLMember(
                    "ports", .texts(numbers),
                    comments: [
                        "Ports of the edge and of the mailbox. Write {25: 10025, …} if the edge needs ports of its own."
                    ])
            case .postfix:
                YAMLMember(
                    "ports", .mapping(numbers.map { YAMLMember("\($0)", .text("\(10_000 + Int($0))")) }),
                    comments: [
                        "Ports of the edge, each with its own port at the mailbox. The LAN keeps using the usual ones.",
                        "Remove 465 if nobody sends through it: that needs a login in Postfix (SASL).",
                    ])
            }
        let via = YAMLMember(
            "via", .text("tailscale"),
            comments: ["tailscaled has no TUN device on this host, so it makes the connections."])
        var members = [
            YAMLMember(
                "mailbox",
                .blockMapping(
                    [address] + (answers.isUserspace ? [via] : []) + [hostname, ports]
                        + (answers.has443 ? [domains] : [])))
        ]
        if let web = answers.web {
            let comment = "The web server gets all other names on 443. It must not listen on 443 itself."
            members.append(YAMLMember("web", .text(web), comments: [comment]))
        }
        if answers.network == .other {
            members.append(
                YAMLMember(
                    "tailscale", .text("off"), comments: ["The mailbox is not on a tailnet: tailscaled is not asked."]))
        }
        return YAMLWriter.write(
            .blockMapping(members),
            head: [
                "yaml-language-server: $schema=./tailwart.schema.json",
                "`tailwart check` checks this file, and `man tailwart.yaml` explains every key.",
            ]
        ).text
    }
}
