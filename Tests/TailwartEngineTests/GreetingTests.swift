import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// A mailbox that takes the PROXY header for commands: what its clients get.
@Suite(.ownThreads) struct GreetingTests {
    /// What servers say without trust, byte for byte, to a header of version 1 or 2.
    struct Server: Sendable, CustomTestStringConvertible {
        let name: String
        let proto: ListenerProtocol
        let greeting: String
        let answers: String
        let refusal: String

        var testDescription: String { name }
    }

    static let servers = [
        Server(
            name: "Stalwart, SMTP", proto: .smtp, greeting: "220 mail.example.org Stalwart ESMTP at your service\r\n",
            answers: String(repeating: "500 5.5.1 Invalid command.\r\n", count: 3) + "221 2.0.0 Bye.\r\n",
            refusal: "421 4.3.2 "),
        Server(
            name: "Postfix, SMTP", proto: .smtp, greeting: "220-wait\r\n220 mail.example.org ESMTP Postfix\r\n",
            answers: "502 5.5.2 Error: command not recognized\r\n", refusal: "421 4.3.2 "),
        Server(
            name: "Postfix, submission", proto: .submission, greeting: "220 mail.example.org ESMTP Postfix\r\n",
            answers: "500 5.5.2 Error: bad syntax\r\n221 2.0.0 Bye\r\n", refusal: "421 4.3.2 "),
        Server(
            name: "Dovecot, IMAP", proto: .imap,
            greeting:
                "* OK Waiting for authentication process to respond..\r\n* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n",
            answers: "* BAD Error in IMAP command received by server.\r\n", refusal: "* BYE [UNAVAILABLE] "),
        Server(
            name: "Dovecot, POP3", proto: .pop3, greeting: "+OK Dovecot ready.\r\n",
            answers: "-ERR Unknown command.\r\n",
            refusal: "-ERR [SYS/TEMP] "),
        Server(
            name: "ManageSieve", proto: .sieve, greeting: "\"SASL\" \"PLAIN\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n",
            answers: "NO \"Unknown command.\"\r\n", refusal: "BYE (TRYLATER) "),
    ]

    private func edge(
        _ server: Server, _ mailboxes: [InternetAddress], _ body: (EngineHarness) throws -> Void
    ) throws {
        let upstream = Upstream(
            name: Upstream.testName(0), endpoints: mailboxes.map { .test($0) },
            proxyProtocol: .init(.v2), health: HealthSettings())
        let listener = Listener.test(server.proto, routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [upstream], body)
    }

