import Foundation
import TailwartWire
import Testing

@testable import TailwartPreflight

@Suite struct FindingTextTests {
    private static let findings = [
        Finding(.port, ":25 (smtp)", .pass, "Free."),
        Finding(.firewall, "25, 465", .fail, "Closed.", fix: "sudo ufw allow 25"),
        Finding(.cloud, "provider", .unknown, "Not seen.", fix: "Try."), Finding(.clock, "system", .warn, "Off."),
    ]

    @Test func `a file gets words in columns`() {
        #expect(
            FindingText(.words).lines(Self.findings) == [
                "pass     port      :25 (smtp)  Free.", "fail     firewall  25, 465     Closed. → sudo ufw allow 25",
                "unknown  cloud     provider    Not seen. → Try.", "warn     clock     system      Off.",
                "4 checks: 1 pass, 1 warn, 1 fail, 1 unknown.",
            ])
    }

    @Test func `a cause that several ports share is said once`() {
        let findings = [587, 143, 110].map { port in
            Finding(
                .upstream, "mailbox a.example:\(port)", port == 110 ? .warn : .fail, "192.0.2.7:\(port) refused.",
                fix: "Enable it.")
        }
        #expect(
            FindingText(.words).lines(findings).dropLast() == [
                "fail     upstream  mailbox a.example:587  192.0.2.7:587 refused. → Enable it.",
                "fail     upstream  mailbox a.example:143  As above.",
                "warn     upstream  mailbox a.example:110  192.0.2.7:110 refused. → Enable it.",
            ])
    }

    @Test func `a terminal gets no long lines`() {
        let long = Array(repeating: "word", count: 60).joined(separator: " ")
        let lines = FindingText(.signs).lines([Finding(.cloud, "provider", .unknown, long, fix: long)])
        #expect(lines[0] == "?  cloud  provider")
        #expect(lines.allSatisfy { $0.count <= 100 })
        #expect(lines.contains { $0.hasPrefix("    → word") })
        #expect(FindingText(.words).lines([Finding(.cloud, "provider", .unknown, long)]).count == 2)
    }

    @Test func `a terminal gets signs, in colour where it wants them`() {
        #expect(FindingText(.signs).lines(Self.findings).map { $0.prefix(1) } == ["✓", "✗", "?", "!", "4"])
        let coloured = FindingText(.colouredSigns).lines(Self.findings)
        #expect(coloured[0].hasPrefix("\u{1b}[32m✓\u{1b}[0m  port"))
        #expect(coloured[1].hasPrefix("\u{1b}[31m✗\u{1b}[0m"))
    }

    @Test(
        arguments: [
            (false, [:], .words), (true, [:], .colouredSigns), (true, ["NO_COLOR": ""], .colouredSigns),
            (true, ["NO_COLOR": "1"], .signs), (true, ["TERM": "dumb"], .signs), (false, ["NO_COLOR": "1"], .words),
        ] as [(Bool, [String: String], FindingText.Style)])
    func `signs are for terminals, and colours for those who want them`(
        isTerminal: Bool, environment: [String: String], expected: FindingText.Style
    ) {
        #expect(FindingText.Style(isTerminal: isTerminal, environment: environment) == expected)
    }

    @Test func `a script gets every key of every finding`() throws {
        let list = try Self.findings.map { finding in
            try #require(try JSONSerialization.jsonObject(with: Data("\(finding.json)".utf8)) as? [String: Any])
        }
        for one in list { #expect(Set(one.keys) == ["check", "subject", "result", "detail", "fix"]) }
        #expect(list[0]["fix"] is NSNull && list[1]["result"] as? String == "fail")
    }
}
