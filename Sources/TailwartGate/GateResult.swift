import TailwartWire

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
        let json: JSON = [
            "elapsed_ms": .number(elapsed.milliseconds), "not_ready": .texts(notReady.map { "\($0.condition)" }),
            "ready": .flag(isReady),
        ]
        return "\(json)"
    }
}

extension Duration {
    var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
