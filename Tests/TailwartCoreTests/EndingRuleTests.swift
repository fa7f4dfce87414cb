import Foundation
import TailwartCore
import Testing

@Suite struct EndingRuleTests {
    /// The cells of each row of a table in the documentation whose first column is a reason.
    private static func rows(of name: String = "architecture.md", _ title: String = "How connections end")
        throws -> [[String]]
    {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/\(name)")
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = text.components(separatedBy: "## \(title)\n").last?.components(separatedBy: "\n## ")
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

    @Test func `the documentation says of each ending what becomes of mail`() throws {
        let rows = try Self.rows(of: "bounces.md", "Each way to end a connection")
        #expect(rows.map(\.first) == CloseReason.allCases.map { "`\($0.name)`" })
        for row in rows {
            #expect(row.count == 4 && ["waits", "waits, or twice"].contains(row[2]), "\(row)")
        }
        // What the sender has been told in place of a greeting cannot be in the gap behind its mail.
        for (reason, row) in zip(CloseReason.allCases, rows) where row.count == 4 {
            let isTold = [.unavailable, .tooManyConnections, .notAccepted].contains(reason.rule.told)
            #expect(isTold == row[1].hasPrefix("`421` as the greeting"), "\(row)")
        }
    }

    @Test func `only what is an upstream's can count against a place`() {
        for reason in CloseReason.allCases where reason.rule.blame != .never {
            #expect([.upstream, .clientOrUpstream].contains(reason.rule.party))
        }
    }
}
