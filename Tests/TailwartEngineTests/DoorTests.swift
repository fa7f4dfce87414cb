import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartEngine

/// Doors of a running engine: added, removed and kept.
@Suite(.ownThreads) struct DoorTests {
    private static func bind(_ address: IPAddress) -> BindAddress { .internet(InternetAddress(address, port: 0)) }

    private static func configuration(_ mailbox: TestListener, _ listeners: [(String, [BindAddress])]) throws
        -> Configuration
    {
        Configuration(
            upstreams: Configuration.named([.test(try mailbox.address)]),
            listeners: listeners.map { name, binds in
                var listener = Listener.test(bind: binds)
                listener.name = name
                return listener
            })
    }

    @Test(arguments: [1, 2])
    func `an added door serves, a removed one stops, a kept one keeps its socket and who waits there`(workers: Int)
        throws
    {
        let mailbox = try TestListener()
        let (kept, removed, added) = (
            Self.bind(lonelyAddress()), Self.bind(lonelyAddress()), Self.bind(lonelyAddress())
        )
        let listeners = [Listener.test(bind: [kept]), .test(bind: [removed])]
        try withEngine(listeners: listeners, upstreams: [.test(mailbox.address)], workers: workers) { edge in
            let old = edge.topology
            let (first, second) = (
                try Pair(edge, mailbox), Pair(client: try edge.connect(1), upstream: try mailbox.accept())
            )
            try first.exchange()
            try second.exchange()

            let socket = try EngineHarness.open(Door.Key(added))
            let newAddress = try #require(socket.address)
            edge.apply(
                try Self.configuration(mailbox, [("renamed", [added, kept])]), opening: [socket])

            let third = Pair(client: try TestSocket.connect(to: newAddress), upstream: try mailbox.accept())
            try third.exchange()
            // On the same port as before: nobody was sent away from there.
            let fourth = try Pair(edge, mailbox)
            try fourth.exchange()
            let address = try edge.address(1)
            try edge.eventually("the removed door to close") { () -> Bool? in
                do {
                    var again = try ListeningSocket(address)
                    again.close()
                    return true
                } catch { return nil }
            }
            #expect(throws: Errno.connectionRefused) { try TestSocket.connect(to: address) }
            // Connections of a door that is gone go on.
            try second.exchange()
            try first.exchange()
            for pair in [first, second, third, fourth] { try pair.finish() }
            let records = try edge.records(4).filter { $0.ending.reason == .closed && $0.outboundBytes > 0 }
            #expect(records.count == 4)
            #expect(Set(records.map(\.listener)) == ["listener0", "listener1", "renamed"])

            let keptDoor = try #require(edge.topology.door(Door.Key(kept)))
            #expect(keptDoor === old.door(Door.Key(kept)))
            #expect(keptDoor.accepted == 2)
            #expect(edge.topology.door(Door.Key(added))?.accepted == 1)
            #expect(edge.topology.door(Door.Key(removed)) == nil)
        }
    }

    @Test func `who waits at a door while the topology changes is served by the new one`() throws {
        let mailbox = try TestListener()
        let kept = Self.bind(lonelyAddress())
        try withEngine(listeners: [.test(bind: [kept])], upstreams: [.test(mailbox.address)]) { edge in
            for round in 0..<20 {
                let client = try edge.connect()
                edge.apply(try Self.configuration(mailbox, [("round\(round)", [kept])]))
                let pair = Pair(client: client, upstream: try mailbox.accept())
                try pair.exchange()
                try pair.finish()
                #expect(try edge.nextRecord().ending.reason == .closed)
            }
            #expect(edge.topology.frontends[0].doors[0].accepted == 20)
        }
    }

    /// A worker by hand, since one that runs takes clients before anybody can tell it of a change.
    private func withWorker(_ body: (inout Worker, Topology) throws -> Void) throws {
        let mailbox = try TestListener()
        let configuration = try Self.configuration(mailbox, [("smtp", [Self.bind(lonelyAddress())])])
        let topology = Topology(configuration, addresses: { _ in [] })
        let ring = RecordRing(reader: try Waker())
        var worker = Worker(
            Worker.Parts(
                number: 0, workers: 1, topology: topology, rules: AccessRules(), inbox: try WorkerInbox(), ring: ring,
                idle: try Waker(),
                idSeed: 0, epoll: try Epoll.create()))
        try body(&worker, topology)
        // Begins and ends at once.
        worker.isStopping = true
        worker.run()
        while let record = ring.pop() {
            #expect(RecordLine(record).listener.name == "smtp")
            record.release()
        }
    }

