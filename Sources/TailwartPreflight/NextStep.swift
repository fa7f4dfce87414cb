import TailwartCore
package import TailwartWire

/// The one thing to do next, of all that was found.
///
/// What stands in the way first comes first: a mailbox that cannot be seen says nothing of its header, and one that takes no header
/// says nothing of its certificate. So consequences of a cause are never said before it.
package struct NextStep: Sendable, Equatable {
    /// What a fresh installation goes through, in the order in which it worked; each has a row in docs/preflight.md.
    package enum Step: String, CaseIterable, Sendable {
        /// Both hosts are in the tailnet, this one with its tag.
        case join
        /// The tailnet lets this host see the mailbox and reach its ports.
        case policy
        /// The mail server runs, behind its database.
        case mailbox
        /// It takes the header from this edge.
        case trust
        /// It listens on all ports that this edge has for it.
        case ports
        /// The edge's own ports, addresses, firewall and web server.
        case edge
        /// The mail server has a certificate that clients trust, for which names have to point here.
        case certificate
        case rest
    }

    package let step: Step
    package let finding: Finding
    /// What to do, as whole sentences.
    package let fix: String

    /// Nil if there is nothing to be done.
    package init?(_ findings: [Finding]) {
        let survey = Survey(findings)
        let candidates = findings.enumerated().compactMap { number, finding -> Candidate? in
            guard let fix = finding.fix, finding.result != .pass else { return nil }
            let step = survey.step(of: finding)
            return Candidate(
                rank: [survey.urgency(of: finding), Step.allCases.firstIndex(of: step) ?? 0, number], step: step,
                finding: finding, fix: fix)
        }
        guard let first = candidates.min(by: { $0.rank.lexicographicallyPrecedes($1.rank) }) else { return nil }
        (step, finding) = (first.step, first.finding)
        fix = Self.replacement(for: first) ?? first.fix + Self.addition(to: first)
    }

    private struct Candidate {
        let rank: [Int]
        let step: Step
        let finding: Finding
        let fix: String
    }

    /// No port of it is open: not one that lacks a listener, but a server that does not run, or not for us.
    private static func replacement(for candidate: Candidate) -> String? {
        guard case .verdict(.refused, _, _) = candidate.finding.matter, candidate.step == .mailbox else { return nil }
        return
            "Start the mail server, its database first. If it runs, it must listen on the tailnet's address, not on 127.0.0.1 alone."
    }

    /// What a fresh installation needs besides, and a probe does not see.
    private static func addition(to candidate: Candidate) -> String {
        guard case .verdict(let verdict, _, let proto) = candidate.finding.matter else { return "" }
        return switch verdict {
        // The one of the usual ports that a new Stalwart has not.
        case .refused where candidate.step == .ports && proto == .submission:
            " Without it: `ports: [25, 465, 993]` under mailbox."
        case .headerNotTrusted: " If that is done already, restart the mail server: many read it at their start only."
        case .certificateFallback, .certificateSelfSigned:
            " Before it can order one its names must point here: `tailwart records` prints the DNS records."
        default: ""
        }
    }

    /// The keys are those of the finding, and `step`.
    package var json: JSON {
        [
            "step": .text(step.rawValue), "check": .text(finding.check.rawValue), "subject": .text(finding.subject),
            "detail": .text(finding.detail), "fix": .text(fix),
        ]
    }
}