    /// What a client reads to an orderly end.
    private func words(_ client: TestSocket) throws -> String {
        let (bytes, end) = try client.receiveToEnd()
        #expect(end == .finished)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A client that leads to a mailbox, which has read the header and said nothing.
    private func meet(_ server: Server, _ body: (EngineHarness, Pair) throws -> Void) throws {
        let mailbox = try TestListener()
        try edge(server, [try mailbox.address]) { edge in
            let pair = try Pair(edge, mailbox)
            _ = try pair.upstream.receiveHeader()
            try body(edge, pair)
        }
    }

    /// The client is told to come again, in whole lines and an orderly end, and the record says why.
    @discardableResult
    private func expectRefusal(_ refusal: String, of pair: Pair, _ edge: EngineHarness) throws -> SeenRecord {
        let heard = try words(pair.client)
        #expect(heard.hasPrefix(refusal) && heard.hasSuffix("\r\n"), "\(heard)")
        pair.client.close()
        let record = try edge.nextRecord()
        #expect(record.ending == Ending(.upstream, .headerNotTrusted))
        pair.upstream.close()
        return record
    }

    private func expect(_ text: String, from socket: TestSocket) throws {
        #expect(String(decoding: try socket.receive(exactly: text.utf8.count), as: UTF8.self) == text)
    }

    @Test(arguments: servers)
    func `in one piece with the greeting its answers are kept from the client, who is told to come again`(
        server: Server
    )
        throws
    {
        try meet(server) { edge, pair in
            try pair.upstream.send(Array((server.greeting + server.answers).utf8))
            #expect(try expectRefusal(server.refusal, of: pair, edge).wasRefused)
        }
    }

    @Test(arguments: servers)
    func `behind a greeting that has gone out the client is told so as the next reply`(server: Server) throws {
        try meet(server) { edge, pair in
            try pair.upstream.send(Array(server.greeting.utf8))
            try expect(server.greeting, from: pair.client)
            try pair.upstream.send(Array(server.answers.utf8))
            try expectRefusal(server.refusal, of: pair, edge)
        }
    }

    @Test func `a greeting of which a part has gone out is ended before the refusal`() throws {
        let server = Self.servers[0]
        try meet(server) { edge, pair in
            let part = String(server.greeting.prefix(10))
            try pair.upstream.send(Array(part.utf8))
            try expect(part, from: pair.client)
            try pair.upstream.send(Array((server.greeting.dropFirst(10) + server.answers).utf8))
            try expectRefusal("\r\n\(server.refusal)", of: pair, edge)
        }
    }

    @Test func `an answer to the header that comes after the client's EHLO is kept from it as well`() throws {
        let server = Self.servers[0]
        try meet(server) { edge, pair in
            try pair.upstream.send(Array(server.greeting.utf8))
            try expect(server.greeting, from: pair.client)
            try pair.client.send(Array("EHLO sender.example.net\r\n".utf8))
            try expect("EHLO sender.example.net\r\n", from: pair.upstream)
            try pair.upstream.send(Array("50".utf8))
            try pair.upstream.send(Array("0 5.5.1 Invalid command.\r\n".utf8))
            try expectRefusal(server.refusal, of: pair, edge)
        }
    }

    @Test func `the next client is refused at once, until the header is trusted again`() throws {
        let server = Self.servers[0]
        let mailbox = try TestListener()
        try edge(server, [try mailbox.address]) { edge in
            let first = try edge.connect()
            let connection = try mailbox.accept()
            try connection.send(Array((server.greeting + server.answers).utf8))
            _ = try words(first)
            first.close()
            connection.close()
            let second = try edge.connect()
            #expect(try words(second).hasPrefix("421 "))
            second.close()
            #expect(try mailbox.accept(within: 50) == nil, "the mailbox was dialled")
            _ = try edge.records(2)
            for address in edge.topology.addresses(of: try edge.place().key) { address.trustsAgain() }
            let third = try edge.connect()
            let served = try mailbox.accept()
            _ = try served.receiveHeader()
            try Pair(client: third, upstream: served).finish()
            _ = try edge.nextRecord()
        }
    }

    @Test func `where another endpoint trusts the header the client is served there and notices nothing`() throws {
        let server = Self.servers[0]
        let bad = try TestListener()
        let good = try TestListener()
        try edge(server, [try bad.address, try good.address]) { edge in
            let client = try edge.connect()
            let connection = try bad.accept()
            _ = try connection.receiveHeader()
            try connection.send(Array((server.greeting + server.answers).utf8))
            let served = try good.accept()
            _ = try served.receiveHeader()
            try served.send(Array(server.greeting.utf8))
            try expect(server.greeting, from: client)
            try Pair(client: client, upstream: served).finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
            connection.close()
        }
    }

    @Test func `what a trusting server says by itself passes, in pieces too`() throws {
        let server = Self.servers[0]
        try meet(server) { edge, pair in
            let said = server.greeting + "421 4.4.2 mail.example.org timeout\r\n"
            for byte in said.utf8 { try pair.upstream.send([byte]) }
            pair.upstream.close()
            #expect(try words(pair.client) == said)
            pair.client.close()
            #expect(try edge.nextRecord().ending == Ending(.upstream, .closed))
        }
    }
}
