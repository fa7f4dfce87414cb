import TailwartCore
import TailwartSystem
import TailwartTesting
import Testing

@testable import TailwartEngine

struct SessionTableTests {
    @Test func `a token dies with its session, though the slot is used again`() throws {
        let topology = Self.topology
        var table = SessionTable()
        var dead: [SessionToken] = []
        for _ in 0..<10 {
            let index = table.insert(Self.session(topology))
            #expect(index == 0)
            let token = SessionToken(index: index, generation: table.generation(of: index), isUpstream: false)
            #expect(table.find(token) != nil)
            #expect(dead.allSatisfy { table.find($0) == nil })
            table.remove(index)
            dead.append(token)
            #expect(dead.allSatisfy { table.find($0) == nil })
        }
    }

    @Test func `sessions do not move when others come and go`() throws {
        let topology = Self.topology
        var table = SessionTable()
        let first = table.insert(Self.session(topology))
        let place = table.live(at: first)
        let others = (0..<1000).map { _ in table.insert(Self.session(topology)) }
        #expect(Set(others + [first]).count == 1001)
        #expect(table.count == 1001)
        for index in others { table.remove(index) }
        #expect(table.live(at: first) == place)
        #expect(others.allSatisfy { table.live(at: $0) == nil })
        #expect(table.count == 1)
        table.remove(first)
    }

    @Test(
        arguments: [(0, 0, false), (1, 1, true), (.max, SessionToken.generationMask, true)] as [(UInt32, UInt32, Bool)])
    func `a token keeps what it is made of`(index: UInt32, generation: UInt32, isUpstream: Bool) {
        let token = SessionToken(index: index, generation: generation, isUpstream: isUpstream)
        #expect(token.index == index)
        #expect(token.generation == generation)
        #expect(token.isUpstream == isUpstream)
        #expect(token.rawValue & (Worker.listenerToken | Worker.mailboxToken) == 0)
    }

    @Test func `a token of a slot that never was finds nothing`() {
        let table = SessionTable()
        #expect(table.find(SessionToken(index: 5, generation: 0, isUpstream: false)) == nil)
    }

    private static var topology: Topology {
        Topology(Configuration(listeners: [.test()]), addresses: { _ in [] })
    }

    private static func session(_ topology: Topology) -> Session {
        let frontend = topology.frontends[0]
        return Session(
            client: Descriptor(), address: nil, topology: .passUnretained(topology), frontend: frontend,
            door: frontend.doors[0], id: 0, now: 0)
    }
}
