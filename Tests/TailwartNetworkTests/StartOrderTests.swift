import TailwartTesting
import Testing

extension NetworkTests {
    private enum Part: CaseIterable {
        case tailscaled
        case mailbox
        case path
        case edge
    }

    /// All orders, since they take no longer than six: each has its own edge, tailscaled, mailbox and grant, and they go one step at a
    /// time, all at once.
    @Test func `whatever comes first of tailscaled, mailbox, path and edge, it ends in service`() async throws {
        try await TestNetwork.run { network in
            let name = "stalwart.tail1234.ts.net"
            let orders = Self.orders(of: Part.allCases)
            #expect(orders.count == 24)
            let ports = orders.indices.map { UInt16(2500 + $0) }
            let daemons = try orders.map { _ in try FakeTailscaled(isThere: false) }
            defer { daemons.forEach { $0.close() } }
            for daemon in daemons { daemon.update { $0.peers = [.init(name, [TestNetwork.mailbox])] } }
            var closed = Set(ports)
            try await network.drop(ports)

            var edges: [UInt16: NetworkEdge] = [:]
            for step in Part.allCases.indices {
                for (number, order) in orders.enumerated() {
                    let port = ports[number]
                    switch order[step] {
                    case .tailscaled: try daemons[number].appear()
                    case .mailbox: _ = try await HomeMailbox("mailbox-\(port)", in: network, [.smtp: port])
                    case .path: closed.remove(port)
                    case .edge:
                        edges[port] = try await NetworkEdge(
                            "edge-\(port)", in: network, ports: [port],
                            """
                            tailscale: {socket: \(daemons[number].path)}
                            upstreams:
                              mailbox:
                                endpoints: [\(name)]
                                proxy_protocol: v2
                                connect_timeout: 1s
                                health: {interval: 1s, timeout: 1s}
                            listeners:
                              - {name: smtp, bind: [":\(port)"], protocol: smtp, to: mailbox}
                            """)
                    }
                }
                try await network.drop(closed.sorted())
                // Whatever is still missing, nobody is left waiting.
                for (port, outcome) in try network.visitAll(edges.keys.sorted()) {
                    #expect(outcome.isServed || outcome == .told, "port \(port) in step \(step): \(outcome)")
                }
            }

            var waiting = Set(ports)
            try await eventually("there is service after each of the orders") {
                for (port, outcome) in try network.visitAll(waiting.sorted()) where outcome.isServed {
                    waiting.remove(port)
                }
                return waiting.isEmpty ? true : nil
            }
            for (port, edge) in edges { #expect(edge.process.isRunning, "the edge on \(port) has ended") }
        }
    }

    private static func orders(of parts: [Part]) -> [[Part]] {
        guard !parts.isEmpty else { return [[]] }
        return parts.flatMap { first in orders(of: parts.filter { $0 != first }).map { [first] + $0 } }
    }
}

extension TestNetwork {
    /// One visit to each of these ports, all at the same time.
    fileprivate func visitAll(_ ports: [UInt16]) throws -> [(UInt16, Visit.Outcome)] {
        let seed = seed
        let visits = try ports.map { port in
            let visit = Visit(manner: .smtp, from: Self.clients[0], port: port)
            return try internet.start {
                var random = SeededRandom(seed: seed)
                return visit.make(&random)
            }
        }
        return try zip(ports, visits).map { ($0, try $1.value()) }
    }
}
