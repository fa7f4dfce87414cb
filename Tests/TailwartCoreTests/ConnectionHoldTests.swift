import TailwartCore
import TailwartWire
import Testing

/// Who may wait while nothing can be reached; whole lives are in ``ConnectionSimulationTests``.
@Suite struct ConnectionHoldTests {
    private static func topology(
        maxConnections: Int, ofListener: Int? = nil, carrying old: Topology? = nil
    ) -> Topology {
        Topology(
            Configuration(
                maxConnections: maxConnections,
                upstreams: [
                    Upstream(
                        name: "mailbox", endpoints: [Endpoint(.address(.v4(0xc000_0201)))],
                        hold: Defaults.mailboxHold)
                ],
                listeners: [
                    Listener(
                        name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                        routes: [Route(to: .upstream("mailbox", port: nil))], maxConnections: ofListener)
                ]), addresses: { _ in nil }, carrying: old)
    }

    /// A client whose upstream has refused it once.
    private final class Refused {
        var connection: Connection
        let action: Action

        init(_ topology: Topology, _ around: inout Surroundings) {
            let frontend = topology.frontends[0]
            let record = Record(
                taking: .passUnretained(topology), id: 1, acceptedAt: 0, frontend: .passUnretained(frontend))
            connection = Connection(record, door: frontend.doors[0], port: 25, destination: nil, now: around.now)
            _ = connection.begin(&around)
            action = connection.connectAnswered(.failed(.refused), &around)
        }

        var isHeld: Bool {
            if case .hold = action { true } else { false }
        }

        var words: String {
            guard case .tell(let words) = action else { return "" }
            return String(decoding: words, as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            (max: 8, ofListener: nil, held: 2), (max: 8, ofListener: 4, held: 1), (max: 100, ofListener: 12, held: 3),
            // Never none, or a small limit would turn holding off.
            (max: 2, ofListener: nil, held: 1), (max: 100, ofListener: 2, held: 1),
        ] as [(max: Int, ofListener: Int?, held: Int)])
    func `a quarter of the connections may wait, over all workers, and who finds no room is told at once`(
        _ limits: (max: Int, ofListener: Int?, held: Int)
    ) {
        let topology = Self.topology(maxConnections: limits.max, ofListener: limits.ofListener)
        // Each worker has surroundings of its own.
        var workers = [Surroundings(now: 1), Surroundings(now: 1)]
        var held: [Refused] = []
        for number in 0..<limits.held {
            held.append(Refused(topology, &workers[number % 2]))
            #expect(held[number].isHeld, "client \(number)")
        }
        let next = Refused(topology, &workers[1])
        #expect(next.words.hasPrefix("421 "), "\(next.action)")
        _ = next.connection.stop(&workers[1])
        #expect(topology.headcount.held == limits.held)

        _ = held[0].connection.stop(&workers[0])
        held[0] = Refused(topology, &workers[1])
        #expect(held[0].isHeld, "a room that is free again is not taken")
        for number in held.indices { _ = held[number].connection.stop(&workers[0]) }
        #expect(topology.headcount.held == 0 && topology.frontends[0].headcount.held == 0)
        #expect(topology.headcount.live == 0)
    }

    @Test func `who waits keeps the room in the next rounds, and gives it back when served or turned away`() {
        let topology = Self.topology(maxConnections: 8)
        var around = Surroundings(now: 1)
        let (served, away) = (Refused(topology, &around), Refused(topology, &around))
        around.now += Connection.holdInterval
        for _ in 0..<2 { _ = served.connection.timeIsOver(&around) }
        #expect(topology.headcount.held == 2)
        _ = served.connection.connectAnswered(.connected, &around)
        #expect(topology.headcount.held == 1)
        around.now += Defaults.mailboxHold.microseconds
        _ = away.connection.timeIsOver(&around)
        guard case .tell = away.connection.connectAnswered(.failed(.refused), &around) else {
            Issue.record("the hold has no end")
            return
        }
        #expect(topology.headcount.held == 0)
        for client in [served, away] { _ = client.connection.stop(&around) }
    }

    @Test func `those who wait count after a reload too`() {
        let old = Self.topology(maxConnections: 4)
        var around = Surroundings(now: 1)
        let held = Refused(old, &around)
        let new = Self.topology(maxConnections: 4, carrying: old)
        let next = Refused(new, &around)
        #expect(held.isHeld && !next.isHeld)
        _ = held.connection.stop(&around)
        _ = next.connection.stop(&around)
        #expect(new.headcount.held == 0)
    }
}
