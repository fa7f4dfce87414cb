/// How it ended.
package struct GateResult: Sendable {
    package let elapsed: Duration
    /// What was found last of each condition.
    package let findings: [(condition: Condition, finding: Finding)]

    init(elapsed: Duration, findings: [(Condition, Finding)]) {
        self.elapsed = elapsed
        self.findings = findings
    }

    package var isReady: Bool { notReady.isEmpty }

    private var notReady: [(condition: Condition, finding: Finding)] { findings.filter { !$0.finding.isReady } }

    /// A line for each condition that is not ready, with what to do.
    package var text: String {
        notReady.map { condition, finding in
            "not ready: \(condition): \(finding.text)." + (finding.fix.map { " \(Self.sentence($0))" } ?? "")
        }.joined(separator: "\n")
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }

    package var json: String {
        JSONLine.text(
            Object(
                ready: isReady, notReady: notReady.map { "\($0.condition)" }, elapsedMilliseconds: elapsed.milliseconds)
        )
    }

    private struct Object: Encodable {
        let ready: Bool
        let notReady: [String]
        let elapsedMilliseconds: Int64

        enum CodingKeys: String, CodingKey {
            case ready
            case notReady = "not_ready"
            case elapsedMilliseconds = "elapsed_ms"
        }
    }
}
