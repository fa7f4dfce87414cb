import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct TailscaleTests {
    private static let answer = Array(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ts-dial\r\n\r\n".utf8)

    private func upstream(_ daemon: TestListener, _ host: Endpoint.Host = .name("stalwart.example.ts.net"))
        throws -> Upstream
    {
        Upstream(
            name: "u", endpoints: [Endpoint(host, port: 25)],
            via: .tailscale)
    }

    private func receiveRequest(_ connection: TestSocket) throws -> String {
        var bytes: [UInt8] = []
        while !bytes.ends(with: Array("\r\n\r\n".utf8)) { bytes += try connection.receive(exactly: 1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("stalwart.example.ts.net", Endpoint.Host.name("stalwart.example.ts.net")),
        ("100.64.0.3", .address(.v4(0x6440_0003))),
    ])
    func `an upstream is reached through tailscaled`(text: String, host: Endpoint.Host) throws {
        let daemon = try TestListener(unixPath: freePath())
        let listener = Listener.test(.smtp, routes: [.toFirst(header: .init(.v2))])
        try withEngine(listeners: [listener], upstreams: [try upstream(daemon, host)], tailscale: daemon.path) { edge in
            let client = try edge.connect()
            let connection = try daemon.accept()
            let request = try receiveRequest(connection)
            #expect(request.hasPrefix("POST /localapi/v0/dial HTTP/1.1\r\nHost: local-tailscaled.sock\r\n"))
            #expect(request.contains("\r\nDial-Host: \(text)\r\nDial-Port: 25\r\n"))
            try connection.dribble(Self.answer)
            #expect(
                try connection.receiveHeader().header.peers
                    == .proxied(client: try #require(client.address), destination: try edge.address()))
            let pair = Pair(client: client, upstream: connection)
            try pair.exchange()
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }

    @Test func `a greeting behind the answer reaches the client`() throws {
        let daemon = try TestListener(unixPath: freePath())
        try withEngine(listeners: [.test(.smtp)], upstreams: [try upstream(daemon)], tailscale: daemon.path) { edge in
            let client = try edge.connect()
            let connection = try daemon.accept()
            _ = try receiveRequest(connection)
            try connection.send(Self.answer + Array("220 hello\r\n".utf8))
            #expect(try client.receive(exactly: 11) == Array("220 hello\r\n".utf8))
            try Pair(client: client, upstream: connection).finish()
            _ = try edge.nextRecord()
        }
    }

    private static let failures: [(String, String)] = [
        ("is not on the tailnet", "HTTP/1.1 200 OK\r\nDial-Self: true\r\nDial-Addr: 192.0.2.1:25\r\n\r\n"),
        ("has no way", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        ("is no tailscaled", "220 mail.example.org ESMTP ready\r\n"),
        ("ends in the middle", "HTTP/1.1 101 Switching"),
        ("says nothing", ""),
        (
            "sends a head without end",
            "HTTP/1.1 101 Switching Protocols\r\n" + String(repeating: "X: y\r\n", count: 1000)
        ),
    ]

    @Test(arguments: failures)
    func `a tailscaled that does not hand over a stream has failed`(what: String, answer: String) throws {
        let daemon = try TestListener(unixPath: freePath())
        try withEngine(listeners: [.test(.smtp)], upstreams: [try upstream(daemon)], tailscale: daemon.path) { edge in
            let client = try edge.connect()
            let connection = try daemon.accept()
            _ = try receiveRequest(connection)
            try? connection.send(Array(answer.utf8))
            connection.finish()
            #expect(try client.receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
            client.close()
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamProxyFailed))
        }
    }

    @Test func `a tailscaled that does not answer is given up after the time for an address`() throws {
        let daemon = try TestListener(unixPath: freePath())
        var upstream = try upstream(daemon)
        upstream.connectTimeout = .milliseconds(200)
        try withEngine(listeners: [.test(.smtp)], upstreams: [upstream], tailscale: daemon.path) { edge in
            let client = try edge.connect()
            let connection = try daemon.accept()
            #expect(try client.receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
            client.close()
            connection.close()
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamProxyFailed))
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate func ends(with suffix: [UInt8]) -> Bool { self.suffix(suffix.count).elementsEqual(suffix) }
}
