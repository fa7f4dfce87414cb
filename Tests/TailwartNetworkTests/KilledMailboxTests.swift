import Foundation
import Glibc
import TailwartTesting
import Testing

extension NetworkTests {
    private static let manners: [Visit.Manner] = [.smtp, .imap, .https]

    private static func startEdge(in network: TestNetwork) async throws {
        _ = try await NetworkEdge(
            in: network, ports: [25, 143, 443],
            """
            tailscale: off
            upstreams:
              mailbox:
                endpoints: [\(TestNetwork.mailbox)]
                proxy_protocol: v2
                connect_timeout: 2s
                health: {interval: 1s, timeout: 2s}
              web: {endpoints: [\(TestNetwork.mailbox)], proxy_protocol: v2, connect_timeout: 2s, health: off}
            listeners:
              - {name: smtp, bind: [":25"], to: mailbox}
              - {name: imap, bind: [":143"], to: mailbox}
              - {name: https, bind: [":443"], to: web}
            """)
    }

    private static func startMailbox(_ number: Int, in network: TestNetwork) async throws -> HomeMailbox {
        try await HomeMailbox("mailbox-\(number)", in: network, [.smtp: 25, .imap: 143, .echo: 443])
    }

    @Test func `a mailbox is killed and started again under load, and every client is served or told`() async throws {
        try await TestNetwork.run { network in
            let (clients, kills) = (30, 2)
            var mailbox = try await Self.startMailbox(0, in: network)
            try await Self.startEdge(in: network)
            // Whatever a client waits for takes the two seconds of a connect and a round trip, or is a hang.
            let crowd = try Crowd(clients, Self.manners, patience: 6000, on: network)
            defer { _ = try? crowd.end() }
            for kill in 1...kills {
                try await crowd.wait("served", 20, Self.manners, \.served)
                try await mailbox.kill()
                try await crowd.wait("told", 20, Self.manners, \.told)
                mailbox = try await Self.startMailbox(kill, in: network)
            }
            try await crowd.wait("served", 20, Self.manners, \.served)
            let tally = try crowd.end()
            print("killed \(kills) times among \(clients) clients: \(tally)")
            #expect(tally.wrong.prefix(5) == [])
            #expect(tally.cut <= clients * kills, "only who was there when it was killed")
        }
    }

    @Test func `clients who wait for the greeting of a mailbox are told when it is killed`() async throws {
        try await TestNetwork.run { network in
            let mailbox = try await Self.startMailbox(0, in: network)
            try await Self.startEdge(in: network)
            for manner in Self.manners { #expect(try network.visit(manner).isServed) }

            // The kernel takes connections for a process that does nothing.
            mailbox.process.send(SIGSTOP)
            let seed = network.seed
            let visits = try (0..<12).map { number in
                let visit = Visit(
                    manner: Self.manners[number % 3], from: TestNetwork.clients[number % 4], patience: 20_000)
                return try network.internet.start {
                    var random = SeededRandom(seed: seed)
                    return visit.make(&random)
                }
            }
            try await eventually("they wait at the mailbox") {
                network.home.establishedConnections >= visits.count ? true : nil
            }
            try await mailbox.kill()
            for visit in visits { #expect(try visit.value() == .told) }
        }
    }
}

extension Namespace {
    /// Connections in it that are established, of which the mailbox need not know yet (proc_pid_net(5)).
    fileprivate var establishedConnections: Int {
        ["tcp", "tcp6"].reduce(0) { count, table in
            // sl, local_address, rem_address, st; 01 is TCP_ESTABLISHED
            count
                + TextFile(url: URL(filePath: "/proc/\(processID)/net/\(table)")).lines.count { line in
                    let fields = line.split(separator: " ", maxSplits: 4)
                    return fields.count == 5 && fields[3] == "01"
                }
        }
    }
}
