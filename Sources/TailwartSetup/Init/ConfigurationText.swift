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
        let ports = YAMLMember(
            "ports", .texts(Defaults.mailboxPorts.filter { $0 != 587 }),
            comments: [
                "On the edge and on the mailbox. Add 587 if the mail server listens there; a new Stalwart does not.",
                "Postfix and Dovecot need ports of their own for the edge: {25: 10025, 465: 10465, 993: 10993}.",
            ])
        let via = YAMLMember(
            "via", .text("tailscale"),
            comments: ["tailscaled has no TUN device on this host, so it makes the connections."])
        var members = [
            YAMLMember(
                "mailbox", .blockMapping([address] + (answers.isUserspace ? [via] : []) + [hostname, ports, domains]))
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
