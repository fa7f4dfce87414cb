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
            throw Problem(description: "these answers contradict each other:\n\(problems)")
        }
        self.configuration = configuration
        let host: [SetupFile] =
            switch answers.form {
            case .compose:
                [
                    SetupFile(
                        "compose.yaml",
                        ComposeFile.onHost(hasTailnet: answers.network != .other, hasVariables: answers.machine != nil))
                ]
            case .systemd: [SetupFile("tailwart.service", UnitFile.text)]
            case .binary: []
            }
        files =
            [SetupFile(answers.form.configurationPath, text), SetupFile(answers.form.schemaPath, schema)]
            + (EnvironmentText.write(answers).map { [SetupFile(".env.example", $0)] } ?? []) + host
            + Self.policy(answers, configuration)
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
    /// Nil if there are none, or if nothing reads the file.
    static func write(_ answers: SetupAnswers) -> String? {
        guard answers.form != .binary, case .machine(let machine, let tailnet) = answers.mailbox else { return nil }
        let isCompose = answers.form == .compose
        let lines =
            [
                "# Copy this file to \(isCompose ? ".env" : "/etc/default/tailwart"). It holds no secret: the edge needs none.",
                "",
                "# The tailnet's name: in `tailscale status` it follows the name of each host.",
                "TS_TAILNET=\(tailnet)",
                "# The mailbox's name on the tailnet.", "STALWART_MAGIC_NAME=\(machine)",
            ] + (isCompose ? ["", "# Another image than tailwart:latest.", "#TAILWART_IMAGE=tailwart:0.1.0"] : [])
        return lines.joined(separator: "\n") + "\n"
    }
}
