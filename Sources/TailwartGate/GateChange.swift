/// A condition's finding that is another one than before.
package struct GateChange: Sendable {
    package let condition: Condition
    package let finding: Finding
    /// Whether there will be another attempt.
    package let goesOn: Bool

    init(_ condition: Condition, _ finding: Finding, goesOn: Bool) {
        self.condition = condition
        self.finding = finding
        self.goesOn = goesOn
    }

    /// A line for a person.
    package var text: String {
        "\(condition): \(finding.isReady ? "ready: " : "")\(finding.text)\(goesOn ? ", waiting" : "")"
    }
}
