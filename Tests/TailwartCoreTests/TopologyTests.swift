import TailwartCore
import TailwartWire
import Testing

/// What a topology leads to, and what it keeps of the one before.
struct TopologyTests {
    private static let first = Endpoint(.name("a.example"))
    private static let second = Endpoint(.name("b.example"), port: 2525)
    private static let socket = Endpoint(.unix(path: "/x"))

    private static func upstream(_ name: String = "mailbox", _ endpoints: Endpoint...) -> Upstream {
        Upstream(name: name, endpoints: endpoints)
    }

    private static func listener(
        _ name: String = "smtp", _ ports: [UInt16] = [25], to upstreams: String..., port: UInt16? = nil
    ) -> Listener {
        Listener(
            name: name, bind: ports.map { .any(port: $0) }, proto: .smtp,
            routes: upstreams.map { Route(to: .upstream($0, port: port)) })
    }

    private static func topology(
        _ upstreams: [Upstream], _ listeners: [Listener], carrying old: Topology? = nil
    ) -> Topology {
        Topology(
            Configuration(upstreams: upstreams, listeners: listeners), addresses: { _ in [.loopbackV4] }, carrying: old)
    }

    private static func key(_ endpoint: Endpoint = first, _ port: UInt16 = 25, of upstream: String = "mailbox")
        -> Place.Key
    {
        Place.Key(upstream: upstream, endpoint: endpoint.text, port: port)
    }

    @Test func `what is known of an address outlives a new answer of the resolver, and no answer without it`() {
        func topology(_ addresses: [IPAddress], carrying old: Topology? = nil) -> Topology {
            Topology(
                Configuration(
                    upstreams: [Self.upstream("mailbox", Self.first)], listeners: [Self.listener(to: "mailbox")]),
                addresses: { _ in addresses }, carrying: old)
        }
        let (a, b, c) = (IPAddress.v4(0xc000_0201), IPAddress.v4(0xc000_0202), IPAddress.v4(0xc000_0203))
        let one = topology([a, b])
        one.addresses(of: Self.key())[1].distrusts(now: 1)
        let two = topology([c, b], carrying: one)
        #expect(two.addresses(of: Self.key()).map(\.distrustsHeader) == [false, true])
        let three = topology([c], carrying: two)
        let four = topology([a, b], carrying: three)
        #expect(four.addresses(of: Self.key()).map(\.distrustsHeader) == [false, false])
        #expect(topology((1...40).map { .v4($0) }).addresses(of: Self.key()).count == PlaceAddress.maximumCount)
    }

    // MARK: - one topology

