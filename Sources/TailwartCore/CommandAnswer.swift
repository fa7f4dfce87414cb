package import TailwartWire

/// What a command says with `--json`: one object whose keys are the same whatever came of it. docs/json.md has the tables.
package struct CommandAnswer: Sendable, CustomStringConvertible {
    /// One thing that is wrong or has to be known; `severity` says which.
    package struct Problem: Sendable, Equatable {
        package enum Severity: String, CaseIterable, Sendable {
            /// The command does not end with 0 because of it.
            case error
            /// It is good all the same, unless warnings count.
            case warning
            /// It cannot be told whether it is good, which does not count as good.
            case unknown
        }

        package let severity: Severity
        /// For a person.
        package let message: String
        let fix: String?
        /// As the operator named it.
        package let file: String?
        let position: TextPosition?

        /// - Parameters:
        ///   - fix: what to do, where the message does not end with it.
        ///   - file: nil where it is not about one.
        package init(
            _ severity: Severity, _ message: String, fix: String? = nil, file: String? = nil,
            at position: TextPosition? = nil
        ) {
            self.severity = severity
            self.message = message
            self.fix = fix
            self.file = file
            self.position = position
        }

        /// For a person, on one line.
        package var sentence: String {
            let place = file.map { file in position.map { "\(file):\($0): " } ?? "\(file): " } ?? ""
            return "\(place)\(severity.rawValue): \(message)" + (fix.map { ". \($0)" } ?? "")
        }

        fileprivate var json: JSON {
            [
                "severity": .text(severity.rawValue), "message": .text(message), "fix": fix.json, "file": file.json,
                "line": position.map { .number($0.line) } ?? .null,
                "column": position.map { .number($0.column) } ?? .null,
            ]
        }
    }

    package let json: JSON

    /// - Parameters:
    ///   - isGood: whether the command ends with 0.
    ///   - members: what only this command has; a value that is nil is said as null.
    package init(isGood: Bool, problems: [Problem], _ members: KeyValuePairs<String, JSON?>) {
        let usual: KeyValuePairs<String, JSON?> = [
            "ok": .flag(isGood), "problems": .list(problems.map(\.json)),
        ]
        json = .object((Array(usual) + Array(members)).map { JSON.Member(key: $0.key, value: $0.value ?? .null) })
    }

    /// On one line.
    package var description: String { json.description }
}

extension String? {
    /// Null where there is none.
    package var json: JSON { map { .text($0) } ?? .null }
}
