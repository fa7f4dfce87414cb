package import TailwartCore
package import TailwartWire

/// One thing that is wrong with a configuration: where, what, and how to mend it.
package struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// The file cannot be used.
        case error
        /// The file can be used, but does not do all that it says.
        case warning
    }

    package let severity: Severity
    package let file: String
    package let position: TextPosition
    package let message: String

    package var line: Int { position.line }

    package var description: String { "\(file):\(position): \(severity.rawValue): \(message)" }
}

/// What loading a file came to.
package struct ConfigurationResult: Sendable {
    /// Nil if any problem is an error.
    package let configuration: Configuration?
    /// Sorted by position.
    package let problems: [ConfigurationProblem]
}

extension ConfigurationResult {
    /// For a person: every problem, and what a good file has.
    package func lines(file: String) -> [String] {
        guard let configuration else { return problems.map(\.description) }
        let listeners = configuration.listeners.count
        let upstreams = configuration.upstreams.count
        return problems.map(\.description) + [
            "\(file): good: \(listeners) \(listeners == 1 ? "listener" : "listeners"), "
                + "\(upstreams) \(upstreams == 1 ? "upstream" : "upstreams"). "
                + "`tailwart config` prints what it stands for, `tailwart run` runs it."
        ]
    }

    /// - Parameters:
    ///   - next: what to do next around the edge, if that was looked at and there is something.
    ///   - findings: of what is around the edge, if that was looked at.
    ///   - isGood: whether it is good there.
    package func answer(file: String, next: JSON? = nil, findings: [JSON] = [], isGood: Bool = true) -> CommandAnswer {
        Self.answer(
            file: file, isGood: configuration != nil && isGood, isValid: configuration != nil,
            problems: problems.map(\.answered), next: next, findings: findings)
    }

    /// Of a file that could not be looked at.
    package static func answer(file: String?, problems: [CommandAnswer.Problem]) -> CommandAnswer {
        answer(file: file, isGood: false, isValid: false, problems: problems, next: nil, findings: [])
    }

    private static func answer(
        file: String?, isGood: Bool, isValid: Bool, problems: [CommandAnswer.Problem], next: JSON?, findings: [JSON]
    ) -> CommandAnswer {
        CommandAnswer(
            isGood: isGood, problems: problems,
            ["file": file.json, "valid": .flag(isValid), "next": next ?? .null, "findings": .list(findings)])
    }
}

extension ConfigurationProblem {
    package var answered: CommandAnswer.Problem {
        CommandAnswer.Problem(severity == .error ? .error : .warning, message, file: file, at: position)
    }
}

extension Configuration {
    /// The general form as a script gets it; nil: there is none.
    package static func answer(_ configuration: Configuration?, problems: [CommandAnswer.Problem]) -> CommandAnswer {
        CommandAnswer(
            isGood: configuration != nil, problems: problems, ["configuration": (configuration?.yaml).json])
    }
}
