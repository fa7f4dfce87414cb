import TailwartTesting
import TailwartWire
import Testing

struct GreetingReaderTests {
    /// What a reader lets pass of pieces, and whether it then found an answer to nobody.
    private func read(_ pieces: [[UInt8]], _ dialect: GreetingReader.Dialect) -> (passed: [UInt8], answersNobody: Bool)
    {
        var reader = GreetingReader(dialect)
        var passed: [UInt8] = []
        var undecided: [UInt8] = []
        for piece in pieces {
            let bytes = undecided + piece
            switch reader.read(bytes.span) {
            case .answersNobody: return (passed, true)
            case .passes(let count):
                passed += bytes.prefix(count)
                undecided = Array(bytes.dropFirst(count))
                #expect(undecided.count <= GreetingReader.maximumUndecided)
            }
        }
        #expect(!reader.isOver || undecided.isEmpty)
        return (passed + undecided, false)
    }

    /// In one piece, in every two pieces, and byte by byte.
    private func everyCut(of text: String, _ check: ([[UInt8]]) -> Void) {
        let bytes = Array(text.utf8)
        check([bytes])
        for cut in bytes.indices { check([Array(bytes[..<cut]), Array(bytes[cut...])]) }
        check(bytes.map { [$0] })
    }

    @Test(
        arguments: [
            (.smtp, "220 mail.example.org Stalwart ESMTP at your service\r\n"),
            (.smtp, "220-mail.example.org ESMTP\r\n220-be patient\r\n220 mail.example.org ready\r\n"),
            (.smtp, "220\r\n"),
            (.smtp, "220 mail.example.org ESMTP\r\n421 4.3.2 mail.example.org shutting down\r\n"),
            (.smtp, "220 mail.example.org ESMTP\r\n\r\n421-4.4.2 timeout\r\n421 4.4.2 closing\r\n"),
            (.smtp, "554 5.3.2 no mail here\r\n221 bye\r\n500 what\r\n"),
            (.smtp, "421 4.7.0 too many connections\r\n"),
            (.smtp, "SSH-2.0-OpenSSH_9.2\r\n500 x\r\n"),
            (.imap, "* OK [CAPABILITY IMAP4rev2 IMAP4rev1] ready\r\n"),
            (
                .imap,
                "* OK Waiting for authentication process to respond..\r\n* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"
            ),
            (.imap, "* OK ready\r\n* BYE Disconnected for inactivity.\r\n"),
            (.imap, "* ok ready\r\n* bye\r\n"),
            (.imap, "* BYE too many connections\r\n"),
            (.imap, "* PREAUTH welcome\r\n* CAPABILITY IMAP4rev1\r\n"),
            (.pop3, "+OK Dovecot ready.\r\n"),
            (.pop3, "-ERR [SYS/TEMP] later\r\n"),
            (
                .sieve,
                "\"IMPLEMENTATION\" \"Stalwart ManageSieve\"\r\n\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n"
            ),
            (.sieve, "\"SASL\" \"\"\r\nok\r\nBYE \"idle for too long\"\r\n"),
            (.sieve, "BYE \"no\"\r\n"),
        ] as [(GreetingReader.Dialect, String)])
    func `a greeting and the server's own words pass, however they are cut`(
        dialect: GreetingReader.Dialect, text: String
    ) {
        everyCut(of: text) { pieces in
            let (passed, answersNobody) = read(pieces, dialect)
            #expect(!answersNobody, "\(pieces.map(\.count))")
            #expect(passed == Array(text.utf8))
        }
    }

