import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// Failures of a mailbox as they happen, before an edge that runs, and the words of its log: the right line, once, and nothing wrong before or
/// after it. docs/faults.md has the table of all failures, with the test that stages each.
///
/// Rounds of probes are counted, and no time is asked for: a machine that is busy is slower and says the same.
@Suite(.ownThreads) struct StagedFaultTests {
    static let name = "mail.example.org"
    static let client = IPAddress.v4(0x7f00_0002)

    /// Stalwart with a certificate that the edge trusts, and an edge before these of its ports.
    struct Stalwart {
        let host: TestHost
        let fake: FakeStalwart
        let edge: StagedEdge
        /// As they are dialled.
        let ports: [UInt16]
        let authority: FakeAuthority
    }

    /// - Parameters:
    ///   - health: further keys of `health`.
    ///   - change: how it is before the edge starts.
    func withStalwart(
        _ protocols: [ListenerProtocol] = [.smtp, .submissions, .imaps], health: String = "", names: [String] = [],
        certified: [String] = [Self.name],
        change: (inout FakeStalwart.Settings, FakeAuthority) throws -> Void = { _, _ in },
        _ body: (Stalwart) async throws -> Void
    ) async throws {
        let authority = try FakeAuthority()
        var settings = FakeStalwart.Settings.trusting(certificate: try authority.issue(certified))
        settings.isHeaderOnHTTPS = true
        try change(&settings, authority)
        try await TestHost.run { host in
            let roots = host.folder.file("authority.pem")
            try roots.write(authority.pem)
            try await FakeStalwart.with(settings) { fake in
                let ports = protocols.map { ($0, fake.port($0)) }
                let edge = try await StagedEdge(
                    on: host,
                    .init(", proxy_protocol: v2", health: ", trust_roots: \(roots.path)\(health)", ports: ports),
                    names: names)
                try await body(
                    Stalwart(host: host, fake: fake, edge: edge, ports: ports.map(\.1), authority: authority))
            }
        }
    }

    /// What a client is greeted with.
    func greeting(at door: InternetAddress, from client: IPAddress? = nil) throws -> String {
        let socket = try TestSocket.connect(to: door, from: client)
        defer { socket.close() }
        return try socket.receiveLine()
    }

    // MARK: - it is away

    @Test(arguments: [FakeStalwart.Settings.Mode?.none, .bootstrap])
    func `a mailbox that is stopped, or starts without its ports, is one line that says how to start it`(
        mode: FakeStalwart.Settings.Mode?
    ) async throws {
        try await withStalwart([.smtp, .submissions, .imap, .imaps, .sieve]) { stage in
            try await stage.edge.says(.healthy(on: stage.ports))
            // Its port 8080 is closed to the edge, as the policy has it.
            if let mode { try await stage.fake.configure { $0.mode = mode } } else { await stage.fake.stop() }
            try await stage.edge.says(
                .verdict(
                    "refused", on: stage.ports, "Nothing listens on any port of this host: is the mail server running?",
                    "It answered before, so it may be restarting.",
                    "`systemctl start stalwart`, or `docker compose up -d`"
                ), .unhealthy(on: stage.ports))
            try await stage.edge.saysNothing()
            #expect(try greeting(at: stage.edge.door(stage.ports[0])).hasPrefix("421 4.3.2 "))
            if mode == nil {
                try await stage.fake.resume()
            } else {
                try await stage.fake.configure { $0.mode = .serving }
            }
            try await stage.edge.says(.healthy(on: stage.ports))
            try await stage.edge.saysNothing()
        }
    }

    // MARK: - it has banned the edge

