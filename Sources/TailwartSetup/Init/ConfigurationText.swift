/// The configuration in its short form.
enum ConfigurationText {
    static func write(_ answers: SetupAnswers) -> String {
        var lines = [
            "# yaml-language-server: $schema=./tailwart.schema.json",
            "# `tailwart check` checks it, `tailwart config` prints what "
                + "it stands for.", "mailbox:",
        ]
        switch answers.mailbox {
        case .machine(let machine, let tailnet):
            lines.append(
                "  # The one place that names the mailbox. A variable of the environment wins over the name behind ':-'."
            )
            lines.append("  address: ${STALWART_MAGIC_NAME:-\(machine)}.${TS_TAILNET:-\(tailnet)}")
        case .whole(let host):
            lines.append("  # The one place that names the mailbox.")
            lines.append("  address: \(host.contains(":") ? "\"\(host)\"" : host)")
        }
        lines.append("  domains: [\(answers.domains.joined(separator: ", "))]")
        if let web = answers.web {
            lines.append("# Every other name on 443. The web server must leave 443 to the edge.")
            lines.append("web: \"\(web)\"")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
