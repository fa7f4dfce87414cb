import NIOCore
import TailwartClient
import TailwartWire
import Testing

@testable import TailwartSandbox

@Suite struct IMAPTests {
    @Test func `IDLE tells of a message that arrives`() async throws {
        try await withSandbox { sandbox in
            let inbox = try await sandbox.openInbox()
            try await inbox.write("i1 IDLE\r\n")
            #expect(try await inbox.line() == "+ idling")
            try await sandbox.deliver("Subject: one\r\n\r\nfirst")
            #expect(try await inbox.line() == "* 1 EXISTS")
            try await sandbox.deliver("Subject: two\r\n\r\nsecond")
            #expect(try await inbox.line() == "* 2 EXISTS")
            try await inbox.write("DONE\r\n")
            #expect(try await inbox.line() == "i1 OK idled")
            #expect(try await inbox.tagged("i2", "SEARCH ALL") == ["* SEARCH 1 2", "i2 OK done"])
            inbox.abort()
        }
    }

    @Test func `outside IDLE a message is told of with the next NOOP only`() {
        let store = MessageStore()
        var session = IMAPSession(visit(store))
        _ = session.said("1 LOGIN a b")
        _ = session.said("2 SELECT INBOX")
        store.store(ByteBuffer(string: "x"), arrival: .now())
        #expect(session.mailboxChanged().chunks.isEmpty)
        #expect(session.said("3 SEARCH ALL") == "* SEARCH\r\n3 OK done\r\n")
        #expect(session.said("4 NOOP") == "* 1 EXISTS\r\n4 OK done\r\n")
    }

    @Test func `the oldest message goes when there are too many, and an open mailbox hears of it`() {
        let store = MessageStore()
        var session = IMAPSession(visit(store))
        for _ in 0..<MessageStore.capacity { store.store(ByteBuffer(string: "x"), arrival: .now()) }
        _ = session.said("1 LOGIN a b")
        _ = session.said("2 SELECT INBOX")
        for _ in 0..<2 { store.store(ByteBuffer(string: "y"), arrival: .now()) }
        #expect(store.messages.count == MessageStore.capacity)
        #expect(session.said("3 NOOP") == "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 100 EXISTS\r\n3 OK done\r\n")
        #expect(session.said("4 UID FETCH 102 FLAGS") == "* 100 FETCH (UID 102 FLAGS ())\r\n4 OK done\r\n")
    }

    @Test func `the store keeps no more bytes than it may`() {
        let store = MessageStore()
        let text = [UInt8](repeating: 0, count: MessageStore.maximumBytes / 4 - 4)
        let message = ByteBuffer(bytes: Array("\r\n\r\n".utf8) + text)
        for _ in 0..<6 { store.store(message, arrival: .now()) }
        #expect(store.messages.map(\.uid) == [3, 4, 5, 6])
    }

    @Test(arguments: [
        ("FLAGS", "FLAGS ()"), ("RFC822.SIZE", "RFC822.SIZE 14"), ("(UID FLAGS)", "UID 1 FLAGS ()"),
        ("BODY[]", "BODY[] {14}\r\nA: b\r\n\r\nc\r\nd\r\n"), ("body.peek[]", "BODY[] {14}\r\nA: b\r\n\r\nc\r\nd\r\n"),
        ("BODY[HEADER]", "BODY[HEADER] {8}\r\nA: b\r\n\r\n"), ("BODY[TEXT]", "BODY[TEXT] {6}\r\nc\r\nd\r\n"),
        ("RFC822.HEADER", "RFC822.HEADER {8}\r\nA: b\r\n\r\n"), ("RFC822", "RFC822 {14}\r\nA: b\r\n\r\nc\r\nd\r\n"),
        ("FAST", "FLAGS () INTERNALDATE \" 9-Sep-2001 01:46:40 +0000\" RFC822.SIZE 14"), ("(UID UID)", "UID 1"),
    ])
    func `FETCH answers in the words of the question`(items: String, answer: String) {
        var session = session(with: "A: b\r\n\r\nc\r\nd\r\n")
        #expect(session.said("f FETCH 1:* \(items)") == "* 1 FETCH (\(answer))\r\nf OK done\r\n")
    }