    @Test func `a place is an endpoint on the port that is dialled, once`() {
        let topology = Self.topology(
            [Self.upstream("mailbox", Self.first, Self.second, Self.socket)],
            [Self.listener("a", [25, 587], to: "mailbox"), Self.listener("b", [465], to: "mailbox", port: 25)])
        #expect(
            topology.approaches.map(\.place.key) == [
                Self.key(Self.first), Self.key(Self.second, 2525), Self.key(Self.socket, 0), Self.key(Self.first, 587),
                Self.key(Self.second),
            ])
        #expect(topology.place(Self.key(Self.first, 587)) === topology.approaches[3].place)
        #expect(topology.place(Self.key(Self.first, 4711)) == nil)
    }

    @Test func `a route leads where the port says that the client came to, and by the first where it is none of them`()
        throws
    {
        let topology = Self.topology(
            [Self.upstream("mailbox", Self.first)], [Self.listener("smtp", [25, 587], to: "mailbox")])
        let ports = [25, 587, 4711].map {
            topology.frontends[0].passage(route: 0, port: $0)?.places.map(\.key.port)
        }
        #expect(ports == [[25], [587], [25]])
    }

    @Test func `an approach knows the headers of all routes that lead to its place`() {
        var listeners = [Self.listener("a", [25], to: "mailbox", "mailbox"), Self.listener("b", [26], to: "mailbox")]
        listeners[0].routes[0].proxyProtocol = ProxyProtocolOut(.v2)
        listeners[0].routes[1].proxyProtocol = ProxyProtocolOut(.v1)
        let topology = Self.topology([Self.upstream("mailbox", Self.first)], listeners)
        #expect(topology.approaches.map(\.headers) == [[.v1, .v2], [.none]])
    }

    @Test func `an endpoint gets the header of the route, else its own, else its upstream's`() throws {
        var upstream = Self.upstream("mailbox", Self.first, Self.second)
        upstream.proxyProtocol = ProxyProtocolOut(.v2)
        upstream.endpoints[1].proxyProtocol = ProxyProtocolOut(.none)
        var listener = Self.listener("a", [25], to: "mailbox", "mailbox")
        listener.routes[1].proxyProtocol = ProxyProtocolOut(.v1)
        let frontend = try #require(Self.topology([upstream], [listener]).frontends.first)
        let headers = [0, 1].map { frontend.passage(route: $0, port: 25)?.headers.map(\.version) }
        #expect(headers == [[.v2, .none], [.v1, .v1]])
        let approaches = Self.topology([upstream], [Self.listener(to: "mailbox")]).approaches
        #expect(approaches.map(\.headers) == [[.v2], [.none]])
    }

    @Test func `a route needs the hello if any of its endpoints wants a field of it`() {
        var upstream = Self.upstream("mailbox", Self.first, Self.second)
        let without = Self.topology([upstream], [Self.listener(to: "mailbox")])
        upstream.endpoints[1].proxyProtocol = ProxyProtocolOut(.v2, tlvs: [.authority])
        let with = Self.topology([upstream], [Self.listener(to: "mailbox")])
        #expect([without, with].map { $0.frontends[0].listener.routes[0].needsHello } == [false, true])
    }

    @Test func `a passage is wholly unhealthy when all its places are`() throws {
        let topology = Self.topology(
            [Self.upstream("mailbox", Self.first, Self.second, Self.socket)], [Self.listener(to: "mailbox")])
        let passage = try #require(topology.frontends[0].passage(route: 0, port: 25))
        for place in passage.places {
            #expect(!passage.isWhollyUnhealthy)
            place.setUnhealthy(true)
        }
        #expect(passage.isWhollyUnhealthy)
    }

    @Test func `more routes than a small number can count are served all the same`() throws {
        let count = 40_000
        var listener = Self.listener(to: "mailbox")
        listener.routes = [Route](repeating: Route(to: .close), count: count) + listener.routes
        let topology = Self.topology([Self.upstream("mailbox", Self.first)], [listener])
        #expect(topology.frontends[0].passage(route: count - 1, port: 25) == nil)
        #expect(topology.frontends[0].passage(route: count, port: 25)?.backend.name == "mailbox")
    }

    @Test func `a port that the kernel chooses is a door each time that it is written`() {
        let topology = Self.topology([], [Self.listener("a", [0, 0]), Self.listener("b", [0])])
        let doors = topology.frontends.flatMap(\.doors)
        #expect(Set(doors.map(\.key)).count == 3)
        #expect(topology.frontend(of: Door.Key(.any(port: 0), ordinal: 2)) === topology.frontends[1])
    }

    // MARK: - addresses

    private static let elsewhere = IPAddress.v4(0xc000_0201)

    @Test func `an address at which the edge itself listens is left out, on that port only`() throws {
        let upstream = Self.upstream("mailbox", Self.first, Self.second, Endpoint(.address(.anyV4)))
        let configuration = Configuration(
            upstreams: [upstream],
            listeners: [
                Self.listener("a", [25, 587], to: "mailbox"), Self.listener("b", [26], to: "mailbox", port: 10025),
            ])
        let topology = Topology(
            configuration, addresses: { _ in [.loopbackV4, Self.elsewhere] },
            own: OwnDoors(configuration.listeners.flatMap(\.bind), host: []))
        func dialled(_ frontend: Int, _ port: UInt16) -> [[IPAddress?]]? {
            topology.frontends[frontend].passage(route: 0, port: port)?.addresses.map { addresses in
                addresses.map { $0.dialled(doorPort: port).internet?.ip }
            }
        }
        let both = [IPAddress.loopbackV4, Self.elsewhere]
        for port in [25, 587] as [UInt16] { #expect(dialled(0, port) == [[Self.elsewhere], both, []]) }
        #expect(dialled(1, 26) == [both, both, [.anyV4]])
        let (first, second, any) = (Self.first.text, Self.second.text, "0.0.0.0")
        #expect(
            topology.approaches.map { "\($0.place.key.endpoint) \($0.place.key.port) \($0.leftOut)" } == [
                "\(first) 25 [127.0.0.1]", "\(second) 2525 []", "\(any) 25 [0.0.0.0]", "\(first) 587 [127.0.0.1]",
                "\(any) 587 [0.0.0.0]", "\(first) 10025 []", "\(second) 10025 []", "\(any) 10025 []",
            ])
    }

    @Test(arguments: [Upstream.Via.socks5(InternetAddress(.loopbackV4, port: 1055)), .tailscale])
    func `what somebody else dials is his`(via: Upstream.Via) {
        let upstream = Upstream(name: "mailbox", endpoints: [Endpoint(.address(.loopbackV4))], via: via)
        let topology = Topology(
            Configuration(upstreams: [upstream], listeners: [Self.listener(to: "mailbox")]), addresses: { _ in [] },
            own: OwnDoors([.any(port: 25)], host: []))
        #expect(topology.approaches.map(\.leftOut) == [[]])
    }

    @Test func `a name that nobody has answered for is told from one without an address`() {
        let upstream = Self.upstream("mailbox", Self.first, Self.second, Self.socket)
        func awaited(_ addresses: (String) -> [IPAddress]?) -> [Bool] {
            Topology(
                Configuration(upstreams: [upstream], listeners: [Self.listener(to: "mailbox")]), addresses: addresses
            ).frontends[0].passage(route: 0, port: 25)?.backend.endpoints.map(\.isAwaited) ?? []
        }
        #expect(awaited { _ in nil } == [true, true, false])
        #expect(awaited { $0 == "a.example" ? [] : nil } == [false, true, false])
        #expect(awaited { _ in [.loopbackV4] } == [false, false, false])
    }

    @Test func `a frontend waits for the first answer where a route would have nobody to dial for want of it`() {
        func isAwaited(_ endpoints: [Endpoint], _ addresses: (String) -> [IPAddress]?) -> Bool {
            Topology(
                Configuration(
                    upstreams: [Upstream(name: "mailbox", endpoints: endpoints)],
                    listeners: [Self.listener(to: "mailbox")]),
                addresses: addresses
            ).frontends[0].isAwaited
        }
        #expect(isAwaited([Self.first]) { _ in nil })
        #expect(isAwaited([Self.first, Self.second]) { $0 == "a.example" ? [] : nil })
        #expect(!isAwaited([Self.first, Self.second]) { $0 == "a.example" ? [.loopbackV4] : nil })
        #expect(!isAwaited([Self.first, Self.socket]) { _ in nil })
        #expect(!isAwaited([Self.first]) { _ in [] })
    }

    // MARK: - one after the other

    /// Two listeners and two upstreams with something to remember in each object.
    private static func used() throws -> Topology {
        let topology = topology(
            [upstream("mailbox", first, second), upstream("web", first)],
            [listener("smtp", [25, 587], to: "mailbox"), listener("https", [443], to: "web")])
        for (number, approach) in topology.approaches.enumerated() {
            approach.place.setUnhealthy(true, trialsAreCostly: true)
            approach.place.changeLoad(by: number + 1)
            approach.place.failed()
            #expect(approach.place.mayTry(now: 1))
        }
        for frontend in topology.frontends {
            for door in frontend.doors { door.accept() }
            _ = frontend.headcount.enter(limit: nil)
        }
        _ = topology.headcount.enter(limit: nil)
        for backend in topology.backends { _ = backend.turn.take() }
        return topology
    }

    private struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let upstreams: [Upstream]
        let listeners: [Listener]
    }

    private static let changes = [
        Change(
            testDescription: "nothing", upstreams: [upstream("mailbox", first, second), upstream("web", first)],
            listeners: [listener("smtp", [25, 587], to: "mailbox"), listener("https", [443], to: "web")]),
        Change(
            testDescription: "added",
            upstreams: [
                upstream("new", socket), upstream("mailbox", socket, first, second), upstream("web", first, second),
            ],
            listeners: [
                listener("imap", [143, 993], to: "new"), listener("smtp", [465, 25, 587], to: "new", "mailbox"),
                listener("https", [443], to: "web"),
            ]),
        Change(
            testDescription: "removed", upstreams: [upstream("mailbox", second)],
            listeners: [listener("smtp", [587], to: "mailbox")]),
        Change(
            testDescription: "upstream renamed", upstreams: [upstream("mail", first, second), upstream("web", first)],
            listeners: [listener("smtp", [25, 587], to: "mail"), listener("https", [443], to: "web")]),
        Change(
            testDescription: "listener renamed",
            upstreams: [upstream("mailbox", first, second), upstream("web", first)],
            listeners: [listener("mx", [25, 587], to: "mailbox"), listener("https", [443], to: "web")]),
        Change(
            testDescription: "reordered", upstreams: [upstream("web", first), upstream("mailbox", second, first)],
            listeners: [listener("https", [443], to: "web"), listener("smtp", [587, 25], to: "mailbox")]),
        Change(
            testDescription: "listened on other ports",
            upstreams: [upstream("mailbox", first, second), upstream("web", first)],
            listeners: [listener("smtp", [2525, 587], to: "mailbox"), listener("https", [8443], to: "web")]),
        Change(
            testDescription: "dialled on other ports",
            upstreams: [upstream("mailbox", first, Endpoint(.name("b.example"), port: 26)), upstream("web", first)],
            listeners: [
                listener("smtp", [25, 587], to: "mailbox", port: 2525), listener("https", [443], to: "web"),
            ]),
        Change(
            testDescription: "a door to another listener",
            upstreams: [upstream("mailbox", first, second), upstream("web", first)],
            listeners: [listener("smtp", [587], to: "mailbox"), listener("https", [443, 25], to: "web")]),
    ]

    @Test(arguments: changes)
    private func `what has the same key is the same object, and what is new knows nothing`(change: Change) throws {
        let old = try Self.used()
        let new = Self.topology(change.upstreams, change.listeners, carrying: old)
        #expect(new.headcount === old.headcount)
        for approach in new.approaches {
            let place = approach.place
            if let before = old.place(place.key) {
                #expect(place === before)
                #expect(place.isUnhealthy && place.load > 0)
                #expect(!place.mayTry(now: 2 + Place.trialInterval), "a trial was forgotten")
            } else {
                #expect(!place.isUnhealthy && place.load == 0 && place.takeTraffic() == (0, 0))
                #expect(place.mayTry(now: 2))
            }
        }
        for frontend in new.frontends {
            for door in frontend.doors {
                #expect(door.accepted == (old.door(door.key) == nil ? 0 : 1))
                #expect(old.door(door.key).map { $0 === door } ?? true)
                #expect(new.frontend(of: door.key) === frontend)
            }
            let before = old.frontends.first { $0.listener.name == frontend.listener.name }
            #expect(frontend.headcount.live == (before == nil ? 0 : 1))
            #expect(before.map { $0.headcount === frontend.headcount } ?? true)
        }
        for backend in new.backends {
            let before = old.backends.first { $0.name == backend.name }
            #expect(before.map { $0.turn === backend.turn } ?? true)
            #expect(backend.turn.take() == (before == nil ? 0 : 1))
        }
    }

    @Test func `two generations at once count in the same objects`() throws {
        let old = try Self.used()
        let new = Self.topology(
            [Self.upstream("mailbox", Self.second, Self.first)], [Self.listener("smtp", [587, 25], to: "mailbox")],
            carrying: old)
        let passages = try [old, new].map { try #require($0.frontends[0].passage(route: 0, port: 25)) }
        let places = [passages[0].places[0], passages[1].places[1]]
        places[0].setUnhealthy(false)
        #expect(!places[1].isUnhealthy)
        places[1].changeLoad(by: 5)
        #expect(places[0].load == 6)
        // Of the limit of 2, one is taken by who came under the old topology.
        #expect(new.frontends[0].headcount.enter(limit: 2))
        #expect(!new.frontends[0].headcount.enter(limit: 2))
        old.frontends[0].headcount.leave()
        old.frontends[0].headcount.leave()
        #expect(new.frontends[0].headcount.live == 1)
    }

    @Test func `a key that comes back after a topology without it begins anew, though the older one is still alive`()
        throws
    {
        let old = try Self.used()
        let upstreams = [Self.upstream("mailbox", Self.first, Self.second), Self.upstream("web", Self.first)]
        let without = Self.topology(upstreams, [Self.listener("https", [443], to: "web")], carrying: old)
        #expect(without.place(Self.key()) == nil)
        let back = Self.topology(
            upstreams, [Self.listener("smtp", [25], to: "mailbox"), Self.listener("https", [443], to: "web")],
            carrying: without)
        let place = try #require(back.place(Self.key()))
        #expect(place !== old.place(Self.key()))
        #expect(!place.isUnhealthy && place.load == 0)
        #expect(back.frontends[0].headcount.live == 0)
        #expect(back.frontends[0].doors[0].accepted == 0)
        // The listener on 443 was there all the time.
        #expect(back.frontends[1].headcount === old.frontends[1].headcount)
    }

    @Test func `names that resolve to other addresses change nothing that is counted`() throws {
        let configuration = Configuration(
            upstreams: [Self.upstream("mailbox", Self.first)], listeners: [Self.listener(to: "mailbox")])
        let old = Topology(configuration, addresses: { _ in [] })
        let new = Topology(configuration, addresses: { _ in [.loopbackV6] }, carrying: old)
        #expect(old.backends[0].endpoints[0].location == .addresses([]))
        #expect(new.backends[0].endpoints[0].location == .addresses([.loopbackV6]))
        #expect(new.approaches[0].place === old.approaches[0].place)
        #expect(new.frontends[0].doors[0] === old.frontends[0].doors[0])
    }
}

