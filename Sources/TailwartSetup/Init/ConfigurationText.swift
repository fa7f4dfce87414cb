import TailwartConfig
import TailwartCore

/// The configuration in its short form.
enum ConfigurationText {
    static func write(_ answers: SetupAnswers) -> String {
        let only = "The one place that names the mailbox."
        let address =
            switch answers.mailbox {
            case .machine(let machine, let tailnet):
                YAMLMember(
                    "address", .reference("${STALWART_MAGIC_NAME:-\(machine)}.${TS_TAILNET:-\(tailnet)}"),
                    comments: ["\(only) A variable wins over the name behind ':-'."])
            case .whole(let host): YAMLMember("address", .text(host), comments: [only])
            }
        let hostname = YAMLMember(
            "hostname", .text(answers.hostname),
            comments: ["Its public name: what MX points to and its certificate bears."])
        let domains = YAMLMember(
            "domains", .texts(answers.domains),
            comments: [
                "They make the listener on 443. Take them out\(answers.web == nil ? "" : ", and 'web',") where the mailbox has no 443."
            ])
        let ports = YAMLMember(
            "ports", .texts(Defaults.mailboxPorts.filter { $0 != 587 }),
            comments: ["Add 587, 143 or others where the mail server listens there; a new Stalwart does not."])
        let via = YAMLMember(
            "via", .text("tailscale"), comments: ["tailscaled has no TUN device here, so it makes the connections."])
        var members = [
            YAMLMember(
                "mailbox", .blockMapping([address] + (answers.isUserspace ? [via] : []) + [hostname, ports, domains]))
        ]
        if let web = answers.web {
            let comment = "Every other name on 443. The web server must leave 443 to the edge."
            members.append(YAMLMember("web", .text(web), comments: [comment]))
        }
        if answers.network == .other {
            members.append(
                YAMLMember(
                    "tailscale", .text("off"), comments: ["The mailbox is on no tailnet, so tailscaled is not asked."]))
        }
        return YAMLWriter.write(
            .blockMapping(members),
            head: [
                "yaml-language-server: $schema=./tailwart.schema.json",
                "`tailwart check` checks it, `tailwart config` prints what it stands for.",
            ]
        ).text
    }
}