    @Test(
        arguments: [
            (
                .smtp, "220 mail.example.org Stalwart ESMTP at your service\r\n",
                "500 5.5.1 Invalid command.\r\n221 2.0.0 Bye.\r\n"
            ),
            (.smtp, "220-a\r\n220 b\r\n", "502 5.5.2 Error: command not recognized\r\n"),
            (.smtp, "220 mail.example.org ESMTP\r\n", "221 2.0.0 Bye\r\n"),
            (.smtp, "220 mail.example.org ESMTP\r\n", "450 4.7.1 what\r\n"),
            (.imap, "* OK ready\r\n", "* BAD Error in IMAP command received by server.\r\n"),
            (.imap, "* OK Waiting\r\n* OK ready\r\n", "PROXY BAD unknown command\r\n"),
            (.imap, "", "* bad no greeting at all\r\n"),
            (.pop3, "+OK ready\r\n", "-ERR Unknown command.\r\n"),
            (.pop3, "+OK ready\r\n", "+OK bye\r\n"),
            (.sieve, "\"SASL\" \"\"\r\nOK \"ready\"\r\n", "NO \"unknown command\"\r\n"),
            (.sieve, "OK\r\n", "OK \"bye\"\r\n"),
        ] as [(GreetingReader.Dialect, String, String)])
    func `an answer that nobody has asked for is found, and no byte of it passes`(
        dialect: GreetingReader.Dialect, greeting: String, answer: String
    ) {
        everyCut(of: greeting + answer) { pieces in
            let (passed, answersNobody) = read(pieces, dialect)
            #expect(answersNobody, "\(pieces.map(\.count))")
            #expect(greeting.utf8.starts(with: passed), "\(pieces.map(\.count))")
        }
    }

    @Test(arguments: [
        ("EHLO client.example.net\r\n", "500 5.5.1 Invalid command.\r\n", true),
        ("eh", "500 5.5.1 Invalid command.\r\n", true),
        ("helo client\r\n", "502 5.5.2 Error: command not recognized\r\n", true),
        ("EHLO client.example.net\r\n", "221 2.0.0 Bye\r\n", true),
        ("EHLO client.example.net\r\n", "250-mail.example.org\r\n250 PIPELINING\r\n", false),
        ("EHLO client\r\n", "550 5.5.0 Invalid EHLO domain.\r\n", false),
        ("EHLO client_1\r\n", "501 Syntactically invalid EHLO argument(s)\r\n", false),
        ("EHLO client.example.net\r\n", "421 4.3.2 shutting down\r\n", false),
        ("GET / HTTP/1.1\r\n", "500 5.5.1 Invalid command.\r\n", false),
    ])
    func `the answer to an EHLO shows that the header was answered before it`(
        hello: String, answer: String, isFault: Bool
    ) {
        everyCut(of: answer) { pieces in
            var reader = GreetingReader(.smtp)
            #expect(reader.read(Array("220 ready\r\n".utf8).span) == .passes(11))
            reader.clientSpoke(Array(hello.utf8).span)
            var undecided: [UInt8] = []
            var found = false
            for piece in pieces where !found {
                let bytes = undecided + piece
                switch reader.read(bytes.span) {
                case .answersNobody: found = true
                case .passes(let count): undecided = Array(bytes.dropFirst(count))
                }
            }
            #expect(found == isFault, "\(pieces.map(\.count))")
        }
    }

    @Test(arguments: GreetingReader.Dialect.allCases)
    func `a client that spoke before the greeting was whole is served blindly`(dialect: GreetingReader.Dialect) {
        var reader = GreetingReader(dialect)
        _ = reader.read(Array("220-".utf8).span)
        reader.clientSpoke(Array("EHLO early\r\n".utf8).span)
        #expect(reader.isOver)
    }

    @Test(arguments: GreetingReader.Dialect.allCases)
    func `nothing that a server sends makes the reader trap or read without end`(dialect: GreetingReader.Dialect) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            var reader = GreetingReader(dialect)
            var undecided: [UInt8] = []
            for _ in 0..<20 {
                let alphabet = Array("220-54*OKBAYE+\r\n \"\0".utf8)
                let bytes =
                    undecided
                    + (0..<Int.random(in: 1...9, using: &random)).map { _ in
                        alphabet.randomElement(using: &random) ?? 0
                    }
                guard case .passes(let count) = reader.read(bytes.span) else { break }
                #expect((0...bytes.count).contains(count), "seed \(seed)")
                undecided = Array(bytes.dropFirst(count))
                #expect(undecided.count <= GreetingReader.maximumUndecided, "seed \(seed)")
            }
        }
        var reader = GreetingReader(dialect)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: Int(GreetingReader.maximumLength) + 1)
        #expect(reader.read((Array("220 +OK \"".utf8) + line).span) == .passes(9 + line.count))
        #expect(reader.isOver)
    }
}
