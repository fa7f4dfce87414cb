import TailwartCore
import TailwartEngine
import TailwartTesting
import TailwartWire
import Testing

/// Looking at the connections that are open, and closing one.
@Suite(.ownThreads) struct ConnectionListTests {
    private func list(_ edge: EngineHarness, _ filter: ConnectionFilter) throws -> ConnectionList {
        try edge.engine.connections(filter)
    }

    @Test func `a connection is seen as it is, and goes on`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)], workers: 2) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            let found = try list(edge, ConnectionFilter(limit: 10))
            #expect(found.matching == 1 && found.isWhole)
            let seen = try #require(found.connections.first)
            let line = RecordLine(seen.record.record)
            #expect(seen.phase == .relay && seen.idle != nil && seen.bytes == 2)
            #expect(line.listener.name == "listener0" && line.upstream == "upstream0")
            #expect(line.client == pair.client.address.map { "\($0)" })
            #expect(try line.upstreamAddress == "\(mailbox.address)")
            try pair.exchange()
            try pair.finish()
            #expect(try edge.nextRecord().ending == Ending(.client, .closed))
        }
    }

    @Test func `none is there, and that is known`() throws {
        try withEngine(upstreams: [.test(InternetAddress(.loopbackV4, port: 1))]) { edge in
            let found = try list(edge, ConnectionFilter(limit: 10))
            #expect(found.connections.isEmpty && found.matching == 0 && found.isWhole)
        }
    }

    @Test func `only those that are meant are seen, the busiest first, and all are counted`() throws {
        let mailbox = try TestListener()
        try withEngine(
            listeners: [.test(), .test()], upstreams: [.test(mailbox.address)], workers: 2
        ) { edge in
            var pairs: [Pair] = []
            for (count, source) in [(1, "127.0.0.2"), (3, "127.0.0.3"), (2, "127.0.0.3")] {
                let pair = try Pair(edge, mailbox, from: IPAddress(source))
                for _ in 0..<count { try pair.exchange() }
                pairs.append(pair)
            }
            let other = try edge.connect(1)
            let upstream = try mailbox.accept()

            let busiest = try list(edge, ConnectionFilter(order: .bytes, limit: 2))
            #expect(busiest.connections.map(\.bytes) == [6, 4] && busiest.matching == 4)
            let oldest = try list(edge, ConnectionFilter(listener: "listener0", order: .age, limit: 1))
            #expect(oldest.connections.map(\.bytes) == [2] && oldest.matching == 3)
            let ofOne = try list(edge, ConnectionFilter(client: Network("127.0.0.3"), limit: 10))
            #expect(Set(ofOne.connections.map(\.bytes)) == [6, 4])
            #expect(try list(edge, ConnectionFilter(listener: "none", limit: 10)).matching == 0)
            for socket in pairs.flatMap({ [$0.client, $0.upstream] }) + [other, upstream] { socket.close() }
            _ = try edge.records(4)
        }
    }

    @Test func `more than a worker looks at in one turn are seen`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let count = 2100
            var sockets: [TestSocket] = []
            for _ in 0..<count {
                sockets.append(try edge.connect())
                sockets.append(try mailbox.accept())
            }
            try edge.waitForLive(count)
            let found = try list(edge, ConnectionFilter(limit: 5))
            #expect(found.matching == count && found.connections.count == 5 && found.isWhole)
            // No more at a time than the ring of records holds.
            for start in stride(from: 0, to: sockets.count, by: 200) {
                for socket in sockets[start..<start + 200] { socket.close() }
                _ = try edge.records(100)
            }
        }
    }

    @Test func `one is closed by its id, with a record, and no other`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)], workers: 2) { edge in
            let (one, other) = (try Pair(edge, mailbox), try Pair(edge, mailbox))
            try one.exchange()
            try other.exchange()
            let found = try list(edge, ConnectionFilter(limit: 10)).connections
            let id = try #require(
                found.first { RecordLine($0.record.record).client == one.client.address.map { "\($0)" } }
            )
            .record.record.id
            #expect(try edge.engine.close(connection: id) == true)
            #expect(try edge.nextRecord().ending == Ending(.edge, .closedByOperator))
            #expect(try one.client.receiveToEnd().bytes.isEmpty)
            try other.exchange()
            #expect(try edge.engine.close(connection: id) == false)
            try other.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }

    @Test func `who does not answer in time is not waited for`() throws {
        try withEngine(upstreams: [.test(InternetAddress(.loopbackV4, port: 1))]) { edge in
            edge.engine.stop()
            edge.engine.join()
            let found = try edge.engine.connections(ConnectionFilter(limit: 10), patience: 1)
            #expect(!found.isWhole && found.connections.isEmpty)
            #expect(try edge.engine.close(connection: 1, patience: 1) == nil)
        }
    }
}
