import Foundation
import TailwartCore
import Testing

@Suite struct EndingRuleTests {
    /// The cells of each row of the table of endings in docs/architecture.md.
    private static func rows() throws -> [[String]] {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/architecture.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = text.components(separatedBy: "## How connections end").last?.components(separatedBy: "\n## ")
            .first
        return (section ?? "").split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func `the documentation has the table of endings, row by row`() throws {
        let expected = CloseReason.allCases.map { reason in
            let rule = reason.rule
            return [
                "`\(reason.name)`", rule.party.rawValue, rule.told.rawValue,
                rule.blame.rawValue, rule.isAbortive ? "reset" : "end", rule.means, rule.advice,
            ]
        }
        #expect(try Self.rows() == expected)
    }

    @Test func `only what is an upstream's can count against a place`() {
        for reason in CloseReason.allCases where reason.rule.blame != .never {
            #expect([.upstream, .clientOrUpstream].contains(reason.rule.party))
        }
    }
}