/// What the objects of a topology count.
struct TopologyCountTests {
    private let place = Place(
        Place.Key(upstream: "mailbox", endpoint: "a", port: 25),
        closedIn: ClientTable(capacity: 8, seed: (1, 2)))

    @Test func `ten clients in a row who say something and hand over no mail are a suspicion`() {
        let topology = Topology(
            Configuration(listeners: [
                Listener(name: "smtp", bind: [.any(port: 25)], proto: .smtp, routes: [Route(to: .close)])
            ]), addresses: { _ in [] })
        func client(_ inbound: UInt64, outbound: UInt64 = 100, spokeNoSMTP: Bool = false) {
            var record = Record(retaining: topology, id: 1, acceptedAt: 0, frontend: topology.frontends[0])
            (record.inboundBytes, record.outboundBytes, record.spokeNoSMTP) = (inbound, outbound, spokeNoSMTP)
            place.noteClient(record)
            record.release()
        }
        for _ in 1...9 { client(2000) }
        #expect(!place.getsNoMail)
        // Who says nothing, hears nothing, or is no mail server, says nothing of the mailbox.
        for _ in 1...3 {
            client(0)
            client(2000, outbound: 0)
            client(2000, spokeNoSMTP: true)
        }
        #expect(!place.getsNoMail)
        client(2000)
        #expect(place.getsNoMail)
        client(30_000)
        #expect(!place.getsNoMail)
        for number in 1...10 {
            client(2000)
            #expect(place.getsNoMail == (number == 10))
        }
        for _ in 1...1000 { client(2000) }
        #expect(place.getsNoMail)
    }

