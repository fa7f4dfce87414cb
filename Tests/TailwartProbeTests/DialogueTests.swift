import TailwartCore
import Testing

@testable import TailwartProbe

/// Lines in, steps out: every branch of the four languages, without a socket.
@Suite struct DialogueTests {
    private func setting(hasHeader: Bool = false, isProtected: Bool = false) -> DialogueSetting {
        DialogueSetting(hasHeader: hasHeader, isProtected: isProtected, ehloName: "edge.example.org")
    }

    /// The steps of a conversation; what the probe says is written as `> words`, a verdict as its name, with `?` where it depends on
    /// what follows.
    private func run(_ dialogue: any Dialogue, _ lines: [String]) -> [String] {
        var dialogue = dialogue
        return lines.compactMap { line in
            switch dialogue.receive(ServerLine(line.utf8)) {
            case .readOn: nil
            case .say(let words): "> \(words)"
            case .startTLS: "TLS"
            case .done: "done"
            case .stop(let verdict, _): verdict.name
            case .suspect(let verdict, _): "\(verdict.name)?"
            }
        }
    }

    private static let ehlo = "> EHLO edge.example.org"

    @Test(arguments: [
        (["220 hi", "250-hi", "250-SIZE 1", "250 STARTTLS", "220 go"], [ehlo, "> STARTTLS", "TLS"]),
        (
            ["220-hi", "220-and", "220 again", "250-hi", "250-starttls", "250 SIZE", "220 go"],
            [ehlo, "> STARTTLS", "TLS"]
        ),
        (["220", "250-hi", "250 STARTTLS", "454 4.7.0 not now"], [ehlo, "> STARTTLS", "starttls_refused"]),
        (["220", "250-hi", "250 STARTTLS", "501-no", "501 no"], [ehlo, "> STARTTLS", "starttls_refused"]),
        (["220 hi", "250 STARTTLS"], [ehlo, "starttls_missing"]),
        (["220 hi", "250-hi", "250 PIPELINING"], [ehlo, "starttls_missing"]),
        (["220 hi", "502 5.5.2 EHLO?"], [ehlo, "starttls_missing"]),
        (["220 hi", "421 4.3.2 later"], [ehlo, "busy"]),
        (["220 hi", "550 5.5.0 Invalid EHLO domain."], [ehlo, "ehlo_refused"]),
        (["220 hi", "504-5.5.2", "504 5.5.2 need fully-qualified hostname"], [ehlo, "ehlo_refused"]),
        (["220 hi", "450 4.7.1 Host not found"], [ehlo, "ehlo_refused"]),
        (["421 4.3.2 later"], ["busy"]), (["554 no service here"], ["busy"]), (["500 5.5.1 what"], ["busy"]),
        (["* OK IMAP"], ["wrong_protocol"]), (["+OK"], ["wrong_protocol"]), ([""], ["wrong_protocol"]),
        (["2x0 hi"], ["wrong_protocol"]), (["22"], ["wrong_protocol"]), (["2200 hi"], ["wrong_protocol"]),
        (["120 hi"], ["wrong_protocol"]), (["SSH-2.0-x"], ["wrong_protocol"]),
        (["HTTP/1.1 400 Bad"], ["wrong_protocol"]),
        (["220 hi", "* BAD"], [ehlo, "wrong_protocol"]),
    ])
    func `SMTP`(lines: [String], steps: [String]) {
        #expect(run(SMTPDialogue(setting()), lines) == steps)
    }

    @Test(arguments: [
        (["500 5.5.1 Invalid command."], ["busy"]),
        (["220 hi", "500 5.5.1 Invalid command."], [ehlo, "ehlo_refused?"]),
        (["220 hi", "502-5.5.1", "502 5.5.1"], [ehlo, "ehlo_refused?"]),
        (["220 hi", "503 5.5.1"], [ehlo, "ehlo_refused?"]),
        (["421 4.3.0 error"], ["busy"]), (["220 hi", "550 5.7.1 no"], [ehlo, "ehlo_refused"]),
        (["220 hi", "250-hi", "250 STARTTLS", "220 go"], [ehlo, "> STARTTLS", "TLS"]),
    ])
    func `SMTP behind a header`(lines: [String], steps: [String]) {
        #expect(run(SMTPDialogue(setting(hasHeader: true)), lines) == steps)
    }

