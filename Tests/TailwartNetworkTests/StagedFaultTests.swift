import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// Failures of the way to a mailbox, staged as in `StagedFaultTests` of the mail servers, and the words of the edge's log.
extension NetworkTests {
    private static let peer = "stalwart.tail1234.ts.net"

    /// A home that can be closed to the edge, and an edge that knows it by its name in the tailnet.
    private struct Stage {
        let network: TestNetwork
        let tailscaled: FakeTailscaled
        let mailbox: HomeMailbox
        let edge: StagedEdge
        let ports: [UInt16]

        /// Rules for what comes from the edge.
        func rule(_ rules: String...) async throws {
            let lines = rules.map { "add rule inet ban input \($0)" }
            try await network.home.nft(
                """
                add table inet ban
                add chain inet ban input { type filter hook input priority 0; policy accept; }
                flush chain inet ban input
                \(lines.joined(separator: "\n"))
                """)
        }
    }

    /// What begins a connection. A probe that is under way when a rule comes goes on to its end, and the edge need not wait for its patience.
    private static let begins = "tcp flags & (syn | ack) == syn"

    private static func stage(
        _ services: [(HomeMailbox.Service, ListenerProtocol, UInt16)] = [(.smtp, .smtp, 25), (.imap, .imap, 143)],
        addresses: [IPAddress] = [TestNetwork.mailbox], _ body: (Stage) async throws -> Void
    ) async throws {
        try await TestNetwork.run { network in
            let certificate = try await HomeCertificate(on: network.host)
            let tailscaled = try FakeTailscaled()
            defer { tailscaled.close() }
            tailscaled.update {
                var node = FakeTailscaled.Node(peer, addresses)
                node.path = .direct("198.51.100.7:41641")
                $0.peers = [node]
            }
            let mailbox = try await HomeMailbox(
                in: network, certificate: certificate, services: services.map { ($0.0, $0.2) })
            let edge = try await StagedEdge(
                [
                    .init(
                        ", proxy_protocol: v2, connect_timeout: 2s", at: peer,
                        health: ", trust_roots: \(certificate.certificate.path)", ports: services.map { ($0.1, $0.2) })
                ], on: network.host, head: "tailscale: {socket: \(tailscaled.path)}",
                counter: network.edge.inside { try StagedEdge.counter() }
            ) { try await NetworkEdge(in: network, ports: $0, $1).process }
            try await edge.says(.healthy(on: services.map(\.2)), .event("tailnet", "direct"))
            try await body(
                Stage(
                    network: network, tailscaled: tailscaled, mailbox: mailbox, edge: edge, ports: services.map(\.2)))
        }
    }

    @Test(arguments: ["reject with tcp reset", "drop"])
    func `a port that is closed to the edge while others answer is said to be a ban first, and heals`(ban: String)
        async throws
    {
        try await Self.stage { stage in
            try await stage.rule("tcp dport 25 \(Self.begins) \(ban)")
            try await stage.edge.says(
                .verdict(
                    ban == "drop" ? "timeout" : "refused", on: [25], "a ban of this edge's address there",
                    "fail2ban-client unban",
                    "If it is not banned, start the service"), .unhealthy(on: [25]))
            try await stage.edge.saysNothing()
            try await stage.rule()
            try await stage.edge.says(.healthy(on: [25]))
            try await stage.edge.saysNothing()
        }
    }

    @Test(arguments: [("reject with tcp reset", "see whether it bans this edge's address"), ("drop", "mailcow")])
    func `a host that closes all ports to the edge and answers in the tailnet is one line that names the ban`(
        ban: String, words: String
    ) async throws {
        try await Self.stage { stage in
            try await stage.rule("\(Self.begins) \(ban)")
            try await stage.edge.says(
                .verdict(ban == "drop" ? "timeout" : "refused", on: [25, 143], words), .unhealthy(on: [25, 143]))
            try await stage.edge.saysNothing()
            try await stage.rule()
            try await stage.edge.says(.healthy(on: [25, 143]))
            try await stage.edge.saysNothing()
        }
    }

    /// The probe of one port stands still for the 35 seconds that a server may take, while the other port is known to be closed.
    @Test func `a host that closes all ports in the middle of a conversation is one line as well`() async throws {
        try await Self.stage { stage in
            try await stage.rule("tcp dport 143 tcp flags & (psh | fin) != 0 drop")
            // A port that is well is asked every five rounds; the probe of IMAP then stands still.
            try await stage.edge.saysNothing(for: 7)
            try await stage.rule("tcp dport 143 drop", "\(Self.begins) drop")
            try await stage.edge.says(.verdict("timeout", on: [25, 143], "mailcow"), .unhealthy(on: [25, 143]))
            try await stage.edge.saysNothing()
        }
    }

    @Test func `of two addresses that lead nowhere each is named with its fault`() async throws {
        let addresses = [TestNetwork.mailbox, TestNetwork.otherAddresses[1]]
        try await Self.stage(addresses: addresses) { stage in
            try await stage.rule(
                "ip daddr \(addresses[0]) tcp dport 25 \(Self.begins) reject with tcp reset",
                "ip6 daddr \(addresses[1]) tcp dport 25 \(Self.begins) drop")
            try await stage.edge.says(
                .verdict(
                    "refused", on: [25], "\(addresses[0]): The host answers, but nothing listens on this port.",
                    "\(addresses[1]): Nothing answers:"), .unhealthy(on: [25]))
            try await stage.edge.saysNothing()
        }
    }

    @Test func `a mail server that boots is told by its setup page, and what is refused then is one line`() async throws
    {
        try await Self.stage { stage in
            try await stage.mailbox.kill()
            let page = try stage.network.home.start("setup", Script.python(), ["-m", "http.server", "8080"])
            try await ListeningPorts.wait(for: [8080], of: page)
            try await stage.edge.says(
                .verdict("booting", on: [25, 143], "bootstrap or recovery mode"),
                .unhealthy(on: [25, 143]))
            try await stage.edge.saysNothing()
        }
    }

    /// The handshake is given the 35 seconds that a server may take.
    @Test func `a way that loses large packets is named, and not the server that waits for them`() async throws {
        try await Self.stage([(.imaps, .imaps, 993)]) { stage in
            try await stage.rule("meta length > 700 drop")
            try await stage.edge.says(
                .verdict(
                    "mtu_black_hole", on: [993], "large ones are lost",
                    "`ip link set dev INTERFACE mtu 1280`"))
            try await stage.edge.saysNothing()
        }
    }
}
