import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct SOCKSTests {
    private static let granted: [UInt8] = [5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90]
    private static let greeting = Array("220 mail.example.org ESMTP\r\n".utf8)

    @Test(arguments: [Endpoint.Host.name("mail.example.org"), .address(.v4(0xc000_0219))])
    func `an upstream is reached through a SOCKS proxy`(host: Endpoint.Host) throws {
        let proxy = try TestListener()
        let listener = Listener.test(routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [try upstream(proxy, host)]) { edge in
            let client = try edge.connect()
            try client.send([9, 8])
            let connection = try proxy.accept()
            let request =
                host == .name("mail.example.org")
                ? [5, 1, 0, 3, 16] + Array("mail.example.org".utf8) + [0, 25] : [5, 1, 0, 1, 192, 0, 2, 25, 0, 25]
            #expect(try connection.receive(exactly: 3) == [5, 1, 0])
            try connection.dribble([5, 0])
            #expect(try connection.receive(exactly: request.count) == request)
            try connection.dribble(Self.granted)
            let expected = ProxyHeader.Peers.proxied(
                client: try #require(client.address), destination: try edge.address())
            #expect(try connection.receiveHeader().header.peers == expected)
            #expect(try connection.receive(exactly: 2) == [9, 8])
            try Pair(client: client, upstream: connection).exchange()
            try Pair(client: client, upstream: connection).finish()
            let record = try edge.nextRecord()
            #expect(record.ending.reason == .closed)
            #expect(record.upstreamAddress == (try proxy.address))
        }
    }

    @Test func `the server's greeting behind the proxy's reply reaches the client`() throws {
        let proxy = try TestListener()
        try withEngine(upstreams: [try upstream(proxy)]) { edge in
            let client = try edge.connect()
            let connection = try accept(proxy)
            try connection.send(Self.granted + Self.greeting)
            #expect(try client.receive(exactly: Self.greeting.count) == Self.greeting)
            try Pair(client: client, upstream: connection).exchange()
            try Pair(client: client, upstream: connection).finish()
            #expect(try edge.nextRecord().outboundBytes == UInt64(Self.greeting.count) + 1)
        }
    }

    @Test func `reply, greeting and end in one segment all count`() throws {
        let proxy = try TestListener()
        try withEngine(upstreams: [try upstream(proxy)]) { edge in
            let client = try edge.connect()
            let connection = try accept(proxy)
            try connection.finish(with: Self.granted + Self.greeting)
            try receive(Self.greeting, on: client)
            client.finish()
            try receive([], on: connection)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .closed))
        }
    }

    private static let failures: [(String, [UInt8], [UInt8])] = [
        ("refuses the connection", [5, 0], [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("wants a password", [5, 0xff], []),
        ("speaks another protocol", Array("HTTP/1.1 400 Bad Request\r\n".utf8), []),
        ("answers garbage", [5, 0], [4, 90, 0, 0, 0, 0, 0, 0]),
    ]

    @Test(arguments: failures)
    func `a SOCKS proxy that does not do its part has failed`(what: String, method: [UInt8], reply: [UInt8]) throws {
        let proxy = try TestListener()
        try withEngine(upstreams: [try upstream(proxy)]) { edge in
            let client = try edge.connect()
            let connection = try proxy.accept()
            #expect(try connection.receive(exactly: 3) == [5, 1, 0])
            try connection.send(method)
            if !reply.isEmpty {
                _ = try connection.receive()
                try connection.send(reply)
            }
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamProxyFailed))
        }
    }

    @Test(arguments: [false, true])
    func `a SOCKS proxy that ends the connection has failed`(byReset: Bool) throws {
        let proxy = try TestListener()
        try withEngine(upstreams: [try upstream(proxy)]) { edge in
            let client = try edge.connect()
            let connection = try accept(proxy)
            if byReset { connection.reset() } else { connection.close() }
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamProxyFailed))
        }
    }

    @Test func `a SOCKS proxy that says nothing is given up after the connect timeout`() throws {
        let proxy = try TestListener()
        var upstream = try upstream(proxy)
        upstream.connectTimeout = .milliseconds(100)
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            let connection = try proxy.accept()
            #expect(try client.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamProxyFailed))
            connection.close()
        }
    }

    @Test func `when the SOCKS proxy cannot reach one endpoint, the next one is asked for`() throws {
        let proxy = try TestListener()
        var upstream = try upstream(proxy)
        upstream.endpoints.append(Endpoint(.name("b.example.org"), port: 25))
        try withEngine(upstreams: [upstream]) { edge in
            let client = try edge.connect()
            try accept(proxy).send([5, 4, 0, 1, 0, 0, 0, 0, 0, 0])
            let connection = try accept(proxy)
            try connection.send(Self.granted)
            try Pair(client: client, upstream: connection).exchange()
            try Pair(client: client, upstream: connection).finish()
            #expect(try edge.nextRecord().endpoint == 1)
        }
    }

    private func upstream(
        _ proxy: TestListener, _ host: Endpoint.Host = .name("mail.example.org")
    ) throws -> Upstream {
        Upstream(
            name: "u", endpoints: [Endpoint(host, port: 25)],
            via: .socks5(try proxy.address))
    }

    /// Plays the proxy up to the request.
    private func accept(_ proxy: TestListener) throws -> TestSocket {
        let connection = try proxy.accept()
        _ = try connection.receive(exactly: 3)
        try connection.send([5, 0])
        let request = try connection.receive(exactly: 5)
        _ = try connection.receive(exactly: Int(request[4]) + 2)
        return connection
    }
}
