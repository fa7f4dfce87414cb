import Foundation
import TailwartCore
import Testing

@Suite struct MailServerTests {
    @Test(
        arguments: [
            ("220 mail.example.org Stalwart ESMTP at your service", .stalwart),
            ("220 stalwart Stalwart ESMTP at your service", .stalwart),
            ("* OK [CAPABILITY IMAP4rev2 IMAP4rev1 ID] Stalwart IMAP4rev2 at your service, 127.0.0.1", .stalwart),
            ("+OK Stalwart POP3 at your service.", .stalwart), (#""IMPLEMENTATION" "Stalwart v0.16.1""#, .stalwart),
            ("220 mx.example.org ESMTP Postfix (Debian/GNU)", .postfix),
            ("220-mx.example.org ESMTP Postfix", .postfix), ("220 mx.example.org ESMTP Postfix.", .postfix),
            // The host is no server.
            ("220 stalwart.example.org ESMTP Postfix", .postfix), ("220 stalwart ESMTP Postfix", .postfix),
            ("220-stalwart ESMTP Exim 4.96 Tue, 01 Sep 2026 00:00:00 +0000", .exim),
            (
                "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE STARTTLS] Dovecot (Debian) ready.",
                .dovecot
            ),
            ("+OK Dovecot (Debian) ready.", .dovecot), (#""IMPLEMENTATION" "Dovecot (Debian) Pigeonhole""#, .dovecot),
            ("220 mx.example.org ESMTP OpenSMTPD", .opensmtpd), ("220 mx.example.org ESMTP chasquid", .chasquid),
            ("220 postfix.example.org ESMTP Haraka/3.0.3 ready", nil), ("220 stalwart ESMTP", nil),
            ("220 mx.example.org ESMTP Sendmail 8.17.1; Tue, 1 Sep 2026", nil), ("220", nil), ("220 ", nil), ("", nil),
            ("* OK imap.example.org Cyrus IMAP 3.6.1 server ready", nil), ("* OK", nil),
            ("+OK <1@postfixes.example>", nil),
        ] as [(String, MailServer?)])
    func `a server is known by what it says of itself, and not by its host`(line: String, server: MailServer?) {
        #expect(MailServer(greeting: line) == server)
    }

    @Test(arguments: Verdict.allCases, MailServer.allCases)
    func `advice names the server that answered, and no other one`(verdict: Verdict, server: MailServer) {
        let fix = verdict.fix(of: server)
        for other in MailServer.allCases where other != server {
            #expect(!fix.localizedCaseInsensitiveContains(other.name), "\(fix)")
        }
        #expect(fix == verdict.fix || fix.contains(server.name), "\(fix)")
        #expect(fix.first?.isUppercase == true && fix.last == "." && !fix.contains("\n") && !fix.contains("|"))
    }

    @Test(arguments: Verdict.allCases)
    func `advice names no server where none is known`(verdict: Verdict) {
        #expect(verdict.fix(of: nil) == verdict.fix)
        for server in MailServer.allCases {
            #expect(!verdict.fix.localizedCaseInsensitiveContains(server.name), "\(verdict.fix)")
        }
    }

    @Test(arguments: [Verdict.headerNotTrusted, .banned])
    func `where nobody is known the command that lists servers is named`(verdict: Verdict) {
        #expect(verdict.fix.contains("`tailwart trust` lists servers"))
    }

    @Test func `the table of servers in the documentation says what the program says`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/faults.md")
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { line in
            Verdict.allCases.contains { line.contains("| `\($0.name)` | ") } && !line.hasPrefix("| `")
        }
        let expected = MailServer.allCases.flatMap { server in
            Verdict.allCases.filter { $0.fix(of: server) != $0.fix }.map { verdict in
                "| \(server.name) | `\(verdict.name)` | \(verdict.fix(of: server)) |"
            }
        }
        #expect(rows.map(String.init) == expected)
    }

    // MARK: - who answers where nothing is said

    @Test(
        arguments: [
            (.refused, .submission, [.stalwart, nil, .stalwart], .stalwart), (.refused, .https, [.stalwart], .stalwart),
            (.refused, .imaps, [.postfix], nil), (.refused, .imaps, [.stalwart, .postfix], nil),
            (.refused, .imaps, [nil, nil], nil), (.banned, .smtp, [.stalwart], .stalwart),
            // Who greets and does not say who it is, is somebody else.
            (.well, .smtp, [.stalwart], nil), (.certificateExpired, .imaps, [.stalwart], nil),
            (.certificateExpired, .https, [.stalwart], .stalwart),
        ] as [(Verdict, ListenerProtocol, [MailServer?], MailServer?)])
    func `a port that says nothing is that of the server which has all others, if that is Stalwart`(
        verdict: Verdict, proto: ListenerProtocol, others: [MailServer?], server: MailServer?
    ) {
        let result = ProbeResult(verdict, "Seen.")
        #expect(EndpointDiagnosis.server(of: result, proto, beside: others) == server)
    }

    @Test func `who greeted before is remembered until another one greets`() {
        let start = ContinuousClock.now
        var time = Duration.zero
        var watch = HealthWatch([HealthWatchTests.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        func server(_ verdict: Verdict, _ server: MailServer?) -> MailServer?? {
            var result = ProbeResult(verdict, "Seen.")
            result.server = server
            time += .seconds(60)
            let effects = watch.take(.probed("smtp", serverName: nil, result), now: start + time, jitter: { 0 })
            for case .say(let event) in effects {
                switch event {
                case .verdict(let found): return .some(found.result.server)
                case .health(_, _, _, let found?): return .some(found.result.server)
                default: break
                }
            }
            return nil
        }
        #expect(server(.timeout, nil) == .some(nil))
        #expect(server(.well, .postfix) == .some(.postfix))
        #expect(server(.banned, nil) == .some(.postfix))
        #expect(server(.well, nil) == .some(nil))
        #expect(server(.banned, nil) == .some(nil))
    }
}
