import NIOPosix
import TailwartConfig
import TailwartCore
import TailwartResolve
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartPreflight

/// All of it against a mailbox and a tailscaled that are played.
@Suite struct PreflightTests {
    private static let name = "stalwart.tail1234.ts.net"

    /// Runs with listeners on free ports that lead to these ports of the mailbox.
    ///
    /// - Parameter listensThere: the listeners are on the ports of the mailbox, which are this host's own.
    private static func run(
        _ protocols: [(ListenerProtocol, UInt16)], upstream: String = "proxy_protocol: v2",
        listensThere: Bool = false, tailnet change: (inout FakeTailscaled.Tailnet) -> Void = { _ in }
    ) async throws -> [Finding] {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        tailscaled.update {
            $0[name]?.addresses = [.loopbackV4]
            $0[name]?.path = .direct("198.51.100.7:41641")
            change(&$0)
        }
        var listeners = ""
        for (proto, port) in protocols {
            listeners +=
                "  - {name: \(proto.rawValue), bind: [\"127.0.0.1:\(listensThere ? port : try FreePort.take())\"], protocol: \(proto.rawValue), "
            listeners += "to: \"mailbox:\(port)\"}\n"
        }
        let text = """
            tailscale: {socket: \(tailscaled.path)}
            upstreams:
              mailbox:
                endpoints: [\(name)]
                \(upstream)
            listeners:
            \(listeners)
            """
        let result = Configuration.load(text: text, file: "test.yaml", environment: [:])
        let configuration = try #require(result.configuration, "\(result.problems)")
        // No name server may know the name.
        let servers = NameServers(magicDNS: nil) { [port = try FreePort.take()] in
            ResolvConf([InternetAddress(.loopbackV4, port: port)])
        }
        return await Preflight(
            configuration, edgeTag: "tag:edge", servers: servers, group: MultiThreadedEventLoopGroup.singleton
        ).run()
    }

    private static func upstreams(_ findings: [Finding]) -> [Finding] { findings.filter { $0.check == .upstream } }

    @Test func `each port of the mailbox is asked over the tailnet's name`() async throws {
        try await FakeStalwart.with(.trusting()) { mailbox in
            let findings = try await Self.run([(.smtp, mailbox.port(.smtp)), (.imap, mailbox.port(.imap))])
            let name = try #require(findings.first { $0.check == .name })
            #expect(name.result == .pass && name.detail == "It is 127.0.0.1 (tailscale).")
            #expect(
                Set(findings.map(\.check)) == [
                    .port, .address, .tailnet, .peer, .name, .upstream, .descriptors, .localPorts, .clock,
                ])
            #expect(findings.filter { $0.check == .port }.map(\.result) == [.pass, .pass])
            let upstreams = Self.upstreams(findings)
            #expect(
                upstreams.map(\.subject) == [
                    "mailbox \(Self.name):\(mailbox.port(.smtp)) (smtp)",
                    "mailbox \(Self.name):\(mailbox.port(.imap)) (imap)",
                ])
            // The fake has no certificate of its own.
            #expect(upstreams.map(\.result) == [.warn, .warn])
            #expect(upstreams[0].detail.hasPrefix("certificate_fallback: ") && upstreams[0].fix != nil)
            #expect(mailbox.counters.emptyConnections == 0 && mailbox.counters.invalidCommands == 0)
        }
    }

    @Test func `a header that is not trusted is said in the probe's words`() async throws {
        try await FakeStalwart.with { mailbox in
            let findings = try await Self.run([(.smtp, mailbox.port(.smtp))])
            let upstream = try #require(Self.upstreams(findings).first)
            #expect(upstream.result == .fail && upstream.detail.hasPrefix("header_not_trusted: "), "\(upstream)")
            #expect(upstream.fix == Verdict.headerNotTrusted.fix(of: .stalwart))
        }
    }

    @Test func `a mailbox that is off, and a name that is gone, are told apart`() async throws {
        let port = try FreePort.take()
        let off = try await Self.run([(.smtp, port)])
        #expect(Self.upstreams(off).map(\.detail.first) == ["r"])
        #expect(Self.upstreams(off).map(\.result) == [.fail])
        let gone = try await Self.run([(.smtp, port)]) { $0[Self.name] = nil }
        #expect(gone.first { $0.check == .peer }?.result == .fail)
        #expect(gone.first { $0.check == .name }?.result == .fail)
        #expect(Self.upstreams(gone).first?.detail.hasPrefix("name_unknown: ") == true)
    }

    @Test(arguments: ["proxy_protocol: v2", "health: off"])
    func `a name that leads back to the edge is said, whether it is probed or not`(upstream: String) async throws {
        let port = try FreePort.take()
        let findings = try await Self.run([(.smtp, port)], upstream: upstream, listensThere: true)
        let back = try #require(Self.upstreams(findings).filter { $0.detail.hasPrefix("own_address: ") }.first)
        #expect(back.result == .fail && back.fix == Verdict.ownAddress.fix)
        #expect(back.detail.hasSuffix("127.0.0.1:\(port) leads back to this edge."))
        #expect(Self.upstreams(findings).count == (upstream == "health: off" ? 2 : 1))
    }

    @Test func `the path is asked for, as it is idle before`() async throws {
        let findings = try await Self.run([(.smtp, try FreePort.take())]) {
            $0[Self.name]?.path = .direct("198.51.100.7:41641")
            $0.pingLatency = 40
        }
        let peer = try #require(findings.first { $0.check == .peer })
        #expect(peer.detail == "Online as 127.0.0.1, direct to 198.51.100.7:41641, 40 ms round trip.")
    }

    @Test(arguments: [(2, Finding.Result.pass), (1000, .warn)])
    func `a path that begins over DERP is looked at again before it is a warning`(pings: Int, expected: Finding.Result)
        async throws
    {
        let findings = try await Self.run([(.smtp, try FreePort.take())]) {
            $0[Self.name]?.path = .upgrading("198.51.100.7:41641", pings: pings)
        }
        #expect(findings.first { $0.check == .peer }?.result == expected)
    }

    @Test func `what is not probed is unknown`() async throws {
        let findings = try await Self.run([(.smtp, 25)], upstream: "health: off")
        #expect(Self.upstreams(findings).map(\.result) == [.unknown])
        #expect(Self.upstreams(findings)[0].detail.contains("health: off"))
        let tcp = try await Self.run([(.tcp, 25)])
        #expect(Self.upstreams(tcp).map(\.result) == [.unknown])
    }

    @Test func `where a mailbox has no 443, the key that made the listener is named`() {
        let refused = ProbeResult(.refused, "Seen.")
        #expect(refused.fix(.https).hasSuffix("If the mailbox has no HTTPS, remove 'domains' from 'mailbox'."))
        #expect(refused.fix(.https).contains("https.port of 'mailbox'"))
        #expect(refused.fix(.imaps) == Verdict.refused.fix)
        #expect(ProbeResult(.timeout, "Seen.").fix(.https) == Verdict.timeout.fix)
    }
}
