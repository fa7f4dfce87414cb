import Synchronization
import TailwartTesting
import Testing

extension NetworkTests {
    @Test func `the path is a black hole for 30 seconds, and who was there before it goes on after it`() async throws {
        try await TestNetwork.run { network in
            let certificate = try await HomeCertificate(on: network.host)
            _ = try await HomeMailbox(
                in: network, certificate: certificate, [.smtp: 25, .imap: 143, .echo: 443])
            let edge = try await NetworkEdge(
                in: network, ports: [25, 143, 443],
                """
                tailscale: off
                upstreams:
                  mailbox:
                    endpoints: [\(TestNetwork.mailbox)]
                    proxy_protocol: v2
                    connect_timeout: 2s
                    health: {interval: 1s, timeout: 2s, trust_roots: \(certificate.certificate.path)}
                  web: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, connect_timeout: 2s, health: off}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                  - {name: imap, bind: [":143"], to: mailbox}
                  - {name: https, bind: [":443"], to: web}
                """)
            for port: UInt16 in [25, 143] { try await edge.verdict("well", on: port) }

            let idle = try Stayer(.imap, from: 0, on: network)
            try idle.ask("IDLE", "+ idling")
            let busy = try Stayer(.smtp, from: 1, on: network)
            let size = 16_000_000
            let progress = Progress()
            let transfer = try network.internet.start {
                // Retransmissions are up to a minute apart after so long a silence, and two where a busy machine loses one of them.
                try busy.exchange(size, patience: 190_000) { progress.bytes.store($0, ordering: .relaxed) }
            }
            try await eventually("a part of the transfer is through") {
                progress.bytes.load(ordering: .relaxed) > size / 16 ? true : nil
            }
            try await network.wire.swallow(true)
            let end = ContinuousClock.now + .seconds(30)

            // The two seconds of a connect, or at once when the probe has noticed; nothing is served.
            var told = 0
            while ContinuousClock.now < end {
                for manner: Visit.Manner in [.smtp, .imap, .https] {
                    let outcome = try network.visit(manner)
                    #expect(outcome == .told, "on \(manner)")
                    told += 1
                }
            }
            let part = progress.bytes.load(ordering: .relaxed)
            #expect(part < size, "the transfer was over before the hole")
            for port: UInt16 in [25, 143] {
                let line = try await edge.verdict("timeout", on: port)
                #expect(line.grade == "failed")
                #expect(line.fix?.contains("tailwart acl") == true)
            }
            let verdicts = edge.verdicts(on: 25).count

            try await network.wire.swallow(false)
            print("in the hole \(told) clients were told, and \(part) of \(size) bytes of the transfer had come back")
            try await edge.verdict("well", on: 25, after: verdicts)
            for manner: Visit.Manner in [.smtp, .imap, .https] {
                try await eventually("clients on \(manner) are served again") {
                    try network.visit(manner).isServed ? true : nil
                }
            }
            try idle.ask("DONE", "a OK done")
            try idle.exchange(100_000)
            try transfer.value()
        }
    }
}

/// How far a transfer is.
private final class Progress: Sendable {
    let bytes = Atomic<Int>(0)
}
