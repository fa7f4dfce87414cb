/// A condition's finding that is another one than before.
package struct GateChange: Sendable {
    package let condition: Condition
    package let finding: Finding
    /// Since the gate was started.
    package let elapsed: Duration
    /// Whether there will be another attempt.
    package let goesOn: Bool

    init(_ condition: Condition, _ finding: Finding, elapsed: Duration, goesOn: Bool) {
        self.condition = condition
        self.finding = finding
        self.elapsed = elapsed
        self.goesOn = goesOn
    }

    /// A line for a person.
    package var text: String {
        "\(condition): \(finding.isReady ? "ready: " : "")\(finding.text)\(goesOn ? ", waiting" : "")"
    }

    /// A line for a script.
    package var json: String {
        JSONLine.text(
            Object(
                condition: condition.kind, subject: condition.subject, ready: finding.isReady, state: finding.state,
                detail: finding.text, fix: finding.fix, elapsedMilliseconds: elapsed.milliseconds))
    }

    private struct Object: Encodable {
        let condition: String
        let subject: String?
        let ready: Bool
        let state: String
        let detail: String
        let fix: String?
        let elapsedMilliseconds: Int64

        enum CodingKeys: String, CodingKey {
            case condition
            case subject
            case ready
            case state
            case detail
            case fix
            case elapsedMilliseconds = "elapsed_ms"
        }
    }
}
