import Glibc

/// Colours and weights of a terminal (ECMA-48 section 8.3.117).
package enum TerminalColour: String, Sendable {
    case bold = "1"
    case faint = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"

    /// Whether a person looks there who has not asked for none (no-color.org).
    package static func isWanted(on descriptor: CInt, environment: [String: String]) -> Bool {
        isatty(descriptor) == 1 && !isRefused(environment)
    }

    package static func isRefused(_ environment: [String: String]) -> Bool {
        !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
    }

    package var start: String { "\u{1b}[\(rawValue)m" }
    package static let end = "\u{1b}[0m"

    package func paint(_ text: String) -> String { start + text + Self.end }
}
