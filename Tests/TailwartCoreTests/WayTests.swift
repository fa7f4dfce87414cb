import TailwartCore
import TailwartWire
import Testing

struct WayTests {
    private static let name = Endpoint(.name("mail.example.net"))

    @Test(
        arguments: [
            (25, 2525, 587, 25), (nil, 2525, 587, 2525), (nil, nil, 587, 587), (nil, nil, nil, nil), (25, nil, nil, 25),
        ] as [(UInt16?, UInt16?, UInt16?, UInt16?)])
    func `the route's port stands before the endpoint's, and that before the client's`(
        route: UInt16?, own: UInt16?, client: UInt16?, dialled: UInt16?
    ) {
        var endpoint = Self.name
        endpoint.port = own
        #expect(endpoint.dialledPort(route: route, client: client) == dialled)
    }

    @Test func `a Unix socket has no port, whoever names one`() {
        #expect(Endpoint(.unix(path: "/x")).dialledPort(route: 25, client: 25) == nil)
    }

    @Test(
        arguments: [
            (Endpoint(.name("a.example")), "a.example"), (Endpoint(.name("a.example"), port: 25), "a.example:25"),
            (Endpoint(.address(.loopbackV4), port: 25), "127.0.0.1:25"), (Endpoint(.address(.loopbackV6)), "::1"),
            (Endpoint(.address(.loopbackV6), port: 25), "[::1]:25"), (Endpoint(.unix(path: "/x")), "unix:/x"),
        ])
    func `an endpoint is written as the file has it`(endpoint: Endpoint, text: String) {
        #expect(endpoint.text == text)
    }

    private static let configuration = Configuration(
        upstreams: [
            Upstream(
                name: "mailbox",
                endpoints: [name, Endpoint(.name("b"), port: 2525), Endpoint(.unix(path: "/x"))],
                proxyProtocol: ProxyProtocolOut(.v2))
        ],
        listeners: [
            Listener(
                name: "mail", bind: [.any(port: 25), .any(port: 587)], proto: .smtp,
                routes: [
                    Route(to: .upstream("mailbox", port: nil)), Route(to: .close),
                    Route(to: .upstream("gone", port: nil)),
                ]),
            Listener(
                name: "late", bind: [.any(port: 465)], proto: .submissions,
                routes: [Route(to: .upstream("mailbox", port: 25), proxyProtocol: ProxyProtocolOut(.v1))]),
        ])

    @Test func `there is a way for each route, endpoint and port, and none over a route that leads nowhere`() {
        let ways = Self.configuration.ways.map { way in
            "\(way.listener.name) \(way.endpoint.text) \(way.port.map { "\($0)" } ?? "-") \(way.proxyProtocol.version)"
        }
        #expect(
            ways == [
                "mail mail.example.net 25 v2", "mail b:2525 2525 v2", "mail unix:/x - v2",
                "mail mail.example.net 587 v2", "late mail.example.net 25 v1", "late b:2525 25 v1", "late unix:/x - v1",
            ])
    }

    @Test func `a place has all ways that lead there, wherever they begin`() {
        let places = Self.configuration.placesWithWays
        #expect(
            places.map { "\($0.place.endpoint) \($0.place.port)" } == [
                "mail.example.net 25", "b:2525 2525", "unix:/x 0", "mail.example.net 587", "b:2525 25",
            ])
        #expect(places[0].ways.map(\.listener.name) == ["mail", "late"])
        #expect(places[3].ways.map(\.listener.name) == ["mail"])
    }
}
