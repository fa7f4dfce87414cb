import TailwartCore
import TailwartEngine
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct RefusalTests {
    private static let hello = ClientHelloBuilder(serverName: "mail.example.org")
    private static let internalError: [UInt8] = [21, 3, 3, 0, 2, 2, 80]

    private static let words: [(ListenerProtocol, String)] = [
        (.smtp, "421 4.3.2 edge.example.org Service not available, closing transmission channel\r\n"),
        (.submission, "421 4.3.2 edge.example.org Service not available, closing transmission channel\r\n"),
        (.imap, "* BYE [UNAVAILABLE] The mail server cannot be reached at the moment, please try again later\r\n"),
        (.pop3, "-ERR [SYS/TEMP] Service temporarily unavailable, please try again later\r\n"),
        (.sieve, "BYE (TRYLATER) \"The mail server cannot be reached at the moment, please try again later\"\r\n"),
    ]

    @Test(arguments: words)
    func `a client that waits for a greeting is told in its protocol`(proto: ListenerProtocol, words: String) throws {
        try withEngine(listeners: [.test(proto)], upstreams: [.test(try closedAddress())]) { edge in
            let client = try edge.connect()
            let (bytes, end) = try client.receiveToEnd()
            #expect(String(decoding: bytes, as: UTF8.self) == words)
            #expect(end == .finished)
            client.close()
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.upstream, .upstreamRefused))
            #expect(record.wasRefused)
        }
    }

    @Test(arguments: [ListenerProtocol.submissions, .imaps, .pop3s, .https])
    func `a TLS client gets an alert after its hello`(proto: ListenerProtocol) throws {
        try withEngine(listeners: [.test(proto)], upstreams: [.test(try closedAddress())]) { edge in
            let client = try edge.connect()
            let hello = Self.hello.bytes
            try client.send(hello.prefix(1))
            #expect(!client.wait(for: 1, milliseconds: 200), "an answer came before the hello")
            try client.send(hello.dropFirst())
            let (bytes, end) = try client.receiveToEnd()
            #expect(bytes == Self.internalError)
            #expect(end == .finished)
            client.close()
            #expect(try edge.nextRecord().wasRefused)
        }
    }

    @Test func `a client on a TLS port that does not speak TLS is closed`() throws {
        try withEngine(listeners: [.test(.imaps)], upstreams: [.test(try closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(Array("a1 LOGIN\r\n".utf8))
            #expect(try client.receiveToEnd().bytes.isEmpty)
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.upstream, .upstreamRefused))
            #expect(!record.wasRefused)
        }
    }

    @Test func `a TLS client that says nothing is closed when its time is over`() throws {
        let timeouts = Timeouts(hello: .milliseconds(200), idle: .seconds(60))
        try withEngine(listeners: [.test(.imaps, timeouts: timeouts)], upstreams: [.test(try closedAddress())]) {
            edge in
            let client = try edge.connect()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamRefused))
        }
    }

    @Test func `the words survive what the client has sent meanwhile`() throws {
        let refusal = Refusal(host: "mail.example.org", text: "Back at noon")
        try withEngine(listeners: [.test(.smtp, refusal: refusal)], upstreams: [.test(try closedAddress())]) { edge in
            let client = try edge.connect()
            try? client.send(Array(repeating: UInt8(ascii: "x"), count: 20_000))
            let (bytes, end) = try client.receiveToEnd()
            #expect(String(decoding: bytes, as: UTF8.self) == "421 4.3.2 mail.example.org Back at noon\r\n")
            #expect(end == .finished)
            client.close()
            #expect(try edge.nextRecord().wasRefused)
        }
    }

    @Test func `a client that stays is closed soon and is not counted meanwhile`() throws {
        try withEngine(listeners: [.test(.smtp)], upstreams: [.test(try closedAddress())], maxConnections: 1) { edge in
            let stayers = try (0..<5).map { _ in
                let client = try edge.connect()
                #expect(try client.receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
                return client
            }
            #expect(edge.engine.counters.live == 0)
            #expect(try edge.records(5).allSatisfy { $0.ending.reason == .upstreamRefused })
            for client in stayers { client.close() }
        }
    }

    @Test func `over a limit a client hears that there are too many`() throws {
        let mailbox = try TestListener()
        try withEngine(listeners: [.test(.smtp)], upstreams: [.test(mailbox.address)], maxConnections: 1) { edge in
            let first = try Pair(edge, mailbox)
            let second = try edge.connect()
            let (bytes, _) = try second.receiveToEnd()
            #expect(
                String(decoding: bytes, as: UTF8.self)
                    == "421 4.3.2 edge.example.org Too many connections, please try again later\r\n")
            second.close()
            #expect(try edge.nextRecord().ending == Ending(.edge, .edgeLimit))
            try first.exchange()
            try first.finish()
            _ = try edge.nextRecord()
        }
    }

    @Test func `a name that no route takes is answered with unrecognized_name`() throws {
        let listener = Listener.test(.https, routes: [.toFirst(.name("other.example.org"))])
        try withEngine(listeners: [listener], upstreams: [.test(try closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(Self.hello.bytes)
            #expect(try client.receiveToEnd().bytes == [21, 3, 3, 0, 2, 2, 112])
            client.close()
            #expect(try edge.nextRecord().ending == Ending(.edge, .noRoute))
        }
    }

    // MARK: - an upstream that takes the connection and says nothing

    @Test(arguments: [true, false])
    func `an upstream that ends without a byte does not leave a mail client with nothing`(inOrder: Bool) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(.imap, routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            // With the header the edge's dial is over.
            _ = try pair.upstream.receiveHeader()
            if inOrder { pair.upstream.close() } else { pair.upstream.reset() }
            #expect(try pair.client.receiveToEnd().bytes.starts(with: Array("* BYE [UNAVAILABLE] ".utf8)))
            pair.client.close()
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.upstream, .upstreamEmpty))
        }
    }

    @Test func `a TLS client whose hello got no answer gets the alert`() throws {
        let mailbox = try TestListener()
        try withEngine(listeners: [.test(.imaps)], upstreams: [.test(mailbox.address)]) { edge in
            let client = try edge.connect()
            try client.send(Self.hello.bytes)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: 10).first == 22)
            upstream.finish()
            #expect(try client.receiveToEnd().bytes == Self.internalError)
            client.close()
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.upstream, .upstreamEmpty))
        }
    }

    @Test func `after one byte of the upstream the edge says nothing of its own`() throws {
        let mailbox = try TestListener()
        try withEngine(listeners: [.test(.smtp)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            pair.upstream.reset()
            let (bytes, end) = try pair.client.receiveToEnd()
            #expect(bytes.isEmpty)
            #expect(end == .reset)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .reset))
        }
    }

    @Test func `a client that left first is told nothing`() throws {
        let mailbox = try TestListener()
        try withEngine(listeners: [.test(.smtp)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            pair.client.finish()
            #expect(try pair.upstream.receiveToEnd().end == .finished)
            pair.upstream.close()
            #expect(try pair.client.receiveToEnd() == ([], .finished))
            #expect(try edge.nextRecord().ending == Ending(.client, .closed))
        }
    }
}
