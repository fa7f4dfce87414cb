import TailwartCore
import TailwartEngine
import TailwartTesting
import Testing

@Suite(.ownThreads) struct RecordRingTests {
    @Test func `when nobody reads records, connections are served and the rest is counted as lost`() throws {
        let mailbox = try TestListener()
        let connections = RecordRing.capacity + 100
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            for _ in 0..<connections {
                let pair = try Pair(edge, mailbox)
                try pair.exchange()
                pair.client.close()
                pair.upstream.close()
            }
            try edge.waitForLive(0)
            try edge.eventually("the last record") {
                edge.engine.counters.lostRecords >= 100 ? true : nil
            }
            #expect(edge.engine.counters.lostRecords == 100)
            #expect(edge.engine.counters.accepted == connections)
            let records = try edge.records(RecordRing.capacity)
            #expect(Set(records.map(\.id)).count == RecordRing.capacity)
            #expect(edge.hasNoRecord)
        }
    }

    @Test func `a ring that was full takes records again when it has been read`() throws {
        let listener = Listener.test(routes: [Route(to: .close)])
        try withEngine(listeners: [listener], upstreams: []) { edge in
            for _ in 0..<(RecordRing.capacity + 1) { _ = try edge.connect().receiveToEnd() }
            try edge.eventually("a lost record") { edge.engine.counters.lostRecords == 1 ? true : nil }
            _ = try edge.records(RecordRing.capacity)
            _ = try edge.connect().receiveToEnd()
            #expect(try edge.nextRecord().ending == Ending(.edge, .routeClose))
            #expect(edge.engine.counters.lostRecords == 1)
        }
    }
}
