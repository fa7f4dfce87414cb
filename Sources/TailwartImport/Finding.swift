import TailwartConfig

/// One thing to say about a file that is imported.
package struct Finding: Sendable, Hashable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// It is imported, or rightly left out, and does not do what it looks like, or not quite the same here.
        case note
        /// It cannot be expressed.
        case refused
    }

    package let severity: Severity
    package let position: SourcePosition
    package let message: String

    package var description: String {
        "\(position): \(severity.rawValue): \(position.pointer.map { "\($0): " } ?? "")\(message)"
    }
}

extension Finding {
    /// For our file.
    ///
    /// - Parameter file: whose name is not repeated.
    func comment(in file: String) -> String {
        var position = position
        position.pointer = nil
        return "\(position.inWords(of: file)): \(message)"
    }
}

/// Collects what there is to say while a file is read, so that one run says everything.
final class Findings {
    /// Nobody reads more of a kind at once.
    static let limit = 200

    /// What is found is said with the names of these.
    let variables: Variables
    /// The one whose file is read, as it is called in a sentence.
    let program: String
    private(set) var all: [Finding] = []
    private var seen: Set<Finding> = []
    private var counts: [Finding.Severity: Int] = [:]
    /// Counts those too that did not fit.
    private(set) var refusals = 0

    init(_ variables: Variables, program: String) {
        self.variables = variables
        self.program = program
    }

    func note(_ message: String, at position: SourcePosition) { add(.note, message, at: position) }

    func refuse(_ message: String, at position: SourcePosition) {
        refusals += 1
        add(.refused, message, at: position)
    }

    /// Refuses what should have given a value.
    func refuse<Value>(_ message: String, at position: SourcePosition) -> Value? {
        refuse(message, at: position)
        return nil
    }

    /// Runs `body` and returns the notes that it leaves behind.
    func notes(_ body: () -> Void) -> [Finding] {
        let count = all.count
        body()
        return all.dropFirst(count).filter { $0.severity == .note }
    }

    /// The listeners that `body` makes, the first with the notes that it leaves behind; none if it refuses anything.
    func listeners(_ body: () -> [DraftListener?]) -> [DraftListener] {
        let refusals = refusals
        var listeners: [DraftListener] = []
        let notes = notes { listeners = body().compactMap(\.self) }
        guard self.refusals == refusals, !listeners.isEmpty else { return [] }
        listeners[0].notes += notes
        return listeners
    }

    private func add(_ severity: Finding.Severity, _ message: String, at position: SourcePosition) {
        var finding = Finding(
            severity: severity, position: position, message: variables.references.written(message, escaped: false))
        // Each kind has its own end, so that many notes hide no refusal.
        let count = counts[severity, default: 0]
        guard count <= Self.limit, seen.insert(finding).inserted else { return }
        counts[severity] = count + 1
        if count == Self.limit {
            let kind = severity == .refused ? "refusals" : "notes"
            finding = Finding(
                severity: severity, position: position,
                message: "more than \(Self.limit) \(kind); this is where the list ends")
        }
        all.append(finding)
    }
}
