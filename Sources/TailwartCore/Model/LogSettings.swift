import TailwartWire

/// How the edge writes its log.
package struct LogSettings: Sendable, Equatable {
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// The least severe lines that are written. The record of a connection is a line at `info`.
    package enum Level: String, CaseIterable, Sendable {
        case debug
        case info
        case warning
        case error
    }

    /// Nil: text on a terminal, JSON elsewhere.
    package var format: Format?
    package var level: Level

    package init(format: Format? = nil, level: Level = Defaults.logLevel) {
        self.format = format
        self.level = level
    }
}
