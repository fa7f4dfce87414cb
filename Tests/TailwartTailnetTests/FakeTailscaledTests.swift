import TailwartTesting
import TailwartWire
import Testing

/// The fake is believed by other tests, so it is tested itself.
@Suite struct FakeTailscaledTests {
    private func ask(_ tailscaled: FakeTailscaled, _ request: String) throws -> String {
        let socket = try TestSocket.connect(unixPath: tailscaled.path)
        try socket.send(Array(request.replacing("\n", with: "\r\n").utf8))
        return String(decoding: try socket.receiveToEnd().bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("GET /localapi/v0/status HTTP/1.1\nHost: local-tailscaled.sock\n\n", "HTTP/1.1 200"),
        ("GET /localapi/v0/status HTTP/1.1\nHost:\n\n", "HTTP/1.1 200"),
        ("GET /localapi/v0/status HTTP/1.1\nHost: localhost\n\n", "HTTP/1.1 403"),
        ("GET /localapi/v0/status HTTP/1.1\nHost: local-tailscaled.sock\nOrigin: http://x\n\n", "HTTP/1.1 403"),
        ("GET /localapi/v0/status HTTP/1.1\nHost: local-tailscaled.sock\nReferer: http://x\n\n", "HTTP/1.1 403"),
        ("GET /localapi/v0/other HTTP/1.1\nHost: local-tailscaled.sock\n\n", "HTTP/1.1 404"),
        ("GET /localapi/v0/ping?ip=100.64.0.3&type=disco HTTP/1.1\nHost: local-tailscaled.sock\n\n", "HTTP/1.1 400"),
        ("GET /localapi/v0/dial HTTP/1.1\nHost: local-tailscaled.sock\n\n", "HTTP/1.1 405"),
        ("POST /localapi/v0/dial HTTP/1.1\nHost: local-tailscaled.sock\nDial-Host: a\n\n", "HTTP/1.1 400"),
        ("nonsense\n\n", ""),
    ])
    func `it is as strict as tailscaled`(request: String, beginning: String) throws {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        let answer = try ask(tailscaled, request)
        #expect(answer.hasPrefix(beginning) && answer.isEmpty == beginning.isEmpty)
    }

    private static func dial(_ host: String, _ port: Int) -> String {
        "POST /localapi/v0/dial HTTP/1.1\nHost: local-tailscaled.sock\nConnection: upgrade\nUpgrade: ts-dial\n"
            + "Dial-Host: \(host)\nDial-Port: \(port)\n\n"
    }

    @Test(arguments: [
        ("elsewhere.example.org", "HTTP/1.1 200", "Dial-Self: true"), ("broken", "HTTP/1.1 502", "no such peer"),
        ("closed", "HTTP/1.1 502", "dial failure"),
    ])
    func `a dial that comes to nothing says why`(host: String, beginning: String, part: String) throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.dials["broken"] = .fails(502, "no such peer")
        tailnet.dials["closed:25"] = .to(InternetAddress(.loopbackV4, port: try FreePort.take()))
        let tailscaled = try FakeTailscaled(tailnet)
        defer { tailscaled.close() }
        let answer = try ask(tailscaled, Self.dial(host, 25))
        #expect(answer.hasPrefix(beginning) && answer.contains(part))
    }

    @Test(arguments: [true, false])
    func `a dialled connection is a pipe, and half of it can be closed or takes the other along`(keeps: Bool) throws {
        let upstream = try TestListener()
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.dials["stalwart"] = .to(try upstream.address)
        tailnet.keepsHalfClosed = keeps
        let tailscaled = try FakeTailscaled(tailnet)
        defer { tailscaled.close() }
        let client = try TestSocket.connect(unixPath: tailscaled.path)
        // The first bytes come right behind the request.
        try client.send(Array((Self.dial("stalwart", 25).replacing("\n", with: "\r\n") + "EHLO").utf8))
        let server = try upstream.accept()
        #expect(try server.receive(exactly: 4) == Array("EHLO".utf8))
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ts-dial\r\n\r\n"
        #expect(try client.receive(exactly: head.utf8.count) == Array(head.utf8))
        var random = SeededRandom(seed: 4)
        let payload = random.bytes(1 << 20)
        @Sendable func check(_ socket: TestSocket) throws {
            let received = try socket.receive(exactly: payload.count)
            #expect(received == payload)
        }
        try concurrently(
            { try client.send(payload) }, { try check(server) }, { try server.send(payload) }, { try check(client) })
        client.finish()
        #expect(try server.receiveToEnd().bytes.isEmpty)
        if keeps { try server.finish(with: Array("221 bye".utf8)) }
        #expect(try client.receiveToEnd().bytes == (keeps ? Array("221 bye".utf8) : []))
    }

    @Test func `vanishing ends dialled connections, and its threads`() throws {
        let upstream = try TestListener()
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.dials["stalwart"] = .to(try upstream.address)
        tailnet.dials["nowhere"] = .hangs
        let tailscaled = try FakeTailscaled(tailnet)
        defer { tailscaled.close() }
        let clients = try ["stalwart", "nowhere"].map { host in
            let client = try TestSocket.connect(unixPath: tailscaled.path)
            try client.send(Array(Self.dial(host, 25).replacing("\n", with: "\r\n").utf8))
            return client
        }
        let server = try upstream.accept()
        tailscaled.vanish()
        #expect(try server.receiveToEnd().bytes.isEmpty)
        for client in clients { _ = try client.receiveToEnd() }
        #expect(throws: (any Error).self) { try TestSocket.connect(unixPath: tailscaled.path) }
    }
}
