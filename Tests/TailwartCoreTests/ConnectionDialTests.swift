import TailwartCore
import TailwartWire
import Testing

/// Where dialling goes when the upstream keeps warm sockets; whole lives are in ``ConnectionSimulationTests``.
@Suite struct ConnectionDialTests {
    private let topology = Self.topology()

    private static func topology(hold: Duration = .zero) -> Topology {
        Topology(
            Configuration(
                upstreams: [
                    Upstream(
                        name: "mailbox", endpoints: [Endpoint(.name("one")), Endpoint(.name("two"))],
                        proxyProtocol: ProxyProtocolOut(.v2), hold: hold, warm: 2)
                ],
                listeners: [
                    Listener(
                        name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                        routes: [Route(to: .upstream("mailbox", port: nil))])
                ]), addresses: { $0 == "one" ? [.v4(0xc000_0201)] : [.v4(0xc000_0202)] })
    }

    private func connection(_ topology: Topology? = nil) -> Connection {
        let topology = topology ?? self.topology
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

    // MARK: - several addresses

    private static let addresses: [IPAddress] = [.v4(0xc000_0201), .v4(0xc000_0202), .v4(0xc000_0203)]
    private let manyAddresses = Topology(
        Configuration(
            upstreams: [Upstream(name: "mailbox", endpoints: [Endpoint(.name("one"))])],
            listeners: [
                Listener(
                    name: "smtp", bind: [.any(port: 25)], proto: .smtp,
                    routes: [Route(to: .upstream("mailbox", port: nil))])
            ]), addresses: { _ in ConnectionDialTests.addresses })

    /// Where an action connects to, by number; nil if it does something else.
    private func dialled(_ action: Action) -> Int? {
        guard case .connect(.internet(let address), _) = action else { return nil }
        return Self.addresses.firstIndex(of: address.ip)
    }

    @Test func `an address that says nothing gets a short turn while there are others, and a long one behind them`() {
        var around = Surroundings(now: 1)
        var connection = connection(manyAddresses)
        var order: [Int?] = [dialled(connection.begin(&around))]
        for _ in 0..<2 {
            around.now += Connection.hurriedLimit
            order.append(dialled(connection.timeIsOver(&around)))
        }
        around.now += Connection.hurriedLimit
        // The third refused: it has had its turn.
        order.append(dialled(connection.connectAnswered(.failed(.refused), &around)))
        #expect(order == [0, 1, 2, 0])
        around.now += Connection.hurriedLimit
        guard case .wait = connection.timeIsOver(&around) else {
            Issue.record("the long turn is as short as the others")
            return
        }
        _ = connection.stop(&around)
    }

    @Test func `the address that was connected to last comes first, one that failed comes last`() {
        var around = Surroundings(now: 1)
        let known = manyAddresses.approaches[0].addresses
        known[0].ended(.failed)
        known[2].ended(.connected)
        var connection = connection(manyAddresses)
        var order = [dialled(connection.begin(&around))]
        for _ in 0..<2 { order.append(dialled(connection.connectAnswered(.failed(.refused), &around))) }
        #expect(order == [2, 1, 0])
        _ = connection.connectAnswered(.connected, &around)
        #expect(known.map(\.outcome) == [.connected, .failed, .failed])
        _ = connection.stop(&around)
    }

    @Test(arguments: [Duration.zero, Defaults.mailboxHold])
    func `where every address distrusts the header nobody is dialled, and the client is told so at once`(hold: Duration)
    {
        let topology = Self.topology(hold: hold)
        for approach in topology.approaches { for address in approach.addresses { address.distrusts(now: 1) } }
        var around = Surroundings(now: 2)
        var connection = connection(topology)
        guard case .tell(let words) = connection.begin(&around) else {
            Issue.record("the client is not told")
            return
        }
        #expect(words.starts(with: Array("421 4.3.2 ".utf8)))
        _ = connection.stop(&around)
        #expect(connection.record.ending == Ending(.upstream, .headerNotTrusted))
    }
}
