import TailwartCore
import TailwartSystem
import TailwartWire
import Testing

@testable import TailwartEngine

@Suite struct SessionTableTests {
    @Test func `a token dies with its session, though the slot is used again`() {
        let topology = Topology.empty
        var table = SessionTable()
        var dead: [LegToken] = []
        for _ in 0..<10 {
            let session = table.insert(.test(topology), client: Descriptor())
            #expect(session.pointee.index == 0)
            let token = LegReference(session, .client).token
            #expect(table.find(token)?.session == session)
            table.remove(0)
            dead.append(token)
            #expect(dead.allSatisfy { table.find($0) == nil })
        }
    }

    @Test func `a token of an upstream leg dies with the leg, though the session lives on`() {
        let topology = Topology.empty
        var table = SessionTable()
        let session = table.insert(.test(topology), client: Descriptor())
        let client = LegReference(session, .client).token
        var dead = [LegReference(session, .upstream).token]
        for _ in 0..<10 {
            session.pointee.upstream = Leg(Descriptor(), generation: table.nextGeneration())
            let token = LegReference(session, .upstream).token
            #expect(table.find(token)?.side == .upstream)
            #expect(dead.allSatisfy { table.find($0) == nil })
            dead.append(token)
        }
        #expect(table.find(client)?.side == .client)
        table.remove(0)
    }

    @Test func `sessions do not move when others come and go`() {
        let topology = Topology.empty
        var table = SessionTable()
        let first = table.insert(.test(topology), client: Descriptor())
        let others = (0..<1000).map { _ in table.insert(.test(topology), client: Descriptor()).pointee.index }
        #expect(Set(others + [first.pointee.index]).count == 1001)
        #expect(table.count == 1001)
        for index in others { table.remove(index) }
        #expect(table.live(at: first.pointee.index) == first)
        #expect(others.allSatisfy { table.live(at: $0) == nil })
        #expect(table.count == 1)
        table.remove(first.pointee.index)
    }

    @Test func `what a storm took is given back but for some chunks, and who lives on stays where it is`() {
        let topology = Topology.empty
        var table = SessionTable()
        let storm = 100 * SessionTable.chunkSize
        for _ in 0..<storm { _ = table.insert(.test(topology), client: Descriptor()) }
        #expect(table.heldChunks == 100)
        // One of the middle and the last one live on.
        let stayers = [UInt32(storm / 2), UInt32(storm - 1)]
        let sessions = stayers.map { table.live(at: $0) }
        for index in 0..<UInt32(storm) where !stayers.contains(index) { table.remove(index) }
        #expect(table.heldChunks == SessionTable.keptChunks + stayers.count)
        #expect(stayers.map { table.live(at: $0) } == sessions && !sessions.contains(nil))
        #expect(table.live(at: 0) == nil && table.live(at: UInt32(storm / 2 + 1)) == nil)

        // The next wave begins below, and takes what it needs.
        let wave = (0..<storm - stayers.count).map { _ in
            table.insert(.test(topology), client: Descriptor()).pointee.index
        }
        #expect(wave.first == 0 && Set(wave).union(stayers).count == storm)
        #expect(table.heldChunks == 100 && table.count == storm)
        for index in wave + stayers { table.remove(index) }
        #expect(table.heldChunks == SessionTable.keptChunks && table.count == 0)
    }

    @Test(arguments: [(0, 1, false), (1, 2, true), (.max, LegToken.generationMask, true)] as [(UInt32, UInt32, Bool)])
    func `a token keeps what it is made of`(index: UInt32, generation: UInt32, isUpstream: Bool) {
        let token = LegToken(index: index, generation: generation, isUpstream: isUpstream)
        #expect(token.index == index)
        #expect(token.isUpstream == isUpstream)
        #expect(token != LegToken(index: index, generation: generation - 1, isUpstream: isUpstream))
        let others = Worker.listenerToken | Worker.inboxToken | Worker.warmToken
        #expect(token.rawValue & others == 0)
    }

    @Test func `a token of a slot that never was finds nothing`() {
        let table = SessionTable()
        #expect(table.find(LegToken(index: 5, generation: 1, isUpstream: false)) == nil)
    }
}

extension Topology {
    /// One listener that closes.
    fileprivate static var empty: Topology {
        let listener = Listener(name: "door", bind: [.any(port: 25)], proto: .smtp, routes: [Route(to: .close)])
        return Topology(Configuration(listeners: [listener]), addresses: { _ in [] })
    }
}

extension Connection {
    /// Accepted under a topology that outlives it.
    fileprivate static func test(_ topology: Topology) -> Connection {
        let frontend = topology.frontends[0]
        let record = Record(
            taking: .passUnretained(topology), id: 0, acceptedAt: 0, frontend: .passUnretained(frontend))
        return Connection(record, door: frontend.doors[0], port: 25, destination: nil, now: 0)
    }
}
