import TailwartConfig
package import TailwartCore
import TailwartWire

/// Everything that `tailwart init` writes, made from the answers.
package struct SetupFiles: Sendable {
    package let answers: SetupAnswers
    /// In the order in which they are told.
    package let files: [SetupFile]
    /// What the written file stands for.
    package let configuration: Configuration

    /// The answers make a file that cannot be used.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter schema: the JSON Schema of the configuration.
    package init(_ answers: SetupAnswers, schema: String) throws(Problem) {
        self.answers = answers
        let text = ConfigurationText.write(answers)
        // Each answer was good by itself; together they may not be, as with a web server on the edge's own port.
        let result = Configuration.load(text: text, file: answers.form.configurationPath, environment: [:])
        guard let configuration = result.configuration else {
            let problems = result.problems.map(\.message).joined(separator: "\n")
            throw Problem(description: "these answers do not go together:\n\(problems)")
        }
        self.configuration = configuration
        let host: [SetupFile] =
            switch answers.form {
            case .compose: [SetupFile("compose.yaml", ComposeFile.onHost(hasTailnet: answers.network != .other))]
            case .systemd: [SetupFile("tailwart.service", UnitFile.text)]
            case .binary: []
            }
        files =
            [
                SetupFile(answers.form.configurationPath, text), SetupFile(answers.form.schemaPath, schema),
                SetupFile(".env.example", EnvironmentText.write(answers)),
            ] + host + Self.policy(answers, configuration)
    }

    /// The part of the tailnet's policy that the edge needs, with the usual tags.
    private static func policy(_ answers: SetupAnswers, _ configuration: Configuration) -> [SetupFile] {
        guard answers.network != .other else { return [] }
        let text = PolicyText(
            configuration, tags: PolicyTags(), format: .grants, network: answers.network,
            hasTests: answers.network == .tailscale)
        return [SetupFile("policy.hujson", text.text)]
    }
}

extension SetupAnswers.Form {
    /// In a folder of its own where the whole folder is mounted into the container.
    package var configurationPath: String { self == .compose ? "tailwart/tailwart.yaml" : "tailwart.yaml" }
    var schemaPath: String { self == .compose ? "tailwart/tailwart.schema.json" : "tailwart.schema.json" }
}

/// A file for the operator's folder.
package struct SetupFile: Sendable, Equatable {
    /// Relative to the folder.
    package let path: String
    package let text: String

    package init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
    }
}

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
            if answers.form == .compose, answers.network != .other { lines.append("TS_TAILNET=unused") }
        }
        if answers.form == .compose {
            lines += ["", "# An image that you built elsewhere.", "#TAILWART_IMAGE=tailwart:0.1.0"]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
