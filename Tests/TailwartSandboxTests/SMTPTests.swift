import NIOCore
import TailwartClient
import TailwartWire
import Testing

@testable import TailwartSandbox

@Suite struct SMTPTests {
    @Test func `a delivered message is read back with a Received header that names the client`() async throws {
        try await withSandbox { sandbox in
            let reply = try await sandbox.deliver("Subject: one\r\n\r\n..dot\r\nlast")
            #expect(reply == "250 2.0.0 stored as message 1")
            let inbox = try await sandbox.openInbox()
            let lines = try await inbox.tagged("f1", "FETCH 1 BODY[]")
            inbox.abort()
            #expect(lines[1] == "Received: from client.example.net ([203.0.113.9])")
            #expect(lines[2] == "\tby sandbox.example.org with SMTP;")
            #expect(lines[4...] == ["Subject: one", "", ".dot", "last", ")", "f1 OK done"])
        }
    }

    @Test func `an IPv6 client is written as RFC 5321 asks`() {
        #expect(SMTPEnvelope.literal(.loopbackV6) == "[IPv6:::1]")
        #expect(SMTPEnvelope.literal(.loopbackV4) == "[127.0.0.1]")
    }

    @Test func `what follows STARTTLS in plaintext is dropped`() async throws {
        try await withSandbox { sandbox in
            let (connection, _) = try await sandbox.converse(.smtp)
            _ = try await connection.ask("EHLO client.example.net")
            try await connection.write("STARTTLS\r\nEHLO attacker.example.net\r\nNOOP\r\n")
            #expect(try await connection.line().hasPrefix("220 "))
            try await connection.beginTLS(sandbox.tls())
            // Were the injected lines kept, their replies would come first.
            #expect(try await connection.ask("MAIL FROM:<a@example.net>") == "503 5.5.1 EHLO comes first")
            try await connection.write("EHLO client.example.net\r\n")
            var offers: [String] = []
            repeat { offers.append(try await connection.line()) } while offers[offers.count - 1].hasPrefix("250-")
            #expect(offers[0] == "250-sandbox.example.org greets client.example.net: you come from 203.0.113.9")
            #expect(!offers.contains { $0.hasSuffix("STARTTLS") })
            #expect(try await connection.ask("STARTTLS") == "503 5.5.1 TLS is already on")
            connection.abort()
        }
    }

    @Test func `a line without end is refused and the conversation goes on`() async throws {
        try await withSandbox { sandbox in
            let (connection, _) = try await sandbox.converse(.smtp)
            try await connection.write(ByteBuffer(repeating: UInt8(ascii: "x"), count: 3 * SMTPSession.lineLimit))
            #expect(try await connection.ask("") == "500 5.5.6 the line is too long")
            #expect(try await connection.ask("NOOP").hasPrefix("250 "))
            connection.abort()
        }
    }

    @Test func `what a terminal sends is told how lines end, and a message may have such bytes`() async throws {
        try await withSandbox { sandbox in
            let (connection, _) = try await sandbox.converse(.smtp)
            try await connection.write("EHLO me\n")
            #expect(try await connection.line().contains("ends with CR LF, not with LF alone"))
            connection.abort()
            #expect(try await sandbox.deliver("a\n.\nb").hasPrefix("250 "))
            let (imap, _) = try await sandbox.converse(.imaps)
            try await imap.write("a NOOP\n")
            #expect(try await imap.line().hasPrefix("* BAD a line ends with CR LF"))
            imap.abort()
        }
    }

    @Test func `a message over the limit is refused and not kept`() async throws {
        try await withSandbox { sandbox in
            let line = String(repeating: "x", count: 998) + "\r\n"
            let text = String(repeating: line, count: SMTPSession.maximumMessageSize / 1000 + 1)
            let tooBig = try await sandbox.deliver(text)
            #expect(tooBig.hasPrefix("552 "))
            let tooLong = try await sandbox.deliver(String(repeating: "x", count: SMTPSession.lineLimit))
            #expect(tooLong.hasPrefix("554 "))
            let small = try await sandbox.deliver("small")
            #expect(small == "250 2.0.0 stored as message 1")
        }
    }

    @Test(arguments: [
        ("RCPT TO:<b@example.org>", "503"), ("DATA", "503"), ("MAIL FROM:<a@example.net>", "503"), ("EHLO", "501"),
        ("XYZZY", "500"), ("", "500"), ("NOOP", "250"), ("VRFY b", "252"), ("RSET", "250"), ("AUTH PLAIN AAAA", "503"),
        ("QUIT", "221"),
    ])
    func `a command out of place is told so`(command: String, code: String) {
        var session = SMTPSession(visit(.smtp))
        #expect(session.said(command).hasPrefix(code))
    }

    @Test(arguments: [
        ("FROM:<a@b>", "a@b"), ("from: <a@b> SIZE=1 BODY=8BITMIME", "a@b"), ("FROM:<>", ""), ("FROM:a@b", nil),
        ("FROM:<a@b>x", nil), ("FROM:<a@b", nil), ("TO:<a@b>", nil), ("", nil), ("FROM:<a\r@\u{7}b>", "a@b"),
    ])
    func `a path is read strictly`(argument: String, address: String?) {
        #expect(SMTPEnvelope.path(argument, after: "FROM:")?.address == address)
    }

    @Test func `an announced size over the limit is refused at once`() {
        var session = SMTPSession(visit(.smtp))
        _ = session.said("EHLO c")
        #expect(session.said("MAIL FROM:<a@b> SIZE=\(SMTPSession.maximumMessageSize + 1)").hasPrefix("552"))
        #expect(session.said("MAIL FROM:<a@b> SIZE=99999999999999999999").hasPrefix("501"))
        #expect(session.said("MAIL FROM:<a@b> SIZE=\(SMTPSession.maximumMessageSize)").hasPrefix("250"))
    }

    @Test(arguments: [
        [("AUTH PLAIN AAAA", "235")], [("AUTH PLAIN", "334 "), ("AAAA", "235")],
        [("AUTH LOGIN", "334 VX"), ("dQ==", "334 UG"), ("cA==", "235")], [("AUTH PLAIN", "334"), ("*", "501")],
        [("AUTH CRAM-MD5", "504")],
    ])
    func `on submissions any login is welcome`(dialogue: [(String, String)]) {
        var session = SMTPSession(visit(.submissions))
        for (line, reply) in dialogue { #expect(session.said(line).hasPrefix(reply)) }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `no line makes a session trap`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words = [
            "EHLO ", "MAIL ", "FROM:<a>", " SIZE=", "RCPT TO:<b>", "DATA", ".", "..", "AUTH ", "PLAIN", "LOGIN",
            "STARTTLS",
            "\0", "\u{ff}", "<", ">", "9", " ", "-", "*", "RSET", "\r", "\n",
        ]
        var session = SMTPSession(visit(.submissions))
        for _ in 0..<5000 {
            let line = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                words[Int.random(in: 0..<words.count, using: &generator)]
            }
            _ = session.said(line.joined())
        }
    }

    private func visit(_ service: SandboxService) -> SandboxVisit {
        SandboxVisit(service: service, client: someClient, store: MessageStore(), report: { _ in })
    }
}

extension LineSession {
    mutating func said(_ line: String) -> String {
        receive(.text(ByteBuffer(string: line))).chunks.map { String(buffer: $0) }.joined()
    }
}