    @Test(arguments: [
        (
            ["* OK hi", "* CAPABILITY IMAP4rev1 STARTTLS", "a1 OK", "a2 OK"],
            ["> a1 CAPABILITY", "> a2 STARTTLS", "TLS"]
        ),
        (
            ["* ok hi", "* Capability starttls", "A1 ok done", "* 1 EXISTS", "A2 OK"],
            ["> a1 CAPABILITY", "> a2 STARTTLS", "TLS"]
        ),
        (["* OK hi", "* CAPABILITY IMAP4rev1", "a1 OK"], ["> a1 CAPABILITY", "starttls_missing"]),
        (
            ["* OK hi", "* CAPABILITY STARTTLS", "a1 OK", "a2 NO"],
            ["> a1 CAPABILITY", "> a2 STARTTLS", "starttls_refused"]
        ),
        (["* OK hi", "a1 BAD what"], ["> a1 CAPABILITY", "wrong_protocol"]),
        (["* OK hi", "* BYE"], ["> a1 CAPABILITY", "busy"]),
        (["* PREAUTH hi"], ["done"]), (["* BYE later"], ["busy"]), (["* BAD what"], ["wrong_protocol"]),
        (["*"], ["wrong_protocol"]), (["220 hi"], ["wrong_protocol"]), (["* what"], ["wrong_protocol"]),
        ([""], ["wrong_protocol"]),
    ])
    func `IMAP`(lines: [String], steps: [String]) {
        #expect(run(IMAPDialogue(setting()), lines) == steps)
    }

    @Test(arguments: [
        (["* OK hi", "* BAD Expected a tag."], ["> a1 CAPABILITY", "header_not_trusted"]),
        (["* OK hi", "PROXY BAD"], ["> a1 CAPABILITY", "header_not_trusted"]), (["* BAD"], ["header_not_trusted"]),
        (["* BYE later"], ["busy"]), (["* OK hi", "a1 NO not now"], ["> a1 CAPABILITY", "wrong_protocol"]),
        (["* OK hi", "* NO disk is nearly full", "* CAPABILITY", "a1 OK"], ["> a1 CAPABILITY", "starttls_missing"]),
    ])
    func `IMAP behind a header`(lines: [String], steps: [String]) {
        #expect(run(IMAPDialogue(setting(hasHeader: true)), lines) == steps)
    }

    @Test(arguments: [
        (["+OK hi", "+OK", "UIDL", "STLS", ".", "+OK"], ["> CAPA", "> STLS", "TLS"]),
        (["+OK hi", "+OK", "UIDL", "."], ["> CAPA", "starttls_missing"]),
        (["+OK hi", "-ERR what"], ["> CAPA", "starttls_missing"]),
        (["+OK hi", "+OK", "STLS", ".", "-ERR"], ["> CAPA", "> STLS", "starttls_refused"]),
        (["+OK hi", "+OK", "* BYE"], ["> CAPA", "busy"]),
        (["-ERR [SYS/TEMP] later"], ["busy"]), (["* BYE later"], ["busy"]), (["220 hi"], ["wrong_protocol"]),
    ])
    func `POP3`(lines: [String], steps: [String]) {
        #expect(run(POP3Dialogue(setting()), lines) == steps)
    }

    @Test(arguments: [
        (["+OK hi", "-ERR Invalid command"], ["> CAPA", "starttls_missing?"]),
        (["+OK hi", "+OK", "-ERR Invalid command"], ["> CAPA", "header_not_trusted"]), (["-ERR later"], ["busy"]),
    ])
    func `POP3 behind a header`(lines: [String], steps: [String]) {
        #expect(run(POP3Dialogue(setting(hasHeader: true)), lines) == steps)
    }

