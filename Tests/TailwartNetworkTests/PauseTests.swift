import Synchronization
import TailwartTesting
import TailwartWire
import Testing

extension NetworkTests {
    /// The ways to the mailbox, each on a port of the edge's.
    private static let ways: KeyValuePairs<UInt16, String> = [
        2501: "", 2502: "via: tailscale", 2503: "via: {socks5: \"127.0.0.1:1080\"}",
    ]

    /// A phone that pauses a download and a mailbox that stalls are alive: their kernels acknowledge each probe of the closed window.
    /// 150 s are more than any number of retransmissions or user timeout that is used elsewhere would bear.
    @Test func `a client and a mailbox that read nothing for 150 seconds lose no byte, whichever the way`() async throws
    {
        try await TestNetwork.run { network in
            // What the kernels keep in between must be less than what is sent.
            let sysctl = try Program("sysctl", package: "procps")
            for (name, namespace) in [("internet", network.internet), ("edge", network.edge), ("home", network.home)] {
                try await namespace.run(
                    "sysctl-\(name)", sysctl,
                    ["net.ipv4.tcp_rmem=4096 131072 262144", "net.ipv4.tcp_wmem=4096 16384 262144"])
            }
            _ = try await HomeMailbox(in: network, services: Self.ways.map { (.smtp, $0.key) })
            _ = try await HomeMailbox("socks", in: network, isAtHome: false, services: [(.socks, 1080)])
            // Its connections begin on the edge's host.
            let tailscaled = try network.edge.inside { try FakeTailscaled() }
            defer { tailscaled.close() }
            tailscaled.update { tailnet in
                for (port, _) in Self.ways {
                    tailnet.dials["\(TestNetwork.mailbox):\(port)"] = .to(.init(TestNetwork.mailbox, port: port))
                }
            }
            let upstreams = Self.ways.map { port, way in
                "  u\(port): {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off, \(way)}"
            }
            let listeners = Self.ways.map { port, _ in
                "  - {name: l\(port), bind: [\":\(port)\"], protocol: smtp, to: u\(port)}"
            }
            let edge = try await NetworkEdge(
                in: network, ports: Self.ways.map(\.key),
                """
                tailscale: {socket: \(tailscaled.path)}
                upstreams:
                \(upstreams.joined(separator: "\n"))
                listeners:
                \(listeners.joined(separator: "\n"))
                """)
            let seconds = 150
            // Where the packet that opens a window is lost, as a full queue of a TUN device does it, the next probe of the closed one tells: up to
            // 120 s after the last (TCP_RTO_MAX of the kernel).
            let patience = CInt(seconds + 180) * 1000
            let size = 16_000_000
            var transfers: [(String, InsideTask<Void>)] = []
            for (port, way) in Self.ways {
                for isMailbox in [false, true] {
                    let stayer = try Stayer(from: transfers.count, port: port, on: network)
                    let name = "\(isMailbox ? "the mailbox" : "the client") pauses, \(way.isEmpty ? "direct" : way)"
                    transfers.append(
                        (
                            name,
                            try network.internet.start {
                                if isMailbox { try stayer.ask("XPAUSE \(seconds)", "250 2.0.0 pausing") }
                                try stayer.exchange(
                                    size, patience: patience, pause: .seconds(isMailbox ? 0 : seconds))
                                try stayer.ask("QUIT", "221 2.0.0 goodbye")
                            }
                        ))
                }
            }
            for (name, transfer) in transfers {
                do { try transfer.value() } catch { Issue.record("\(name): \(error)") }
            }
            try await eventually("all have ended") {
                edge.lines.count { $0.reason != nil } == transfers.count ? true : nil
            }
            for line in edge.lines where line.reason != nil { #expect(line.reason == "closed", "\(line)") }
        }
    }
}
