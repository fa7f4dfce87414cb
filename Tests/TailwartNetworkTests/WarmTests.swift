import TailwartTesting
import Testing

extension NetworkTests {
    @Test func `the greeting comes over a connection that was made before the client came`() async throws {
        try await TestNetwork.run { network in
            let mailbox = try await HomeMailbox(in: network, [.smtp: 25, .imap: 143])
            _ = try await NetworkEdge(
                in: network, ports: [25, 143],
                """
                tailscale: off
                upstreams:
                  warm: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off, warm: 4}
                  cold: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, health: off}
                listeners:
                  - {name: smtp, bind: [":25"], to: warm}
                  - {name: imap, bind: [":143"], to: cold}
                """)
            for _ in 0..<3 {
                // Four that have not said for whom they are.
                let waiting = try await eventually("four connections wait at the mailbox") {
                    let waiting = mailbox.connections("accepted").subtracting(mailbox.connections("client"))
                        .subtracting(mailbox.connections("ended"))
                    return waiting.count == 4 ? waiting : nil
                }
                let warm = try connection(in: network.visit(.smtp))
                #expect(waiting.contains(warm), "connection \(warm) is none of \(waiting)")
                // The other way for comparison: without the option, its connection is made for it.
                let cold = try connection(in: network.visit(.imap))
                #expect(!waiting.contains(cold))
                #expect(cold > waiting.max() ?? 0)
            }
        }
    }

    @Test func `a dead path costs the client of a warm socket one more connect, and ends nobody who is served`()
        async throws
    {
        try await TestNetwork.run { network in
            let mailbox = try await HomeMailbox(in: network, [.smtp: 25])
            _ = try await NetworkEdge(
                in: network, ports: [25],
                """
                tailscale: off
                upstreams:
                  mailbox:
                    endpoints: [\(TestNetwork.mailbox)]
                    proxy_protocol: v2
                    connect_timeout: 2s
                    health: off
                    warm: 4
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                """)
            func waitingSockets() async throws {
                try await eventually("sockets wait at the mailbox") {
                    mailbox.connections("accepted").subtracting(mailbox.connections("client"))
                        .subtracting(mailbox.connections("ended")).count >= 4 ? true : nil
                }
            }
            try await waitingSockets()
            let staying = try Stayer(from: 1, on: network)
            try staying.exchange(10_000)
            try await waitingSockets()

            try await network.wire.swallow(true)
            let transfer = try network.internet.start { try staying.exchange(10_000, patience: 60_000) }
            // First those with a warm socket: its header is not acknowledged in the time of a connect, and then it is dialled.
            for _ in 0..<2 { #expect(try network.visit(.smtp, patience: 10_000) == .told) }
            try await network.wire.swallow(false)
            try await eventually("clients are served again") {
                try network.visit(.smtp, patience: 10_000).isServed ? true : nil
            }
            // A connection that has carried bytes is given more time than a connect.
            try transfer.value()
        }
    }

    private func connection(in outcome: Visit.Outcome) throws -> Int {
        guard case .served(let greeting) = outcome,
            let number = greeting.firstRange(of: "connection ").map({
                greeting[$0.upperBound...].prefix(while: \.isNumber)
            }),
            let connection = Int(number)
        else { throw TestFailure("no number in \(outcome)") }
        return connection
    }
}
