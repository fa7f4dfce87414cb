import TailwartTesting
import TailwartWire
import Testing

extension NetworkTests {
    @Test func `bytes arrive as they were sent over a path that loses some packets`() async throws {
        try await TestNetwork.run { network in
            _ = try await HomeMailbox(in: network, [.smtp: 25, .echo: 443])
            let edge = try await NetworkEdge(
                in: network, ports: [25, 443],
                """
                tailscale: off
                upstreams:
                  mailbox: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off}
                  web: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                  - name: https
                    bind: [":443"]
                    routes:
                      - {match: {sni: [mail.example.org]}, to: web}
                """)
            try await network.wire.lose(1)

            // Several packets of a tailnet, as with a large key share.
            let hello = ClientHelloBuilder(serverName: "mail.example.org", paddedLength: 12_000).bytes
            let back = try network.internet.inside {
                let socket = try TestSocket.connect(to: InternetAddress(TestNetwork.edge[1], port: 443))
                try socket.send(hello)
                return try socket.receive(exactly: hello.count)
            }
            #expect(back == hello)
            let record = try await edge.record("the hello") { $0.listener == "https" }
            #expect(record.serverName == "mail.example.org")

            let size = 5_000_000
            try Stayer(from: 0, on: network).exchange(size)
            let transfer = try await edge.record("the transfer") { $0.listener == "smtp" }
            #expect((transfer.bytesIn ?? 0) > size && (transfer.bytesOut ?? 0) > size)
            let tally = try await network.wire.tally()
            print("the wire \(tally)")
            #expect(!tally.hasSuffix(" lost 0"))
        }
    }
}
