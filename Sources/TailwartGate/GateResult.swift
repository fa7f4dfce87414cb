package import TailwartCore
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

    package var answer: CommandAnswer {
        Self.answer(isGood: isReady, [], elapsed, findings.map { condition, finding in finding.json(of: condition) })
    }

    /// Where nothing could be asked.
    package static func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        answer(isGood: false, problems, .zero, [])
    }

    private static func answer(
        isGood: Bool, _ problems: [CommandAnswer.Problem], _ elapsed: Duration, _ findings: [JSON]
    ) -> CommandAnswer {
        CommandAnswer(
            isGood: isGood, problems: problems,
            ["elapsed_ms": .number(elapsed.milliseconds), "findings": .list(findings)])
    }
}

extension Finding {
    /// As the findings of the preflight, with the state besides.
    fileprivate func json(of condition: Condition) -> JSON {
        [
            "check": .text(condition.kind), "subject": condition.subject.json,
            "result": .text(isReady ? "pass" : "fail"), "state": .text(state), "detail": .text(text), "fix": fix.json,
        ]
    }
}

extension Duration {
    var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
