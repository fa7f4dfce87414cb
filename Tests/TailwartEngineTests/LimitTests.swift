import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct LimitTests {
    @Test(arguments: [1, 2])
    func `over the limit of the edge a client is turned away, and a free place is taken again`(
        workers: Int
    ) throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)], workers: workers, maxConnections: 2) { edge in
            try checkThirdIsTurnedAway(edge, mailbox, .edgeLimit)
        }
    }

    @Test func `over the limit of its listener a client is turned away, and a free place is taken again`() throws {
        let mailbox = try TestListener()
        let listeners = [Listener.test(maxConnections: 2), Listener.test()]
        try withEngine(listeners: listeners, upstreams: [.test(mailbox.address)]) { edge in
            try checkThirdIsTurnedAway(edge, mailbox, .listenerLimit)
            // The other listener has no limit of its own.
            let clients = try (0..<4).map { _ in try edge.connect(1) }
            let upstreams = try clients.map { _ in try mailbox.accept() }
            for socket in clients + upstreams { socket.close() }
            #expect(try edge.records(4).allSatisfy { $0.listener == "listener1" && $0.ending.reason == .closed })
        }
    }

    @Test func `slow connections that come one by one are shared by the workers`() throws {
        let mailbox = try FakeMailbox { connection, _ in _ = try connection.receiveToEnd() }
        try withEngine(upstreams: [.test(mailbox.address)], workers: 2) { edge in
            var clients: [TestSocket] = []
            for number in 1...200 {
                clients.append(try edge.connect())
                try edge.waitForLive(number)
            }
            for client in clients { client.close() }
            // The number of the worker stands in the upper bits of a record's id.
            let byWorker = Dictionary(grouping: try edge.records(200)) { $0.id >> 48 }
            #expect(byWorker.values.map(\.count).min() ?? 0 >= 50, "\(byWorker.mapValues(\.count))")
            #expect(byWorker.count == 2)
        }
    }

    private func checkThirdIsTurnedAway(
        _ edge: EngineHarness, _ mailbox: TestListener, _ reason: CloseReason
    ) throws {
        let first = try Pair(edge, mailbox)
        let second = try Pair(edge, mailbox)
        for _ in 0..<3 {
            let third = try edge.connect()
            #expect(try third.receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, reason))
        }
        try first.exchange()
        try first.finish()
        #expect(try edge.nextRecord().ending.reason == .closed)
        let third = try Pair(edge, mailbox)
        try third.exchange()
        for pair in [second, third] { try pair.finish() }
        #expect(try edge.records(2).allSatisfy { $0.ending.reason == .closed })
    }
}
