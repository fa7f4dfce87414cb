import Glibc
import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

/// What the control plane asks of a running engine.
@Suite(.ownThreads) struct ControlTests {
    @Test func `a new topology serves new connections, and the others stay where they are`() throws {
        let (old, new) = (try TestListener(), try TestListener())
        try withEngine(upstreams: [.test(old.address)]) { edge in
            let first = try Pair(edge, old)
            try first.exchange()
            edge.apply(upstreams: [.test(try new.address)])
            // The worker hears the mailbox before anything that comes later.
            try first.exchange()
            let second = try Pair(edge, new)
            try second.exchange()
            try first.exchange()
            try first.finish()
            #expect(try edge.nextRecord().upstreamAddress == (try old.address))
            try second.finish()
            #expect(try edge.nextRecord().upstreamAddress == (try new.address))
        }
    }

    @Test func `a topology may have more upstreams and endpoints, or fewer`() throws {
        let mailbox = try TestListener()
        let closed = try closedAddress()
        let address = try mailbox.address
        let shapes: [[Upstream]] = [
            [.test(closed, address), .test(closed), .test(closed)],
            [.test(address)],
            [Upstream(name: "u", endpoints: [.test(closed), .test(address)], policy: .leastConnections)],
            [.test(closed, closed, closed, address)],
        ]
        try withEngine(upstreams: [.test(address)]) { edge in
            let held = try Pair(edge, mailbox)
            for shape in shapes {
                edge.apply(upstreams: shape)
                try held.exchange()
                let pair = try Pair(edge, mailbox)
                try pair.exchange()
                try pair.finish()
                #expect(try edge.nextRecord().ending.reason == .closed)
            }
            try held.finish()
            #expect(try edge.nextRecord().upstreamAddress == address)
        }
    }

    @Test func `a client that is held is served by the topology that it came under`() throws {
        let (old, new) = (try closedAddress(), try TestListener())
        var holding = Upstream.test(old)
        holding.hold = .seconds(60)
        let other = Upstream.test(try new.address)
        let listeners = [Listener.test(), .test(routes: [.to(1)])]
        try withEngine(listeners: listeners, upstreams: [holding, other]) { edge in
            let witness = Pair(client: try edge.connect(1), upstream: try new.accept())
            let first = try edge.connect()
            try edge.waitForLive(2)
            edge.apply(upstreams: [other, other])
            // The worker hears the mailbox before anything that comes later.
            try witness.exchange()
            try Pair(edge, new).finish()
            let mailbox = try TestListener(old.ip, port: old.port)
            let pair = Pair(client: first, upstream: try mailbox.accept())
            try pair.exchange()
            try pair.finish()
            try witness.finish()
            #expect(try edge.records(3).allSatisfy { $0.ending.reason == .closed })
        }
    }

    @Test func `draining accepts nobody and ends nobody`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            edge.engine.drain()
            _ = try edge.eventually("nobody listens any more") { () -> Bool? in
                guard let early = try? edge.connect() else { return true }
                early.close()
                return nil
            }
            try pair.exchange()
            try pair.finish()
            // Others may have slipped in, whom nobody answers.
            var record = try edge.nextRecord()
            while record.inboundBytes == 0 { record = try edge.nextRecord() }
            #expect(record.ending == Ending(.client, .closed))
        }
    }

    @Test func `who waits to be accepted when the edge drains is served`() throws {
        let mailbox = try FakeMailbox { connection, _ in try connection.send(try connection.receive(exactly: 1)) }
        try withEngine(upstreams: [.test(mailbox.address)], workers: 2) { edge in
            let clients = try (0..<200).map { _ in try edge.connect() }
            edge.engine.drain()
            for client in clients {
                try client.send([7])
                #expect(try client.receiveToEnd().bytes == [7])
                client.close()
            }
            #expect(try edge.records(clients.count).allSatisfy { $0.ending.reason == .closed })
        }
    }

    @Test func `the end of the last connection is heard while the edge drains, and no other`() throws {
        let mailbox = try TestListener()
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            func isRung() -> Bool {
                var poll = pollfd(fd: edge.engine.idle.raw, events: Int16(POLLIN), revents: 0)
                return Glibc.poll(&poll, 1, 0) == 1
            }
            func end(_ pair: Pair) throws {
                try pair.exchange()
                try pair.finish()
                _ = try edge.nextRecord()
            }
            try end(try Pair(edge, mailbox))
            #expect(!isRung())
            let (first, last) = (try Pair(edge, mailbox), try Pair(edge, mailbox))
            edge.engine.drain()
            #expect(!isRung())
            try end(first)
            #expect(!isRung())
            try end(last)
            #expect(isRung())
        }
        try withEngine(upstreams: [.test(mailbox.address)]) { edge in
            edge.engine.drain()
            edge.engine.idle.wait(timeout: TestSocket.patience)
            #expect(edge.engine.counters.live == 0)
        }
    }

    @Test(arguments: [1, 2])
    func `stopping ends all connections with a reset`(workers: Int) throws {
        let mailbox = try TestListener()
        let listeners = [Listener.test(), .test(.imaps, routes: [.toFirst(.name("mail.example.org"))])]
        try withEngine(listeners: listeners, upstreams: [.test(mailbox.address)], workers: workers) { edge in
            let pairs = try (0..<4).map { _ in try Pair(edge, mailbox) }
            let waiting = try edge.connect(1)
            try edge.waitForLive(5)
            edge.engine.stop()
            for pair in pairs {
                #expect(try pair.client.receiveToEnd().end == .reset)
                #expect(try pair.upstream.receiveToEnd().end == .reset)
            }
            #expect(try waiting.receiveToEnd().end == .reset)
            #expect(try edge.records(5).allSatisfy { $0.ending == Ending(.edge, .drained) })
        }
    }
}