    @Test func `an edge that Stalwart has banned says so once, its clients are served, and it heals without a restart`()
        async throws
    {
        try await withStalwart { stage in
            try await stage.edge.says(.healthy(on: stage.ports))
            stage.fake.block(.loopbackV4)
            stage.fake.reloadBlockedIPs()
            try await stage.edge.says(
                .verdict(
                    "banned", on: stage.ports, "The mailbox has banned this edge's own address",
                    "Clients behind a PROXY header are served",
                    "Delete this edge's address from BlockedIp",
                    "ReloadBlockedIps", "AllowedIp, which is read at the next start"))
            try await stage.edge.saysNothing()
            for _ in 0..<3 {
                #expect(try greeting(at: stage.edge.door(stage.ports[0]), from: Self.client).hasPrefix("220 "))
            }
            // Half of the fix.
            stage.fake.unblock(.loopbackV4)
            try await stage.edge.saysNothing()
            stage.fake.reloadBlockedIPs()
            try await stage.edge.says(.verdict("well", on: stage.ports))
            try await stage.edge.saysNothing()
            #expect(stage.fake.counters.invalidCommands == 0)
        }
    }

    @Test func `an exception that is made for a banned edge shows when Stalwart has started again, and not before`()
        async throws
    {
        try await withStalwart { stage in
            try await stage.edge.says(.healthy(on: stage.ports))
            stage.fake.block(.loopbackV4)
            stage.fake.reloadBlockedIPs()
            try await stage.edge.says(.verdict("banned", on: stage.ports))
            stage.fake.allow(.loopbackV4)
            try await stage.edge.saysNothing()
            await stage.fake.stop()
            try await stage.fake.resume()
            try await stage.edge.says(.verdict("well", on: stage.ports))
            try await stage.edge.saysNothing()
        }
    }

    // MARK: - it takes no header

    @Test(arguments: [Duration.zero, .milliseconds(1500)])
    func `a mailbox that loses its trust in the edge is named once, and used as soon as it has it again`(
        greeting delay: Duration
    ) async throws {
        try await withStalwart(change: { settings, _ in settings.greetingDelay = delay }) { stage in
            try await stage.edge.says(.healthy(on: stage.ports))
            let trusted = FakeStalwart.Settings.trusting().trusted
            try await stage.fake.configure { $0.trusted = [] }
            try await stage.edge.says(
                .verdict(
                    "header_not_trusted", on: stage.ports, "does not expect a PROXY header",
                    "overrideProxyTrustedNetworks of the listener: `tailwart trust stalwart`"),
                .unhealthy(on: stage.ports))
            try await stage.edge.saysNothing()
            #expect(try greeting(at: stage.edge.door(stage.ports[0])).hasPrefix("421 4.3.2 "))
            // As `tailwart trust` says.
            try await stage.fake.configure { $0.trusted = trusted }
            try await stage.edge.says(.healthy(on: stage.ports))
            #expect(try greeting(at: stage.edge.door(stage.ports[0])).hasPrefix("220 "))
            try await stage.edge.saysNothing()
            #expect(stage.fake.bannedAddresses.isEmpty)
        }
    }

    // MARK: - it greets and takes no mail

    /// The second refusal is asked for a minute after the first.
    @Test func `a mailbox that greets and takes no mail is named with its words, and goes on to be used`() async throws
    {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let full = try await mailbox.startPostfix().add(["queue_minfree = 999999999999"], on: host)
            try await FakeStalwart.with(.trusting()) { fake in
                try await fake.configure { $0.isDatabaseAway = true }
                let ports = [fake.port(.smtp), full]
                let roots = mailbox.certificates.authority.path
                let edge = try await StagedEdge(
                    on: host,
                    .init(
                        ", proxy_protocol: v2", name: "fake", health: ", recipient: ann@example.org",
                        ports: [(.smtp, ports[0])]),
                    .init(
                        ", proxy_protocol: none", name: "full",
                        health: ", recipient: ann@example.org, trust_roots: \(roots)", ports: [(.smtp, ports[1])]))
                try await edge.says(
                    .verdict("certificate_fallback", on: [ports[0]]), .healthy(on: [ports[0]]), .healthy(on: [ports[1]])
                )
                try await edge.says(
                    .verdict(
                        "takes_no_mail", on: [ports[0]], "451 4.4.3 Unable to verify address at this time.",
                        "See that Stalwart's database runs"),
                    .verdict(
                        "takes_no_mail", on: [ports[1]], "452 4.3.1 Insufficient system storage", "its disk is full"))
                try await edge.saysNothing()
                for port in ports { #expect(try greeting(at: edge.door(port)).hasPrefix("220 ")) }
            }
        }
    }
}
