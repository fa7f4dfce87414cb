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
                "fail     upstream  mailbox a.example:587, 143  192.0.2.7 refused. → Enable it.",
                "warn     upstream  mailbox a.example:110       192.0.2.7:110 refused. → Enable it.",
            ])
    }

    @Test func `names that one certificate lacks are said once`() {
        let findings = ["a.example", "b.example"].map { name in
            Finding(
                .upstream, "web 127.0.0.1:8443 (https, \(name))", .fail, "The certificate is not for '\(name)'.",
                fix: "Add it.")
        }
        #expect(
            FindingText(.words).lines(findings).first
                == "fail     upstream  web 127.0.0.1:8443 (https, a.example), 8443 (https, b.example)  "
                + "The certificate is not for this name. → Add it.")
    }

    @Test func `what is next names all that have its cause`() throws {
        let findings = [25, 465].map { port in
            Finding(
                .port, ":\(port) (mail)", .fail,
                "The edge cannot listen here: port \(port) is taken by exim4 (process 8).",
                fix: "Stop it.")
        }
        let next = try #require(NextStep(findings + [Finding(.clock, "system", .warn, "Off.", fix: "Set it.")]))
        #expect(
            FindingText(.words).lines(next, among: findings) == [
                "port :25 (mail), 465 (mail): The edge cannot listen here: the port is taken by exim4 (process 8).",
                "next: Stop it.", "",
            ])
    }

    @Test(arguments: [
        ([":25 (smtp)"], ":25 (smtp)"), ([":25 (smtp)", ":465 (submissions)"], ":25 (smtp), 465 (submissions)"),
        (
            ["mailbox a.example:443 (https, a)", "mailbox a.example:443 (https, b)"],
            "mailbox a.example:443 (https, a), 443 (https, b)"
        ),
        (
            ["mailbox a.example:25 (smtp)", "web 127.0.0.1:8443 (https)"],
            "mailbox a.example:25 (smtp), web 127.0.0.1:8443 (https)"
        ),
        (["127.0.0.1:25 (smtp)", "unix:/run/a.sock (smtp)"], "127.0.0.1:25 (smtp), unix:/run/a.sock (smtp)"),
        (["[::1]:25 (smtp)", "[::1]:143 (imap)"], "[::1]:25 (smtp), 143 (imap)"), (["a", "b"], "a, b"),
    ])
    func `what subjects begin with is said once`(subjects: [String], expected: String) {
        let causes = SharedCause.all(subjects.map { Finding(.port, $0, .pass, "Free.") })
        #expect(causes.map(\.subject) == [expected])
    }

    @Test func `other results, other remedies and other words are other causes`() {
        let findings = [
            Finding(.upstream, "a:25", .fail, "Closed.", fix: "Open it."),
            Finding(.upstream, "a:26", .warn, "Closed.", fix: "Open it."),
            Finding(.upstream, "a:27", .fail, "Closed.", fix: "Leave it."),
            Finding(.upstream, "a:28", .fail, "Gone.", fix: "Open it."),
            Finding(.port, "a:29", .fail, "Closed.", fix: "Open it."),
            Finding(.upstream, "a:30", .fail, "Closed.", fix: "Open it."),
        ]
        #expect(SharedCause.all(findings).map(\.subject) == ["a:25, 30", "a:26", "a:27", "a:28", "a:29"])
    }

    @Test func `a terminal gets no long lines`() {
        let long = Array(repeating: "word", count: 60).joined(separator: " ")
        let lines = FindingText(.signs).lines([Finding(.cloud, "provider", .unknown, long, fix: long)])
        #expect(lines[0] == "?  cloud  provider")
        #expect(lines.allSatisfy { $0.count <= 100 })
        #expect(lines.contains { $0.hasPrefix("    → word") })
        #expect(FindingText(.words).lines([Finding(.cloud, "provider", .unknown, long)]).count == 2)
        let many = (1...20).map { Finding(.port, "192.0.2.7:\($0) (smtp)", .fail, "Taken.") }
        #expect(FindingText(.signs).lines(many).allSatisfy { $0.count <= 100 })
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
