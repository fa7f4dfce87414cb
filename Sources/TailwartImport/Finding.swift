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

/// Collects what there is to say while a file is read, so that one run says everything.
final class Findings {
    /// Nobody reads more at once.
    static let limit = 200

    private(set) var all: [Finding] = []
    private var seen: Set<Finding> = []
    /// Counts those too that did not fit.
    private(set) var refusals = 0

    func note(_ message: String, at place: SourcePlace) {
        add(Finding(severity: .note, place: place, message: message))
    }

    func refuse(_ message: String, at place: SourcePlace) {
        refusals += 1
        add(Finding(severity: .refused, place: place, message: message))
    }

    /// Runs `body` and tells which notes it left behind, and whether it refused anything.
    func during<Result>(_ body: () -> Result) -> (result: Result, notes: [Finding], isRefused: Bool) {
        let (count, refusals) = (all.count, refusals)
        let result = body()
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
