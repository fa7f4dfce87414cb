import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

/// The ways to an endpoint, and what can be wrong on them.
@Suite struct WayTests {
    private static let name = "stalwart.tail1234.ts.net"

    private func probe(_ way: ProbeWay, timeout: Duration = patience) async -> ProbeResult {
        await prober.probe(.test(way, .smtp), timeout: timeout, patience: timeout)
    }

    // MARK: direct

    @Test func `a port that nobody listens on is refused`() async throws {
        let result = await probe(.direct(InternetAddress(.loopbackV4, port: try FreePort.take())))
        #expect(result.verdict == .refused, "\(result.detail)")
        #expect(result.roundTrip == nil)
    }

    @Test func `a host that does not answer is a timeout`() async throws {
        let listener = try TestListener()
        let queued = try listener.stopAnswering()
        let result = await probe(.direct(try listener.address), timeout: impatience)
        #expect(result.verdict == .timeout, "\(result.detail)")
        withExtendedLifetime(queued) {}
    }

    @Test func `an address without a way is unreachable`() async throws {
        // The broadcast address: no TCP connection leads there.
        let result = await probe(.direct(InternetAddress(.v4(0xffff_ffff), port: 25)))
        #expect(result.verdict == .unreachable, "\(result.detail)")
    }

    @Test func `the edge itself is not asked, and another address of the name is`() async throws {
        let server = try TestListener()
        let port = try server.address.port
        let configuration = Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name(Self.name), port: port)])],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: port)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ])
        let subject = try #require(ProbeSubject.all(of: configuration).first)
        let own = OwnDoors([.any(port: port)], host: [])
        func result(_ addresses: [IPAddress]) async -> ProbeResult {
            let topology = Topology(configuration, addresses: { _ in addresses }, own: own)
            return await subject.probe(
                with: prober, at: topology.approaches[0], serverName: nil, timeout: impatience)
        }
        let found = await result([.loopbackV4, .anyV4])
        #expect(found.verdict == .ownAddress)
        #expect(found.detail == "127.0.0.1:\(port) leads back to this edge.")
        // The broadcast address: no TCP connection leads there.
        #expect(await result([.loopbackV4, .v4(0xffff_ffff)]).verdict == .unreachable)
        #expect(await result([.v4(0xffff_ffff), .loopbackV4]).verdict == .unreachable)
        #expect(await result([]).verdict == .nameUnknown)
        #expect(try server.accept(within: 0) == nil)
    }

    @Test func `another port is probed if the file says so, without the header of clients`() async throws {
        let mailbox = try FakeMailbox { connection, _ in
            try connection.send(Array("220 mail.example.org ESMTP\r\n".utf8))
            _ = try connection.receiveToEnd()
        }
        defer { mailbox.close() }
        var health = HealthSettings()
        health.port = mailbox.address.port
        health.proxyProtocol = ProxyProtocolOut.Version.none
        let closed = InternetAddress(.loopbackV4, port: try FreePort.take())
        let configuration = Configuration(
            upstreams: [
                Upstream(
                    name: "mailbox", endpoints: [.test(closed)], proxyProtocol: ProxyProtocolOut(.v2), health: health)
            ],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ])
        let subject = try #require(ProbeSubject.all(of: configuration).first)
        #expect(subject.place.port == closed.port && subject.header == .none)
        let topology = Topology(configuration, addresses: { _ in [] })
        let result = await subject.probe(
            with: prober, at: topology.approaches[0], serverName: nil, timeout: patience)
        // Reached, and not taken for one that gets a header: it greets and says no more.
        #expect(result.verdict != .refused && result.verdict != .headerNotTrusted, "\(result.detail)")
        #expect(!topology.backends[0].isProbed)
    }

    @Test func `what a known port speaks is asked there, behind a listener of which nothing is known too`() {
        func protocols(_ port: UInt16?) -> [ListenerProtocol] {
            var health = HealthSettings()
            health.port = port
            let configuration = Configuration(
                upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.address(.loopbackV4))], health: health)],
                listeners: [
                    Listener(
                        name: "any", bind: [.any(port: 2525)], proto: .tcp,
                        routes: [Route(to: .upstream("mailbox", port: nil))])
                ])
            return ProbeSubject.all(of: configuration).map(\.proto)
        }
        #expect(protocols(nil).isEmpty && protocols(10025).isEmpty)
        #expect(protocols(993) == [.imaps])
    }

    /// Two addresses of one name, on the same port.
    private func twoAddresses(_ one: @escaping @Sendable (TestSocket) throws -> Void) async throws
        -> (subject: ProbeSubject, first: FakeMailbox, approach: Approach)
    {
        let first = try FakeMailbox { connection, _ in try one(connection) }
        let configuration = Configuration(
            upstreams: [
                Upstream(
                    name: "mailbox", endpoints: [Endpoint(.name(Self.name), port: first.address.port)],
                    proxyProtocol: ProxyProtocolOut(.v2))
            ],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ])
        let subject = try #require(ProbeSubject.all(of: configuration).first)
        let topology = Topology(configuration, addresses: { _ in [.loopbackV4, .v4(0x7f00_0002)] })
        return (subject, first, topology.approaches[0])
    }

    @Test func `an address that takes the header for commands is said, and the others are asked all the same`()
        async throws
    {
        let (subject, mailbox, approach) = try await twoAddresses { connection in
            try connection.send(Array("220 mail.example.org ESMTP\r\n".utf8))
            _ = try connection.receiveToEnd()
        }
        defer { mailbox.close() }
        var found: [String] = []
        let result = await subject.probe(
            with: prober, at: approach, serverName: nil, timeout: patience,
            found: { address, result in found.append("\(Self.ip(address)) \(result.verdict.name)") })
        // Nobody listens at the second.
        #expect(found == ["127.0.0.1 header_not_trusted", "127.0.0.2 refused"])
        #expect(result.verdict == .headerNotTrusted && !result.isOfOneAddress)
        #expect(result.detail.hasPrefix("127.0.0.1:\(mailbox.address.port): "), "\(result.detail)")
    }

    @Test func `behind an address that answers only those are asked that are known to distrust the header`()
        async throws
    {
        let (subject, mailbox, approach) = try await twoAddresses { connection in
            _ = try connection.receiveHeader()
            try connection.send(Array("421 4.3.2 later\r\n".utf8))
            _ = try connection.receiveToEnd()
        }
        defer { mailbox.close() }
        func asked() async -> [String] {
            var asked: [String] = []
            _ = await subject.probe(
                with: prober, at: approach, serverName: nil, timeout: patience,
                found: { address, _ in asked.append(Self.ip(address)) })
            return asked
        }
        #expect(await asked() == ["127.0.0.1"])
        approach.addresses[1].distrusts(now: 1)
        #expect(await asked() == ["127.0.0.1", "127.0.0.2"])
    }

    private static func ip(_ address: PlaceAddress) -> String {
        address.dialled(doorPort: 0).internet.map { "\($0.ip)" } ?? "-"
    }

    @Test(arguments: [ProxyProtocolOut.Version.none, .v1, .v2])
    func `a Unix socket is probed like a port`(version: ProxyProtocolOut.Version) async throws {
        let result = try await withUnixServer { connection in
            var said = "no header"
            if version != .none {
                let header = try connection.receiveHeader()
                said = header.peers == .local ? "LOCAL" : "\(header.version)"
            }
            try connection.say("421 4.3.2 \(said)")
            _ = try connection.receiveToEnd()
        } _: { path in
            await prober.probe(.test(.unix(path: path), .smtp, version), timeout: patience)
        }
        #expect(result.verdict == .busy, "\(result.detail)")
        let seen: [ProxyProtocolOut.Version: String] = [.none: "no header", .v1: "v1", .v2: "LOCAL"]
        #expect(result.detail.contains(seen[version] ?? "?"), "\(result.detail)")
        #expect(await probe(.unix(path: "/nowhere/mail.sock")).verdict == .refused)
    }

    @Test func `version 1 names the probe's own socket`() async throws {
        let server = try FakeMailbox { connection, _ in
            let header = try connection.receiveHeader()
            guard header.version == .v1, case .proxied(let client, let destination) = header.peers else { return }
            try connection.say("421 4.3.2 \(client.ip) to \(destination), \(client.port > 1024)")
            _ = try connection.receiveToEnd()
        }
        let address = server.address
        let result = await prober.probe(.test(.direct(address), .smtp, .v1), timeout: patience)
        server.close()
        #expect(result.verdict == .busy)
        #expect(result.detail.contains("127.0.0.1 to \(address), true"), "\(result.detail)")
    }

    // MARK: SOCKS5

    @Test func `an endpoint is probed through a SOCKS proxy, even if the greeting comes with the reply`() async throws {
        let proxy = try FakeMailbox { connection, _ in
            guard try connection.receive(exactly: 3) == [5, 1, 0] else { throw TestFailure("no greeting") }
            try connection.send([5, 0])
            let length = UInt8(Self.name.utf8.count)
            let request = [5, 1, 0, 3, length] + Array(Self.name.utf8) + [0, 25]
            guard try connection.receive(exactly: request.count) == request else { throw TestFailure("no request") }
            try connection.send([5, 0, 0, 1, 127, 0, 0, 1, 0, 25] + Array("421 4.3.2 behind the way\r\n".utf8))
            _ = try connection.receiveToEnd()
        }
        let result = await probe(.socks5(proxy.address, host: Self.name, port: 25))
        proxy.close()
        #expect(result.verdict == .busy, "\(result.detail)")
        #expect(result.detail.contains("behind the way"))
    }

    @Test(
        arguments: [
            (1, Verdict.proxyFailed), (2, .proxyFailed), (3, .unreachable), (4, .unreachable), (5, .refused),
            (6, .timeout),
            (7, .proxyFailed), (200, .proxyFailed),
        ] as [(UInt8, Verdict)])
    func `a SOCKS proxy's refusal becomes the verdict that it stands for`(code: UInt8, verdict: Verdict) async throws {
        let proxy = try FakeMailbox { connection, _ in
            _ = try connection.receive(exactly: 3)
            try connection.send([5, 0])
            _ = try connection.receive(exactly: 10)
            try connection.send([5, code, 0, 1, 0, 0, 0, 0, 0, 0])
        }
        let result = await probe(.socks5(proxy.address, host: "192.0.2.7", port: 25))
        proxy.close()
        #expect(result.verdict == verdict, "\(result.detail)")
    }

    @Test(arguments: [[5, 0xff], [4, 0], Array("HTTP/1.1 400\r\n".utf8), []] as [[UInt8]])
    func `what is no SOCKS proxy, or wants a password, is a proxy that failed`(answer: [UInt8]) async throws {
        let proxy = try FakeMailbox { connection, _ in
            _ = try connection.receive(exactly: 3)
            try connection.send(answer)
        }
        let result = await probe(.socks5(proxy.address, host: Self.name, port: 25))
        proxy.close()
        #expect(result.verdict == .proxyFailed, "\(result.detail)")
    }

    @Test func `a SOCKS proxy that is not there has failed, and one that waits for the mailbox is a timeout`()
        async throws
    {
        let nobody = InternetAddress(.loopbackV4, port: try FreePort.take())
        #expect(await probe(.socks5(nobody, host: Self.name, port: 25)).verdict == .proxyFailed)

        let proxy = try FakeMailbox { connection, _ in
            _ = try connection.receive(exactly: 3)
            try connection.send([5, 0])
            _ = try connection.receiveToEnd()
        }
        // In this time the proxy is to have answered the greeting, also on a busy machine.
        let result = await probe(.socks5(proxy.address, host: Self.name, port: 25), timeout: .seconds(5))
        proxy.close()
        #expect(result.verdict == .timeout, "\(result.detail)")
        let long = String(repeating: "a", count: 300)
        #expect(await probe(.socks5(nobody, host: long, port: 25)).verdict == .proxyFailed)
    }

    // MARK: tailscaled

    /// - Parameter answer: empty: none, for as long as the probe waits.
    private func throughTailscaled(_ answer: [String], timeout: Duration = patience) async throws -> ProbeResult {
        try await withUnixServer { connection in
            var request = ""
            while !request.hasSuffix("\r\n\r\n") {
                request += String(decoding: try connection.receive(), as: UTF8.self)
            }
            guard request.hasPrefix("POST /localapi/v0/dial HTTP/1.1\r\n"),
                request.contains("\r\nDial-Host: \(Self.name)\r\nDial-Port: 25\r\n")
            else { throw TestFailure("not a request to dial: \(request)") }
            for part in answer { try connection.send(Array(part.utf8)) }
            if !answer.isEmpty { connection.finish() }
            _ = try connection.receiveToEnd()
        } _: { path in
            await probe(.tailscale(socket: path, host: Self.name, port: 25), timeout: timeout)
        }
    }

    @Test func `an endpoint is probed through tailscaled`() async throws {
        let result = try await throughTailscaled([
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ts-dial\r\n\r\n421 4.3.2 ",
            "later\r\n",
        ])
        #expect(result.verdict == .busy, "\(result.detail)")
    }

    @Test(arguments: [
        ("dial failure: lookup stalwart.tail1234.ts.net: no such host", Verdict.nameUnknown),
        ("dial failure: dial tcp 100.64.0.9:25: connect: connection refused", .refused),
        ("dial failure: connect tcp 100.64.0.4:587: connection was refused", .refused),
        ("dial failure: dial tcp 100.64.0.9:25: i/o timeout", .timeout),
        ("dial failure: context deadline exceeded", .timeout),
        ("dial failure: dial tcp 100.64.0.9:25: connect: no route to host", .unreachable),
        ("something else", .proxyFailed),
    ])
    func `what tailscaled says of a dial that failed becomes its verdict`(words: String, verdict: Verdict) async throws
    {
        let result = try await throughTailscaled([
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\n\r\n", "\(words)\n",
        ])
        #expect(result.verdict == verdict, "\(result.detail)")
        #expect(verdict == .proxyFailed || result.detail.contains("502"), "\(result.detail)")
    }

    @Test func `a host outside of the tailnet is a name unknown`() async throws {
        let result = try await throughTailscaled([
            "HTTP/1.1 200 OK\r\nDial-Self: true\r\nDial-Addr: 192.0.2.1:25\r\n\r\n"
        ])
        #expect(result.verdict == .nameUnknown, "\(result.detail)")
    }

    @Test func `tailscaled that is away, closes or is somebody else has failed, and silence is a timeout`() async throws
    {
        #expect(
            await probe(.tailscale(socket: "/nowhere/tailscaled.sock", host: Self.name, port: 25)).verdict
                == .proxyFailed)
        #expect(try await throughTailscaled(["220 not tailscaled\r\n"]).verdict == .proxyFailed)
        #expect(try await throughTailscaled(["HTTP/1.1 1"]).verdict == .proxyFailed)
        #expect(try await throughTailscaled([], timeout: impatience).verdict == .timeout)
        let path = String(repeating: "/long", count: 40)
        #expect(await probe(.tailscale(socket: path, host: Self.name, port: 25)).verdict == .unreachable)
    }
}
