/// How the edge writes its log.
package struct LogSettings: Sendable, Equatable {
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// Nil: text on a terminal, JSON elsewhere.
    package var format: Format?
    /// The least grave lines that are written. The record of a connection is a line at `info`.
    package var level: EventLevel

    package init(format: Format? = nil, level: EventLevel = Defaults.logLevel) {
        self.format = format
        self.level = level
    }
}
