import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct PolicyTests {
    @Test func `round robin takes the endpoints in turn`() throws {
        let mailboxes = [try TestListener(), try TestListener()]
        try withEngine(upstreams: [try upstream(.roundRobin, mailboxes)]) { edge in
            for turn in 0..<6 {
                try Pair(edge, mailboxes[turn % 2]).finish()
                #expect(try edge.nextRecord().endpoint == turn % 2)
            }
        }
    }

    @Test func `a client keeps its endpoint, and clients are spread`() throws {
        let mailboxes = try (0..<2).map { _ in
            try FakeMailbox { connection, _ in _ = try connection.receiveToEnd() }
        }
        defer { for mailbox in mailboxes { mailbox.close() } }
        let endpoints = mailboxes.map { Endpoint.test($0.address) }
        let upstream = Upstream(name: "u", endpoints: endpoints, policy: .clientHash)
        try withEngine(upstreams: [upstream]) { edge in
            var used: Set<Int> = []
            for host in 1...16 as ClosedRange<UInt32> {
                let chosen = try (0..<3).map { _ in
                    try edge.connect(from: .v4(0x7f00_0000 + host)).close()
                    return try #require(try edge.nextRecord().endpoint)
                }
                #expect(Set(chosen).count == 1)
                used.formUnion(chosen)
            }
            #expect(used == [0, 1])
        }
    }

    @Test func `the endpoint with the fewest connections is next`() throws {
        let mailboxes = [try TestListener(), try TestListener()]
        try withEngine(upstreams: [try upstream(.leastConnections, mailboxes)]) { edge in
            let first = try Pair(edge, mailboxes[0])
            try first.exchange()
            let second = try Pair(edge, mailboxes[1])
            try second.exchange()
            let third = try Pair(edge, mailboxes[0])
            try third.exchange()
            try second.finish()
            #expect(try edge.nextRecord().endpoint == 1)
            let fourth = try Pair(edge, mailboxes[1])
            try fourth.exchange()
            for pair in [first, third, fourth] { try pair.finish() }
            #expect(Set(try edge.records(3).compactMap(\.endpoint)) == [0, 1])
        }
    }

    private func upstream(_ policy: Upstream.Policy, _ mailboxes: [TestListener]) throws -> Upstream {
        Upstream(name: "u", endpoints: try mailboxes.map { .test(try $0.address) }, policy: policy)
    }
}
