import TailwartWire

/// Collects what is wrong while a file is read, so that one run shows everything.
package final class Problems {
    /// Nobody reads more at once, and looking for more costs time.
    static let limit = 100

    let file: String
    private var found: Set<ConfigurationProblem> = []

    package init(file: String) {
        self.file = file
    }

    var hasErrors: Bool { found.contains { $0.severity == .error } }

    var count: Int { found.count }
    /// No more are taken.
    var isFull: Bool { found.count > Self.limit }

    func error(_ message: String, at position: TextPosition) {
        add(.error, message, at: position)
    }

    func warning(_ message: String, at position: TextPosition) {
        add(.warning, message, at: position)
    }

    private func add(_ severity: ConfigurationProblem.Severity, _ message: String, at position: TextPosition) {
        guard !isFull else { return }
        let isLast = found.count == Self.limit
        found.insert(
            ConfigurationProblem(
                severity: isLast ? .error : severity, file: file, position: position,
                message: isLast ? "more than \(Self.limit) problems; fix those first" : message))
    }

    package var sorted: [ConfigurationProblem] {
        found.sorted { ($0.position, $0.message) < ($1.position, $1.message) }
    }
}