    @Test(arguments: [
        ("LOGIN {4}", "t BAD"), ("LOGIN {4+}", "* BYE"), ("LOGIN a", "t BAD"), ("FETCH x FLAGS", "t BAD"),
        ("FETCH 1 ENVELOPE", "t BAD"), ("FETCH 1", "t BAD"), ("STORE 1 FLAGS ()", "t NO"), ("XYZZY", "t BAD"),
        ("APPEND INBOX x", "t NO"), ("LOGIN \"a", "t BAD"), ("FETCH 1 (FLAGS", "t BAD"), ("SELECT other", "t NO"),
        ("LIST \"\" *", "* LIST (\\HasNoChildren) \"/\" INBOX\r\nt OK"), ("LIST \"\" \"\"", "* LIST (\\Noselect)"),
        ("LIST \"\" other", "t OK"),
        ("STATUS INBOX (MESSAGES UIDNEXT)", "* STATUS INBOX (MESSAGES 1 UIDNEXT 2)\r\nt OK"),
        ("CAPABILITY", "* CAPABILITY IMAP4rev1 "), ("UID FETCH 9:* UID", "* 1 FETCH (UID 1)\r\nt OK"),
        ("FETCH 4294967295 UID", "t OK"), ("FETCH 4294967296 UID", "t BAD"), ("LOGOUT", "* BYE"), ("", "t BAD"),
    ])
    func `every command gets an answer`(command: String, answer: String) {
        var session = session(with: "A: b\r\n\r\nc")
        #expect(session.said("t \(command)").hasPrefix(answer))
    }

    @Test(arguments: [["AUTHENTICATE PLAIN AGEAYg=="], ["AUTHENTICATE PLAIN", "AGEAYg=="]])
    func `AUTHENTICATE PLAIN works with and without an initial response`(lines: [String]) {
        var session = IMAPSession(visit(MessageStore()))
        #expect(session.said("t SELECT INBOX").hasPrefix("t NO"))
        #expect(session.said("t \(lines[0])").hasPrefix(lines.count == 1 ? "t OK" : "+ "))
        for line in lines.dropFirst() { #expect(session.said(line).hasPrefix("t OK")) }
        #expect(session.said("u SELECT INBOX").hasSuffix("u OK [READ-WRITE] INBOX is open\r\n"))
        #expect(session.said("v EXAMINE INBOX").hasSuffix("v OK [READ-ONLY] INBOX is open\r\n"))
    }

    @Test(arguments: [
        ("1", [1]), ("*", [9]), ("2:4", [2, 3, 4]), ("4:2", [2, 3, 4]), ("7:*", [7, 8, 9]), ("12:*", [9]),
        ("1,3,5:6", [1, 3, 5, 6]),
    ])
    func `a sequence set holds what RFC 3501 says`(text: String, members: [UInt32]) throws {
        let set = try #require(IMAPSequenceSet(text))
        #expect((1...9).filter { set.contains($0, last: 9) } == members)
    }

    @Test(arguments: ["", "0", "a", "1:", ":1", "1:2:3", "1,,2", "-1", "4294967296", "1 2", "**"])
    func `what is no sequence set is refused`(text: String) {
        #expect(IMAPSequenceSet(text) == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `no line makes a session trap`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words = [
            "a ", "LOGIN ", "x y", "SELECT ", "INBOX", "FETCH ", "1:*", "(", ")", "[", "]", "BODY[]", "BODY.PEEK[",
            "UID ",
            "SEARCH ", "ALL", "IDLE", "DONE", "\"", "\\", "{", "}", "+", "9", ",", ":", " ", "\0", "\u{ff}", "STATUS ",
            "CLOSE",
            "AUTHENTICATE PLAIN", "\r", "\n",
        ]
        var session = session(with: "A: b\r\n\r\nc")
        for _ in 0..<5000 {
            let line = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                words[Int.random(in: 0..<words.count, using: &generator)]
            }
            _ = session.said(line.joined())
            _ = session.mailboxChanged()
        }
    }

    private func visit(_ store: MessageStore) -> SandboxVisit {
        SandboxVisit(service: .imaps, client: someClient, store: store, report: { _ in })
    }

    private func session(with message: String) -> IMAPSession {
        let store = MessageStore()
        store.store(ByteBuffer(string: message), arrival: UTCTime(seconds: 1_000_000_000))
        var session = IMAPSession(visit(store))
        _ = session.said("1 LOGIN a b")
        _ = session.said("2 SELECT INBOX")
        return session
    }
}
