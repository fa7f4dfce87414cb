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
    package let place: SourcePlace
    package let message: String

    package var description: String {
        "\(place): \(severity.rawValue): \(place.pointer.map { "\($0): " } ?? "")\(message)"
    }
}

extension Finding {
    /// For our file.
    ///
    /// - Parameter file: whose name is not repeated.
    func comment(in file: String) -> String {
        var place = place
        place.pointer = nil
        return "\(place.inWords(of: file)): \(message)"
    }
}

/// Collects what there is to say while a file is read, so that one run says everything.
final class Findings {
    /// Nobody reads more at once.
    static let limit = 200

    /// What is found is said with the names of these.
    let variables: Variables
    private(set) var all: [Finding] = []
    private var seen: Set<Finding> = []
    /// Counts those too that did not fit.
    private(set) var refusals = 0

    init(_ variables: Variables) {
        self.variables = variables
    }

    func note(_ message: String, at place: SourcePlace) {
        add(Finding(severity: .note, place: place, message: variables.references.written(message, escaped: false)))
    }

    func refuse(_ message: String, at place: SourcePlace) {
        refusals += 1
        add(Finding(severity: .refused, place: place, message: variables.references.written(message, escaped: false)))
    }

    /// Runs `body` and returns the notes that it leaves behind.
    func notes(_ body: () -> Void) -> [Finding] { during(body).notes }

    /// The listener that `body` reads, with the notes that it leaves behind; nil if it refuses anything.
    func listener<Failure>(
        _ body: () throws(Failure) -> DraftListener?
    ) throws(Failure) -> DraftListener? {
        let (listener, notes, isRefused) = try during(body)
        guard !isRefused, var listener else { return nil }
        listener.notes = notes
        return listener
    }

    /// Runs `body` and tells which notes it left behind, and whether it refused anything.
    func during<Result, Failure>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> (result: Result, notes: [Finding], isRefused: Bool) {
        let (count, refusals) = (all.count, refusals)
        let result = try body()
        let notes = all.dropFirst(count).filter { $0.severity == .note }
        return (result, notes, self.refusals > refusals)
    }

    private func add(_ finding: Finding) {
        guard seen.insert(finding).inserted, all.count <= Self.limit else { return }
        guard all.count < Self.limit else {
            all.append(
                Finding(
                    severity: refusals > 0 ? .refused : .note, place: finding.place,
                    message: "more than \(Self.limit) things to say; this is where the list ends"))
            return
        }
        all.append(finding)
    }
}
