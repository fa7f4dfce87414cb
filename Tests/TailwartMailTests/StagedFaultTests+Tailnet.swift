import Synchronization
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// What tailscaled knows of the way.
extension StagedFaultTests {
    private static let peer = "stalwart.tail1234.ts.net"

    /// A mailbox of a few words that can be made to hang, and what tailscaled says of it.
    private func withMailbox(
        path: FakeTailscaled.Path,
        _ body: (StagedEdge, FakeTailscaled, FakeMailbox, _ hang: @escaping @Sendable (Bool) -> Void) async throws ->
            Void
    ) async throws {
        let hangs = Mutex(false)
        try await TestHost.run { host in
            let mailbox = try FakeMailbox { connection, _ in
                guard !hangs.withLock({ $0 }) else { return _ = connection.wait(for: 1, milliseconds: 60_000) }
                try connection.send(Array("220 mail.example.org ESMTP\r\n".utf8))
                while true {
                    let bytes = try connection.receive()
                    if bytes.isEmpty { return }
                    let isHello = bytes.starts(with: "EHLO".utf8)
                    try connection.send(Array((isHello ? "250 mail.example.org\r\n" : "221 bye\r\n").utf8))
                }
            }
            defer { mailbox.close() }
            let tailscaled = try FakeTailscaled()
            defer { tailscaled.close() }
            tailscaled.update {
                var node = FakeTailscaled.Node(Self.peer, [.loopbackV4])
                node.path = path
                $0.peers = [node]
            }
            let edge = try await StagedEdge(
                on: host, .init(", proxy_protocol: none", at: Self.peer, ports: [(.smtp, mailbox.address.port)]),
                head: "tailscale: {socket: \(tailscaled.path)}")
            let port = mailbox.address.port
            try await edge.says(.healthy(on: [port]), .verdict("starttls_missing", on: [port]))
            try await body(edge, tailscaled, mailbox) { hang in hangs.withLock { $0 = hang } }
        }
    }

    @Test func `a path that begins over DERP is no news, and one that stays there is`() async throws {
        try await withMailbox(path: .upgrading("198.51.100.7:41641", pings: 2)) { edge, tailscaled, _, _ in
            try await edge.saysNothing(for: 12)
            tailscaled.update { $0[Self.peer]?.path = .direct("198.51.100.7:41641") }
            try await edge.says(.event("tailnet", "direct"))
            tailscaled.update { $0[Self.peer]?.path = .derp }
            try await edge.says(.event("tailnet", "over DERP fra"))
            try await edge.saysNothing()
        }
    }

    /// A probe waits 35 seconds for a greeting.
    @Test func `a probe that stands still while the path changes says nothing of the mailbox`() async throws {
        try await withMailbox(path: .direct("198.51.100.7:41641")) { edge, tailscaled, mailbox, hang in
            hang(true)
            let served = mailbox.served
            try await eventually("a probe is under way") { mailbox.served > served ? true : nil }
            tailscaled.update { $0[Self.peer]?.path = .derp }
            try await edge.says(.event("tailnet", "over DERP fra"))
            hang(false)
            try await eventually("another probe is made") { mailbox.served > served + 1 ? true : nil }
            try await edge.saysNothing()
        }
    }
}
