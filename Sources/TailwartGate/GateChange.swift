import TailwartWire

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
        let json: JSON = [
            "condition": .text(condition.kind), "detail": .text(finding.text),
            "elapsed_ms": .number(elapsed.milliseconds), "fix": finding.fix.map { .text($0) },
            "ready": .flag(finding.isReady), "state": .text(finding.state),
            "subject": condition.subject.map { .text($0) },
        ]
        return "\(json)"
    }
}
