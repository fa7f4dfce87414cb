import TailwartSystem

/// Findings for a person: a line for each cause, in columns.
package struct FindingText: Sendable {
    /// Signs and colours for a terminal (ECMA-48), words for all else.
    package enum Style: Sendable {
        case words
        case signs
        case colouredSigns

        /// Signs only where a person looks, colours only where they are wanted (no-color.org).
        package init(isTerminal: Bool, environment: [String: String]) {
            self = isTerminal ? TerminalColour.isRefused(environment) ? .signs : .colouredSigns : .words
        }
    }

    private let style: Style

    package init(_ style: Style) { self.style = style }

    /// A line for each cause, and how many findings of each result there are.
    package func lines(_ findings: [Finding]) -> [String] {
        let causes = SharedCause.all(findings).map { (cause: $0, subject: $0.subject) }
        let checks = causes.map(\.cause.check.rawValue.count).max() ?? 0
        let subjects = min(causes.map(\.subject.count).max() ?? 0, Self.widestSubject)
        let lines = causes.flatMap { cause, subject in
            let kind = [mark(cause.result), Self.padded(cause.check.rawValue, checks)].joined(separator: "  ")
            let head = "\(kind)  \(Self.padded(subject, subjects))"
            let texts = [cause.detail] + (cause.fix.map { ["→ \($0)"] } ?? [])
            let line = "\(head)  \(texts.joined(separator: " "))"
            // Programs that read it get a line for each.
            guard style != .words, line.count > Self.width else { return [line] }
            let first = head.count > Self.width ? [kind] + Self.wrapped(subject) : [head]
            return first + texts.flatMap { Self.wrapped($0) }
        }
        return lines + [summary(findings)]
    }

    /// What to do next, above the findings: the cause with all that shares it, and what to do on a line of its own.
    package func lines(_ next: NextStep?, among findings: [Finding]) -> [String] {
        guard let next, let cause = SharedCause.all(findings).first(where: { $0.findings.contains(next.finding) })
        else { return [] }
        let lines = ["\(cause.check.rawValue) \(cause.subject): \(cause.detail)", "next: \(next.fix)"]
        return (style == .words ? lines : lines.flatMap { Self.wrapped($0, behind: "") }) + [""]
    }

    /// Broken at blanks.
    ///
    /// - Parameter margin: before each line, so that it stands below the one that it belongs to.
    private static func wrapped(_ text: String, behind margin: String = "    ") -> [String] {
        text.split(separator: " ").reduce(into: [] as [String]) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append("\(margin)\(word)")
            }
        }
    }

    private func summary(_ findings: [Finding]) -> String {
        let counts = Finding.Result.allCases.compactMap { result in
            let count = findings.count { $0.result == result }
            return count == 0 ? nil : "\(count) \(result.rawValue)"
        }
        return "\(findings.count) checks: \(counts.joined(separator: ", "))."
    }

    /// Columns of a terminal, as long as no word is longer.
    private static let width = 100
    /// Columns behind which a longer subject pushes its own line only.
    private static let widestSubject = 44

    private func mark(_ result: Finding.Result) -> String {
        let (sign, colour) =
            switch result {
            case .pass: ("✓", 32)
            case .warn: ("!", 33)
            case .fail: ("✗", 31)
            case .unknown: ("?", 36)
            }
        return switch style {
        case .words: Self.padded(result.rawValue, 7)
        case .signs: sign
        case .colouredSigns: "\u{1b}[\(colour)m\(sign)\u{1b}[0m"
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
