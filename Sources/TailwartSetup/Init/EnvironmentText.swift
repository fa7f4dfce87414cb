/// The variables of the configuration and of the compose file.
enum EnvironmentText {
    static func write(_ answers: SetupAnswers) -> String {
        let target = answers.form == .systemd ? "/etc/default/tailwart" : ".env"
        var lines = ["# Copy to \(target). No secret belongs in here: the edge needs none.", ""]
        switch answers.mailbox {
        case .machine(let machine, let tailnet):
            lines += [
                "# The tailnet's name, as 'tailscale status' shows it behind each host.", "TS_TAILNET=\(tailnet)",
                "# The mailbox's name on it.", "STALWART_MAGIC_NAME=\(machine)",
            ]
        case .whole(let host):
            lines.append("# The configuration names the mailbox by itself: \(host)")
            // compose.yaml insists on it.
            if answers.form == .compose { lines.append("TS_TAILNET=unused") }
        }
        if answers.form == .compose {
            lines += ["", "# An image that you built elsewhere.", "#TAILWART_IMAGE=tailwart:0.1.0"]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