    @Test func `a trial is given to one asker in each interval, a costly one seldom`() {
        place.setUnhealthy(true)
        let start: UInt64 = 1_000_000
        #expect(place.mayTry(now: start))
        #expect(!place.mayTry(now: start + Place.trialInterval - 1))
        #expect(place.mayTry(now: start + Place.trialInterval))
        // The last trial was at start + trialInterval; what it costs now decides when the next may come.
        place.setUnhealthy(true, trialsAreCostly: true)
        #expect(!place.mayTry(now: start + 3 * Place.trialInterval))
        #expect(place.mayTry(now: start + Place.trialInterval + Place.costlyTrialInterval))
        place.setUnhealthy(true)
        #expect(place.mayTry(now: start + 2 * Place.trialInterval + Place.costlyTrialInterval))
    }

    @Test func `what traffic found out is taken once`() {
        place.succeeded()
        place.failed()
        place.failed()
        #expect(place.takeTraffic() == (successes: 1, failures: 2))
        #expect(place.takeTraffic() == (successes: 0, failures: 0))
    }

    @Test func `a door counts what came, how it ended and how much was moved`() {
        let door = Door(Door.Key(.any(port: 25)))
        for _ in 0..<CloseReason.allCases.count + 2 { door.accept() }
        for reason in CloseReason.allCases { door.end(reason, inbound: 1, outbound: 10) }
        #expect(door.open == 2)
        #expect(CloseReason.allCases.allSatisfy { door.endings($0) == 1 })
        #expect(door.inboundBytes == UInt64(CloseReason.allCases.count))
        #expect(door.outboundBytes == UInt64(CloseReason.allCases.count) * 10)
    }
}
