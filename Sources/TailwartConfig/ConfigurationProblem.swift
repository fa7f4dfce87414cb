package import TailwartCore

/// A place in a file; both numbers count from 1, columns in Unicode scalars.
package struct FilePlace: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    static let start = FilePlace(line: 1, column: 1)

    package static func < (first: FilePlace, second: FilePlace) -> Bool {
        (first.line, first.column) < (second.line, second.column)
    }

    package var description: String { "\(line):\(column)" }
}

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
    package let place: FilePlace
    package let message: String

    package var line: Int { place.line }
    package var column: Int { place.column }

    package var description: String { "\(file):\(place): \(severity.rawValue): \(message)" }
}

/// What loading a file came to.
package struct ConfigurationResult: Sendable {
    /// Nil if any problem is an error.
    package let configuration: Configuration?
    /// Sorted by place.
    package let problems: [ConfigurationProblem]
}
