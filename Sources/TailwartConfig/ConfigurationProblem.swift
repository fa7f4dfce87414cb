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

    /// The same shape, whatever came of it.
    ///
    /// - Parameter findings: of what is around the edge, if that was looked at.
    package func json(file: String, findings: JSON? = nil) -> JSON {
        let problems = problems.map { problem -> JSON in
            [
                "column": .number(problem.position.column), "line": .number(problem.position.line),
                "message": .text(problem.message), "severity": .text(problem.severity.rawValue),
            ]
        }
        return [
            "file": .text(file), "findings": findings, "problems": .list(problems),
            "valid": .flag(configuration != nil),
        ]
    }
}
