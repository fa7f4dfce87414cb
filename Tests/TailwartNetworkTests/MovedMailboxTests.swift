import TailwartTesting
import TailwartWire
import Testing

extension NetworkTests {
    @Test func `the mailbox gets other addresses, new clients find it there, and those who stay lose nothing`()
        async throws
    {
        try await TestNetwork.run { network in
            let name = "stalwart.tail1234.ts.net"
            let tailscaled = try FakeTailscaled()
            defer { tailscaled.close() }
            tailscaled.update { $0.peers = [.init(name, [TestNetwork.mailbox])] }
            _ = try await HomeMailbox(in: network, [.smtp: 25])
            let edge = try await NetworkEdge(
                in: network, ports: [25],
                """
                tailscale: {socket: \(tailscaled.path)}
                upstreams:
                  mailbox:
                    endpoints: [\(name)]
                    proxy_protocol: v2
                    connect_timeout: 2s
                    health: {interval: 1s, timeout: 2s}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                """)
            try await edge.line(containing: "\(name) is \(TestNetwork.mailbox) (tailscale)")
            var staying = [try Stayer(from: 0, on: network)]
            #expect(staying[0].greeting.contains("at \(TestNetwork.mailbox)"))

            for (turn, address) in TestNetwork.otherAddresses.enumerated() {
                tailscaled.update { $0[name]?.addresses = [address] }
                try await edge.line(containing: "\(name) is \(address) (tailscale)")
                let visitor = try Stayer(from: turn + 1, on: network)
                #expect(visitor.greeting.contains("at \(address)"), "\(visitor.greeting)")
                staying.append(visitor)
                // Each of them over the address that it came over.
                for stayer in staying { try stayer.exchange(100_000) }
            }

            // The first address is gone for good.
            try await network.home.ip("addr del \(TestNetwork.mailbox)/32 dev tailscale0")
            for stayer in staying.dropFirst() { try stayer.exchange(100_000) }
            #expect(try network.visit(.smtp).isServed)
            #expect(edge.process.isRunning)
        }
    }
}
