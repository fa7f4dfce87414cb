package import TailwartCore
import TailwartWire

extension PolicyCheck {
    /// - Parameters:
    ///   - name: of the policy file.
    ///   - warnings: of the configuration.
    package func answer(policy name: String, strict: Bool, warnings: [CommandAnswer.Problem] = []) -> CommandAnswer {
        let ports = ports.map { port -> JSON in
            [
                "tag": .text(port.need.tag), "host": .text(port.need.host), "port": .number(port.need.port),
                "listeners": .texts(port.need.listeners), "state": .text(port.state),
            ]
        }
        let problems = findings.map { finding in
            CommandAnswer.Problem(finding.severity.answered, finding.message, file: name, at: finding.position)
        }
        return Self.answer(policy: name, isGood: isGood(strict: strict), warnings + problems, ports)
    }

    /// Of a policy that could not be held against anything.
    package static func answer(policy name: String?, problems: [CommandAnswer.Problem]) -> CommandAnswer {
        answer(policy: name, isGood: false, problems, [])
    }

    private static func answer(
        policy name: String?, isGood: Bool, _ problems: [CommandAnswer.Problem], _ ports: [JSON]
    ) -> CommandAnswer {
        CommandAnswer(isGood: isGood, problems: problems, ["file": name.json, "ports": .list(ports)])
    }
}

extension PolicyFinding.Severity {
    fileprivate var answered: CommandAnswer.Problem.Severity {
        switch self {
        case .error: .error
        case .unknown: .unknown
        case .warning: .warning
        }
    }
}
