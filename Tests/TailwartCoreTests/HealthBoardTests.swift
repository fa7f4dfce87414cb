import TailwartCore
import TailwartWire
import Testing

@Suite struct HealthBoardTests {
    private static let mailbox = Upstream(
        name: "mailbox",
        endpoints: [
            Endpoint(name: "a", location: .addresses([.loopbackV4])),
            Endpoint(name: "b:2525", location: .addresses([.loopbackV4]), port: 2525),
            Endpoint(name: "unix:/x", location: .unix(path: "/x")),
        ])

    private func listener(_ ports: [UInt16], routePort: UInt16? = nil) -> Listener {
        Listener(
            name: "l", bind: ports.map { .any(port: $0) }, proto: .smtp,
            routes: [Route(target: .upstream(0, port: routePort)), Route(target: .close)])
    }

    @Test func `a place is an endpoint on the port that is dialled, once`() {
        let board = HealthBoard(
            listeners: [listener([25, 587]), listener([465], routePort: 25)], upstreams: [Self.mailbox])
        let places = board.places.map { "\($0.endpoint) \($0.port)" }
        #expect(places == ["0 25", "1 2525", "2 0", "0 587", "1 25"])
        #expect(board.groups.count == 3)
    }

    @Test func `a plan finds the group of the port that the client came to`() {
        let listener = listener([25, 587])
        let snapshot = Snapshot(listeners: [listener], upstreams: [Self.mailbox], maxConnections: 1)
        let plan = snapshot.plans[0]
        #expect(plan.group(route: 0, port: 25) != plan.group(route: 0, port: 587))
        #expect(plan.group(route: 0, port: 4711) == plan.group(route: 0, port: 25))
    }

    @Test func `a trial is given to one asker in each interval, a costly one seldom`() {
        let board = HealthBoard(listeners: [listener([25])], upstreams: [Self.mailbox])
        board.setUnwell(0, true)
        let start: UInt64 = 1_000_000
        #expect(board.mayTry(0, now: start))
        #expect(!board.mayTry(0, now: start + HealthBoard.trialInterval - 1))
        #expect(board.mayTry(0, now: start + HealthBoard.trialInterval))
        // The last trial was at start + trialInterval; what it costs now decides when the next may come.
        board.setUnwell(0, true, trialsAreCostly: true)
        #expect(!board.mayTry(0, now: start + 3 * HealthBoard.trialInterval))
        #expect(board.mayTry(0, now: start + HealthBoard.trialInterval + HealthBoard.costlyTrialInterval))
        board.setUnwell(0, true)
        #expect(board.mayTry(0, now: start + 2 * HealthBoard.trialInterval + HealthBoard.costlyTrialInterval))
    }

    @Test func `a group is unwell when all its places are`() {
        let board = HealthBoard(listeners: [listener([25])], upstreams: [Self.mailbox])
        for place in 0..<3 {
            #expect(!board.isWholeGroupUnwell(0))
            board.setUnwell(place, true)
        }
        #expect(board.isWholeGroupUnwell(0))
    }
}
