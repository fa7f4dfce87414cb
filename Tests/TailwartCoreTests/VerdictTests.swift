import Foundation
import TailwartCore
import Testing

@Suite struct VerdictTests {
    private static let table = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/faults.md")

    /// The cells of each row that begins with a verdict's name.
    private func rows() throws -> [String: [String]] {
        let text = try String(contentsOf: Self.table, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return Dictionary(grouping: rows) { $0[0].replacingOccurrences(of: "`", with: "") }.mapValues {
            $0.count == 1 ? $0[0] : []
        }
    }

    @Test func `the table of faults has one whole row for each verdict and none for anything else`() throws {
        let rows = try rows()
        #expect(Set(rows.keys) == Set(Verdict.allCases.map(\.name)))
        for (name, cells) in rows {
            #expect(
                cells.count == 6,
                "\(name): verdict, grade, whether it turns off, fault, what the client sees, fix; once")
            #expect(cells.allSatisfy { !$0.isEmpty }, "\(name) has an empty cell")
        }
    }

    @Test(arguments: Verdict.allCases)
    func `the table says what the program says`(verdict: Verdict) throws {
        let cells = try #require(try rows()[verdict.name])
        try #require(cells.count == 6)
        #expect(cells[1] == verdict.grade.rawValue)
        #expect(cells[2] == (verdict.turnsOff(.reachability) ? "yes" : "no"))
        #expect(cells[3] == verdict.cause)
        #expect(cells[5] == verdict.fix)
    }

    @Test(arguments: Verdict.allCases)
    func `a verdict has a name for machines and whole sentences for people`(verdict: Verdict) {
        #expect(verdict.name.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
        for text in [verdict.cause, verdict.fix] {
            #expect(text.first?.isUppercase == true && text.last == ".", "\(text)")
            #expect(!text.contains("|") && !text.contains("\n"), "\(text)")
        }
        #expect(verdict.grade == .good || verdict.fix.count > 20)
    }

    @Test(arguments: Verdict.allCases)
    func `what turns a place off is failed, and what the file says decides`(verdict: Verdict) {
        #expect(!verdict.turnsOff(.nothing))
        #expect(verdict.turnsOff(.all) == (verdict.grade == .failed))
        #expect(!verdict.turnsOff(.reachability) || verdict.grade == .failed)
    }

    @Test func `nothing that a server says turns it off, but that it takes the header for commands`() {
        #expect(
            Verdict.allCases.filter { $0.turnsOff(Defaults.healthAffects) } == [
                .nameUnknown, .ownAddress, .refused, .timeout, .unreachable, .proxyFailed, .headerNotTrusted, .booting,
            ])
    }

    @Test func `only what a mailbox counts against the edge costs its quota`() {
        #expect(Verdict.allCases.filter(\.costsQuota) == [.headerNotTrusted, .wrongProtocol])
    }
}
