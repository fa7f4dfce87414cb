import Foundation
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// A mailbox that goes, comes, moves and errs, behind the real program.
    @Suite struct Outage {
        private static func configuration(
            _ fake: FakeStalwart, smtp: UInt16, imaps: UInt16, close: Bool = false,
            affects: HealthSettings.Affects = .reachability
        ) -> String {
            """
            workers: 1
            upstreams:
              mailbox:
                endpoints: [127.0.0.1]
                proxy_protocol: v2
                health: {interval: 1s, timeout: 2s, affects: \(affects.rawValue), rise: 1, fall: 1, close_if_unhealthy: \(close)}
            listeners:
              - name: smtp
                bind: ["127.0.0.1:\(smtp)"]
                protocol: smtp
                to: mailbox:\(fake.port(.smtp))
              - name: imaps
                bind: ["127.0.0.1:\(imaps)"]
                protocol: imaps
                to: mailbox:\(fake.port(.imaps))
            """
        }

        /// The first line that a new client gets.
        private static func greeting(on port: UInt16, from source: IPAddress? = nil) throws -> String {
            let client = try Echo.connect(to: port, from: source)
            defer { client.close() }
            return try client.receiveLine()
        }

        @Test func `a mailbox that goes is named, its clients are told, and it is used again when it comes back`()
            async throws
        {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting(certificate: nil)) { fake in
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp, imaps], Self.configuration(fake, smtp: smtp, imaps: imaps))
                    try await edge.verdict("certificate_fallback", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("220 "))

                    #expect(fake.counters.invalidCommands == 0, "the edge was rude")
                    #expect(fake.counters.emptyConnections == 0)

                    await fake.stop()
                    let verdict = try await edge.verdict("refused", port: fake.port(.smtp))
                    #expect(verdict.grade == "failed")
                    #expect(verdict.fix?.isEmpty == false)
                    try await edge.event(containing: "is unhealthy, as probes say")
                    try await eventually("clients are told at once") {
                        try Self.greeting(on: smtp).hasPrefix("421 4.3.2 ") ? true : nil
                    }

                    try await fake.resume()
                    try await eventually("the mailbox is used again") {
                        try Self.greeting(on: smtp).hasPrefix("220 ") ? true : nil
                    }
                    try await edge.event(containing: "is healthy")
                    #expect(fake.counters.invalidCommands == 0, "the edge was rude")
                }
            }
        }

        @Test func `a port that is probed instead speaks for the mailbox`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting(certificate: nil)) { fake in
                    let (smtp, imaps, other) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                    let file = Self.configuration(fake, smtp: smtp, imaps: imaps)
                        .replacing("health: {", with: "health: {port: \(other), proxy_protocol: none, ")
                    let edge = try await EdgeProcess(on: host, ports: [smtp, imaps], file)
                    // Nobody listens at the port for probes; the mailbox itself is met by clients alone.
                    try await edge.verdict("refused", port: fake.port(.smtp))
                    try await edge.event(containing: "is unhealthy, as probes say")
                    #expect(fake.counters.connections == 0)
                }
            }
        }

        @Test func `traffic that is served makes a place well before the probe does`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    await fake.stop()
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    // Probes come too seldom to tell.
                    let slow = Self.configuration(fake, smtp: smtp, imaps: imaps)
                        .replacing("rise: 1", with: "rise: 100")
                    let edge = try await EdgeProcess(on: host, ports: [smtp, imaps], slow)
                    try await edge.verdict("refused", port: fake.port(.smtp))
                    try await fake.resume()
                    try await eventually("a trial finds the mailbox") {
                        try Self.greeting(on: smtp).hasPrefix("220 ") ? true : nil
                    }
                    try await edge.event(containing: "is healthy, as connections say")
                }
            }
        }

        @Test func `a mailbox that does not trust the edge is not burned, and its clients wait`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(FakeStalwart.Settings()) { fake in
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp, imaps], Self.configuration(fake, smtp: smtp, imaps: imaps))
                    let verdict = try await edge.verdict("header_not_trusted", port: fake.port(.smtp))
                    #expect(verdict.cause?.contains("PROXY header") == true)
                    try await edge.verdict("header_not_trusted", port: fake.port(.imaps))
                    let cost = fake.counters.invalidCommands
                    for _ in 0..<20 { _ = try Self.greeting(on: smtp) }
                    // One trial may have passed.
                    #expect(fake.counters.invalidCommands <= cost + 4)
                    #expect(fake.bannedAddresses.isEmpty)
                }
            }
        }

        @Test func `a mailbox that comes to trust the edge is used soon, and was never burned`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(FakeStalwart.Settings()) { fake in
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp, imaps], Self.configuration(fake, smtp: smtp, imaps: imaps))
                    try await edge.verdict("header_not_trusted", port: fake.port(.smtp))
                    try await edge.verdict("header_not_trusted", port: fake.port(.imaps))
                    try await fake.configure { $0.trusted = [Network(.loopbackV4)] }
                    try await edge.verdict("certificate_fallback", port: fake.port(.smtp))
                    try await edge.verdict("certificate_fallback", port: fake.port(.imaps))
                    #expect(try Self.greeting(on: smtp).hasPrefix("220 "))
                    #expect(fake.counters.invalidCommands == 0)
                }
            }
        }

        @Test func `what a mailbox says to everybody is its own word, and no reason to turn it off`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    try await fake.configure { $0.mode = .unavailable }
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp, imaps], Self.configuration(fake, smtp: smtp, imaps: imaps))
                    try await edge.verdict("busy", port: fake.port(.smtp))
                    for _ in 0..<10 { #expect(try Self.greeting(on: smtp).hasPrefix("421 4.3.0 mail.example.org ")) }
                    try await fake.configure { $0.mode = .serving }
                    for _ in 0..<10 { #expect(try Self.greeting(on: smtp).hasPrefix("220 ")) }
                }
            }
        }

        @Test func `an edge that is banned says so, and clients are served but for those from its address`()
            async throws
        {
            try await TestHost.run { host in
                try await FakeStalwart.with { fake in
                    // Somebody was rude from the edge's address, before the mailbox came to trust it.
                    try await fake.configure { $0.banLimit = 0 }
                    let rude = try Echo.connect(to: fake.port(.smtp))
                    try rude.send(Array("GET / HTTP/1.1\r\n".utf8))
                    try await eventually("the address is banned") { fake.bannedAddresses.isEmpty ? nil : true }
                    rude.close()
                    try await fake.configure { $0.trusted = [Network(.loopbackV4)] }
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp, imaps], Self.configuration(fake, smtp: smtp, imaps: imaps))
                    try await edge.verdict("banned", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("421 4.3.2 "))
                    #expect(try Self.greeting(on: smtp, from: .v4(0x7f00_0002)).hasPrefix("220 "))
                }
            }
        }

        @Test func `connections end with the endpoint, if the upstream wants that`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    let (smtp, imaps) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp, imaps],
                        Self.configuration(fake, smtp: smtp, imaps: imaps, close: true, affects: .all))
                    try await edge.verdict("certificate_fallback", port: fake.port(.smtp))
                    let client = try Echo.connect(to: smtp)
                    #expect(try client.receive(exactly: 4) == Array("220 ".utf8))
                    // Only new connections meet it.
                    try await fake.configure { $0.mode = .unavailable }
                    try await edge.verdict("busy", port: fake.port(.smtp))
                    _ = try client.receiveToEnd()
                    let record = try await edge.record(of: "127.0.0.1", reason: "upstream_unhealthy")
                    #expect(record.endedBy == "upstream")
                }
            }
        }

        @Test func `the edge starts before tailscaled and follows the mailbox to its new address`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    let tailscaled = try FakeTailscaled(isThere: false)
                    defer { tailscaled.close() }
                    let name = "stalwart.tail1234.ts.net"
                    tailscaled.update { $0.peers = [.init(name, [.v4(0x7f00_0063)])] }
                    let smtp = try FreePort.take()
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp],
                        """
                        workers: 1
                        tailscale: {socket: \(tailscaled.path)}
                        upstreams:
                          mailbox:
                            endpoints: ["\(name)"]
                            proxy_protocol: v2
                            health: {interval: 1s, timeout: 2s, rise: 1, fall: 1}
                        listeners:
                          - {name: smtp, bind: ["127.0.0.1:\(smtp)"], protocol: smtp, to: "mailbox:\(fake.port(.smtp))"}
                        """)
                    try await edge.verdict("name_unknown", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("421 4.3.2 "))

                    // Nobody listens at its first address.
                    try tailscaled.appear()
                    try await edge.event(containing: "\(name) is 127.0.0.99 (tailscale)")
                    try await edge.verdict("refused", port: fake.port(.smtp))

                    tailscaled.update { $0[name]?.addresses = [.loopbackV4] }
                    try await edge.event(containing: "\(name) is 127.0.0.1 (tailscale)")
                    try await eventually("the mailbox is used") {
                        try Self.greeting(on: smtp).hasPrefix("220 ") ? true : nil
                    }

                    // tailscaled goes and comes back as another socket; the last address holds meanwhile.
                    tailscaled.vanish()
                    try await edge.event(containing: "tailscaled is not there")
                    try await eventually("the mailbox is used at its last address") {
                        try Self.greeting(on: smtp).hasPrefix("220 ") ? true : nil
                    }
                    try tailscaled.restart()
                    try await edge.event(containing: "tailscaled answers again")

                    tailscaled.update { $0.backendState = "NeedsLogin" }
                    try await edge.event(containing: "NeedsLogin")
                }
            }
        }

        @Test func `a mailbox behind a tailscaled in userspace is reached and probed through it`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    let tailscaled = try FakeTailscaled()
                    defer { tailscaled.close() }
                    let name = "stalwart.tail1234.ts.net"
                    tailscaled.update {
                        $0.usesTUN = false
                        $0.dials = [name: .to(fake.address(.smtp))]
                    }
                    let smtp = try FreePort.take()
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp],
                        """
                        workers: 1
                        tailscale: {socket: \(tailscaled.path)}
                        upstreams:
                          mailbox:
                            endpoints: ["\(name)"]
                            proxy_protocol: v2
                            via: tailscale
                            health: {interval: 1s, timeout: 2s, rise: 1, fall: 1}
                        listeners:
                          - {name: smtp, bind: ["127.0.0.1:\(smtp)"], protocol: smtp, to: "mailbox:\(fake.port(.smtp))"}
                        """)
                    try await edge.verdict("certificate_fallback", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("220 "))
                    #expect(fake.counters.clients.contains { $0.ip == .loopbackV4 })
                    tailscaled.vanish()
                    try await edge.verdict("proxy_failed", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("421 4.3.2 "))
                }
            }
        }

        @Test func `a mailbox is reached and probed through a real SOCKS proxy, which resolves its name`() async throws
        {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    let (socks, smtp) = (try FreePort.take(), try FreePort.take())
                    let microsocks = try Program("microsocks", package: "microsocks")
                    let proxy = try host.start("microsocks", microsocks, ["-i", "127.0.0.1", "-p", "\(socks)"])
                    try await ListeningPorts.wait(for: [socks], of: proxy)
                    let edge = try await EdgeProcess(
                        on: host, ports: [smtp],
                        """
                        workers: 1
                        upstreams:
                          mailbox:
                            endpoints: [localhost]
                            proxy_protocol: v2
                            via: {socks5: "127.0.0.1:\(socks)"}
                            health: {interval: 1s, timeout: 2s, rise: 1, fall: 1}
                        listeners:
                          - {name: smtp, bind: ["127.0.0.1:\(smtp)"], protocol: smtp, to: "mailbox:\(fake.port(.smtp))"}
                        """)
                    try await edge.verdict("certificate_fallback", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("220 "))
                    await proxy.stop()
                    try await edge.verdict("proxy_failed", port: fake.port(.smtp))
                    #expect(try Self.greeting(on: smtp).hasPrefix("421 4.3.2 "))
                }
            }
        }
    }
}

/// What the log says of probes; that all is well, with the standing.
struct VerdictLine: Decodable {
    let ports: [Int]
    let verdict: String
    let grade: String?
    let cause: String?
    let fix: String?
}

extension EdgeProcess {
    /// Waits for the line of a verdict on a dialled port.
    @discardableResult
    func verdict(_ verdict: String, port: UInt16) async throws -> VerdictLine {
        try await eventually("the verdict \(verdict) on port \(port)") {
            process.output.lines.compactMap { try? JSONDecoder().decode(VerdictLine.self, from: Data($0.utf8)) }
                .first { $0.verdict == verdict && $0.ports.contains(Int(port)) }
        }
    }

    func record(of client: String, reason: String) async throws -> EdgeRecord {
        try await eventually("a record with the reason \(reason)") { records.first { $0.reason == reason } }
    }
}