    @Test func `who waits at a door that goes is taken and served by the topology of before, then it is let go`() throws
    {
        try withWorker { worker, topology in
            let socket = try EngineHarness.open(topology.frontends[0].doors[0].key)
            worker.changeDoors([socket])
            let address = try #require(socket.address)
            let clients = try (0..<100).map { _ in try TestSocket.connect(to: address) }
            worker.leaveDoors(without: Topology(Configuration(), addresses: { _ in nil }), [])
            let (taken, left) = (worker.sessions.count, worker.accepting.count { $0 != nil })
            #expect(taken == clients.count)
            #expect(left == 0)
        }
    }

    @Test func `a door that has another socket is served at that one, and who waits at the old one too`() throws {
        try withWorker { worker, topology in
            let key = topology.frontends[0].doors[0].key
            let (old, new) = (try EngineHarness.open(key), try EngineHarness.open(key))
            worker.changeDoors([old])
            let client = try TestSocket.connect(to: try #require(old.address))
            // Handed over once more, it stays.
            worker.leaveDoors(without: topology, [old])
            worker.changeDoors([old])
            #expect(worker.accepting.map { $0?.socket === old } == [true])
            worker.leaveDoors(without: topology, [new])
            worker.changeDoors([new])
            #expect(worker.accepting.map { $0?.socket === new } == [true])
            let taken = worker.sessions.count
            #expect(taken == 1)
            client.close()
        }
    }

    @Test func `a door counts what ended and what was moved`() throws {
        let mailbox = try TestListener()
        let closing = Listener.test(routes: [Route(to: .close)])
        try withEngine(listeners: [.test(), closing], upstreams: [.test(mailbox.address)]) { edge in
            let doors = edge.topology.frontends.map { $0.doors[0] }
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            #expect(doors[0].open == 1)
            try pair.finish()
            let record = try edge.nextRecord()
            #expect(try edge.connect(1).receiveToEnd().bytes.isEmpty)
            _ = try edge.nextRecord()
            #expect(doors.map(\.open) == [0, 0])
            #expect(doors[0].endings(.closed) == 1)
            #expect(doors[1].endings(.routeClose) == 1)
            #expect(doors[0].inboundBytes == record.inboundBytes)
            #expect(doors[0].outboundBytes == record.outboundBytes)
        }
    }

    @Test func `a limit counts who came before the topology changed`() throws {
        let mailbox = try TestListener()
        let kept = Self.bind(lonelyAddress())
        try withEngine(listeners: [.test(bind: [kept])], upstreams: [.test(mailbox.address)]) { edge in
            let first = try Pair(edge, mailbox)
            var configuration = try Self.configuration(mailbox, [("listener0", [kept])])
            configuration.listeners[0].maxConnections = 1
            edge.apply(configuration)
            try first.exchange()
            #expect(try edge.connect().receiveToEnd().bytes.isEmpty)
            #expect(try edge.nextRecord().ending == Ending(.edge, .listenerLimit))
            try first.finish()
            _ = try edge.nextRecord()
        }
    }

    @Test func `connections to a place end when it becomes unhealthy, whatever topology they came under`() throws {
        let mailbox = try TestListener()
        let kept = Self.bind(lonelyAddress())
        try withEngine(listeners: [.test(bind: [kept])], upstreams: [.test(mailbox.address)]) { edge in
            let first = try Pair(edge, mailbox)
            try first.exchange()
            edge.apply(try Self.configuration(mailbox, [("other", [kept])]))
            try first.exchange()
            let second = try Pair(edge, mailbox)
            try second.exchange()
            edge.engine.close([try edge.place()])
            #expect(try edge.records(2).allSatisfy { $0.ending == Ending(.upstream, .upstreamUnhealthy) })
            for pair in [first, second] { #expect(try pair.client.receiveToEnd().bytes.isEmpty) }
        }
    }
}