    @Test(arguments: [
        (["\"SIEVE\" \"fileinto\"", "\"STARTTLS\"", "OK \"hi\"", "OK"], ["> STARTTLS", "TLS"]),
        (["\"SIEVE\" \"fileinto\"", "OK (TAG {3}"], ["starttls_missing"]),
        (["\"STARTTLS\"", "OK", "NO \"not now\""], ["> STARTTLS", "starttls_refused"]),
        (["BYE (TRYLATER) \"later\""], ["busy"]), (["NO"], ["wrong_protocol"]), (["220 hi"], ["wrong_protocol"]),
        (["OKAY"], ["wrong_protocol"]),
    ])
    func `ManageSieve`(lines: [String], steps: [String]) {
        #expect(run(SieveDialogue(setting()), lines) == steps)
    }

    @Test(arguments: [
        (["\"STARTTLS\"", "OK", "NO \"Expected a command\""], ["> STARTTLS", "starttls_refused?"]),
        (["NO \"Expected a command\""], ["wrong_protocol?"]),
    ])
    func `ManageSieve behind a header`(lines: [String], steps: [String]) {
        #expect(run(SieveDialogue(setting(hasHeader: true)), lines) == steps)
    }

    @Test(
        arguments: [
            ("220 mail.example.org Stalwart ESMTP at your service", "mail.example.org"),
            ("220-MX.example.net. ESMTP Postfix", "mx.example.net"), ("220 mail.example.org", "mail.example.org"),
            // In a container that was told no name.
            ("220 stalwart Stalwart ESMTP at your service", "stalwart"), ("220 ESMTP Postfix", nil),
            ("220 Welcome to the mail.example.org", nil), ("220 [192.0.2.1] Exim", nil), ("220 192.0.2.1 ESMTP", nil),
            ("220 *.example.org ESMTP", nil), ("220 a.b,c ESMTP", nil), ("220", nil), ("220 ", nil),
            ("421 mail.example.org is shutting down", nil), ("* OK mail.example.org", nil),
            ("+OK mail.example.org", nil),
        ] as [(String, String?)])
    func `a name is what a server calls itself in a greeting of SMTP`(line: String, name: String?) {
        var greeter = Greeter()
        greeter.read(ServerLine(line.utf8))
        #expect(greeter.name == name)
    }

    @Test func `over TLS the greeting is enough`() {
        #expect(run(SMTPDialogue(setting(isProtected: true)), ["220-hi", "220 hi"]) == ["done"])
        #expect(run(IMAPDialogue(setting(isProtected: true)), ["* OK hi"]) == ["done"])
        #expect(run(POP3Dialogue(setting(isProtected: true)), ["+OK hi"]) == ["done"])
    }

    @Test(
        arguments: [
            ("220 mail", Greeting.smtp, "QUIT"), ("421", .smtp, "QUIT"), ("554-no", .smtp, "QUIT"),
            ("* OK", .imap, "a9 LOGOUT"), ("+OK", .pop3, "QUIT"), ("-ERR", .pop3, "QUIT"),
            ("\"IMPLEMENTATION\" \"x\"", .sieve, "LOGOUT"), ("OK", .sieve, "LOGOUT"), ("BYE \"x\"", .sieve, "LOGOUT"),
            ("HTTP/1.1 400", .http, nil), ("SSH-2.0-OpenSSH", .ssh, nil), ("\u{15}\u{3}\u{1}", .tls, nil),
            ("", .unknown, nil),
            ("OKAY", .unknown, nil), ("hello", .unknown, nil), ("*", .unknown, nil), ("2200", .unknown, nil),
        ] as [(String, Greeting, String?)])
    func `who greets is known by the first line`(line: String, greeting: Greeting, goodbye: String?) {
        #expect(Greeting(Array(line.utf8)) == greeting)
        #expect(greeting.goodbye == goodbye)
    }
}
