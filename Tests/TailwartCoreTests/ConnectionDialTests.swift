import TailwartCore
import TailwartWire
import Testing

/// Where dialling goes when the upstream keeps warm sockets; whole lives are in ``ConnectionSimulationTests``.
@Suite struct ConnectionDialTests {
    private let topology = Topology(
        Configuration(
            upstreams: [
                Upstream(
                    name: "mailbox", endpoints: [Endpoint(.name("one")), Endpoint(.name("two"))],
                    proxyProtocol: ProxyProtocolOut(.v2), warm: 2)
            ],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ]), addresses: { $0 == "one" ? [.v4(0xc000_0201)] : [.v4(0xc000_0202)] })

    private func connection() -> Connection {
        let frontend = topology.frontends[0]
        let record = Record(
            taking: .passUnretained(topology), id: 1, acceptedAt: 0, frontend: .passUnretained(frontend))
        return Connection(record, door: frontend.doors[0], port: 25, destination: nil, now: 1)
    }

    @Test func `a trial at a place that is unhealthy is dialled, though no warm socket waits there`() {
        for approach in topology.approaches { approach.place.setUnhealthy(true) }
        var around = Surroundings(now: 1)
        var connection = connection()
        guard case .takeWarm = connection.begin(&around) else {
            Issue.record("no warm socket is asked for")
            return
        }
        let action = connection.warmTaken(nil, &around)
        guard case .connect(let dialled, _) = action else {
            Issue.record("the trial is lost: \(action)")
            return
        }
        #expect(dialled == .internet(InternetAddress(.v4(0xc000_0201), port: 25)))
        _ = connection.stop(&around)
    }

    @Test func `where one place fails, the next is asked for its warm sockets before it is dialled`() {
        var around = Surroundings(now: 1)
        var connection = connection()
        guard case .takeWarm = connection.begin(&around), case .connect = connection.warmTaken(nil, &around) else {
            Issue.record("no warm socket is asked for")
            return
        }
        guard case .takeWarm(let place?) = connection.connectAnswered(.failed(.refused), &around) else {
            Issue.record("the next place's warm sockets are passed over")
            return
        }
        #expect(place.takeUnretainedValue().key.endpoint == "two")
        guard case .connect = connection.warmTaken(nil, &around) else {
            Issue.record("the next place is not dialled")
            return
        }
        _ = connection.stop(&around)
    }
}
