import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct HelloTests {
    private static let name = "mail.example.org"
    private static let tls = Listener.test(.imaps, routes: [toOther(.name(name))])

    /// To the second upstream; the first one is not to be reached.
    private static func toOther(_ match: RouteMatch?) -> Route {
        .to(1, match)
    }

    private static let hellos: [String: [UInt8]] = [
        "one record": ClientHelloBuilder(serverName: name).bytes,
        "records of 1 byte": ClientHelloBuilder(serverName: name).bytes(recordLengths: 1),
        "records of 3 bytes": ClientHelloBuilder(serverName: name).bytes(recordLengths: 3),
        "records of 64 bytes": ClientHelloBuilder(serverName: name).bytes(recordLengths: 64),
        "records of 512 bytes": ClientHelloBuilder(serverName: name, paddedLength: 1800).bytes(recordLengths: 512),
        "1.8 KB": ClientHelloBuilder(serverName: name, paddedLength: 1800).bytes,
        "8 KB": ClientHelloBuilder(serverName: name, paddedLength: 8192).bytes,
        "8 KB in records of 40 bytes": ClientHelloBuilder(serverName: name, paddedLength: 8192).bytes(
            recordLengths: 40),
    ]

    @Test(arguments: hellos.keys.sorted())
    func `a hello is routed by its name and reaches the upstream from its first byte on`(form: String) throws {
        let hello = try #require(Self.hellos[form])
        let mailbox = try TestListener()
        try withEngine(
            listeners: [Self.tls], upstreams: [.test(closedAddress()), .test(mailbox.address)]
        ) { edge in
            let client = try edge.connect()
            try client.send(hello)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: hello.count) == hello)
            try Pair(client: client, upstream: upstream).exchange()
            client.close()
            upstream.close()
            let record = try edge.nextRecord()
            #expect(record.serverName == Self.name)
            #expect(record.route == 0)
            #expect(record.ending == Ending(.client, .closed))
        }
    }

    @Test(arguments: [
        ClientHelloBuilder(serverName: name).bytes, ClientHelloBuilder(serverName: name).bytes(recordLengths: 3),
    ])
    func `a hello may come byte by byte`(hello: [UInt8]) throws {
        let mailbox = try TestListener()
        try withEngine(
            listeners: [Self.tls], upstreams: [.test(closedAddress()), .test(mailbox.address)]
        ) { edge in
            let client = try edge.connect()
            try client.dribble(hello)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: hello.count) == hello)
            try Pair(client: client, upstream: upstream).exchange()
            try Pair(client: client, upstream: upstream).finish()
            #expect(try edge.nextRecord().serverName == Self.name)
        }
    }

    @Test func `what follows the hello in the same segment, and the end, reach the upstream`() throws {
        let mailbox = try TestListener()
        let bytes = ClientHelloBuilder(serverName: Self.name).bytes + [20, 3, 3, 0, 1, 1]
        try withEngine(
            listeners: [Self.tls], upstreams: [.test(closedAddress()), .test(mailbox.address)]
        ) { edge in
            // Once at a stroke, once when the edge already waits for the rest.
            for first in [0, 40] {
                let client = try edge.connect()
                if first > 0 {
                    try client.send(bytes.prefix(first))
                    try edge.waitForLive(1)
                }
                try client.finish(with: Array(bytes.dropFirst(first)))
                let upstream = try mailbox.accept()
                try receive(bytes, on: upstream)
                upstream.finish()
                try receive([], on: client)
                #expect(try edge.nextRecord().ending == Ending(.client, .closed))
            }
        }
    }

    private static let strangers: [(String, [UInt8])] = [
        ("HTTP", Array("GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n".utf8)),
        ("SSH", Array("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".utf8)),
        // RFC 5246 appendix E.2: length with the high bit, type 1, version 3.1, 3 ciphers, no session, 16 of challenge.
        ("SSLv2", [0x80, 0x22, 1, 3, 1, 0, 9, 0, 0, 0, 16, 0, 0, 4, 1, 0, 0x80, 0, 0, 3] + (0..<16)),
    ]

    @Test(arguments: strangers)
    func `bytes that are not TLS go to the route that matches everything`(what: String, bytes: [UInt8]) throws {
        let mailbox = try TestListener()
        let listener = Listener.test(.imaps, routes: [.toFirst(.name(Self.name)), Self.toOther(nil)])
        try withEngine(
            listeners: [listener], upstreams: [.test(closedAddress()), .test(mailbox.address)]
        ) { edge in
            let client = try edge.connect()
            try client.send(bytes)
            let upstream = try mailbox.accept()
            #expect(try upstream.receive(exactly: bytes.count) == bytes)
            try Pair(client: client, upstream: upstream).finish()
            let record = try edge.nextRecord()
            #expect(record.route == 1)
            #expect(record.serverName == nil)
        }
    }

    @Test(arguments: strangers)
    func `bytes that are not TLS go nowhere where every route wants a name`(what: String, bytes: [UInt8]) throws {
        try withEngine(listeners: [Self.tls], upstreams: [.test(closedAddress()), .test(closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(bytes)
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .noRoute))
        }
    }

    @Test func `a name that no route has goes nowhere and is told so`() throws {
        try withEngine(listeners: [Self.tls], upstreams: [.test(closedAddress()), .test(closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(ClientHelloBuilder(serverName: "other.example.org").bytes)
            #expect(try client.receiveToEnd().bytes == TLSAlert.unrecognizedName.bytes)
            client.close()
            let record = try edge.nextRecord()
            #expect(record.ending == Ending(.edge, .noRoute))
            #expect(record.serverName == "other.example.org")
        }
    }

    private static let malformed: [(String, [UInt8])] = [
        ("another handshake message first", [22, 3, 1, 0, 4, 2, 0, 0, 0]),
        ("an empty record", [22, 3, 1, 0, 0]),
        ("a record that is too long", [22, 3, 1, 0x40, 1]),
        ("a message that is too long", [22, 3, 1, 0, 4, 1, 0, 0x40, 1]),
        (
            "an alert behind half a hello",
            Array(ClientHelloBuilder(serverName: name).bytes(recordLengths: 20).prefix(25)) + [21, 3, 1]
        ),
        (
            "bytes behind the extensions",
            {
                var message = ClientHelloBuilder(serverName: name).message + [0]
                message[3] += 1
                return ClientHelloBuilder.records(message)
            }()
        ),
    ]

    @Test(arguments: malformed)
    func `a malformed hello goes nowhere, even where a route matches everything`(what: String, bytes: [UInt8]) throws {
        let listener = Listener.test(.imaps, routes: [Self.toOther(.name(Self.name)), .toFirst()])
        try withEngine(listeners: [listener], upstreams: [.test(closedAddress()), .test(closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(bytes)
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .helloInvalid))
        }
    }

    @Test(arguments: [0, 1, 60])
    func `a client that does not finish its hello runs into the timeout`(sent: Int) throws {
        var listener = Self.tls
        listener.timeouts.hello = .milliseconds(100)
        try withEngine(listeners: [listener], upstreams: [.test(closedAddress()), .test(closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(ClientHelloBuilder(serverName: Self.name).bytes.prefix(sent))
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .helloTimeout))
        }
    }

    @Test(arguments: [0, 1, 60])
    func `a client that ends before its hello is whole has left`(sent: Int) throws {
        try withEngine(listeners: [Self.tls], upstreams: [.test(closedAddress()), .test(closedAddress())]) { edge in
            let client = try edge.connect()
            try client.send(ClientHelloBuilder(serverName: Self.name).bytes.prefix(sent))
            try edge.waitForLive(1)
            client.finish()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.client, .clientLeft))
        }
    }

    @Test func `nobody waits for a hello where the server speaks first`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.upstream.send("220 mail.example.org ESMTP\r\n".utf8)
            #expect(try pair.client.receive(exactly: 28) == Array("220 mail.example.org ESMTP\r\n".utf8))
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }
}
