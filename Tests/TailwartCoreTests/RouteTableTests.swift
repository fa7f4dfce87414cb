import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite struct RouteTableTests {
    private static func hello(_ name: String?, alpn: [String] = []) -> HelloKnowledge {
        let bytes = ClientHelloBuilder(serverName: name, alpn: alpn).bytes
        guard case .found(let hello) = ClientHello.parse(bytes.span) else { return .none }
        return .hello(HelloNote(hello))
    }

    private static func route(
        sni: [String] = [], alpn: [String] = [], clients: [String] = [], not: [RouteMatch] = []
    ) -> Route {
        Route(
            match: RouteMatch(
                serverNames: sni.compactMap { ServerNamePattern($0) }, alpn: alpn,
                clients: clients.compactMap { Network($0) }, not: not),
            to: .close)
    }

    private let fanOut = RouteTable([
        route(sni: ["mta-sts.example.org", "*.mail.example.org"]),
        route(sni: ["example.org"], clients: ["192.0.2.0/24"]),
        Route(to: .close),
    ])

    @Test(arguments: [
        ("mta-sts.example.org", 0), ("a.mail.example.org", 0), ("a.b.mail.example.org", 2), ("mail.example.org", 2),
        ("example.org", 1), ("www.example.org", 2), (nil, 2),
    ])
    func `a name goes to the first route that has it`(name: String?, route: Int) {
        #expect(fanOut.decide(client: IPAddress("192.0.2.1"), hello: Self.hello(name)) == .route(route))
    }

    @Test func `conditions of one match are all needed`() {
        #expect(fanOut.decide(client: IPAddress("198.51.100.1"), hello: Self.hello("example.org")) == .route(2))
    }

    @Test func `a later route never overtakes an earlier one that waits for the hello`() {
        let table = RouteTable([Self.route(sni: ["a.example"]), Self.route(clients: ["192.0.2.0/24"])])
        #expect(table.decide(client: IPAddress("192.0.2.1"), hello: .undecided) == .needsHello)
        #expect(table.decide(client: IPAddress("192.0.2.1"), hello: Self.hello("b.example")) == .route(1))
        #expect(table.decide(client: IPAddress("198.51.100.1"), hello: Self.hello("b.example")) == .noRoute)
    }

    @Test func `the hello is not waited for where the client's network has already decided`() {
        let table = RouteTable([
            Self.route(sni: ["a.example"], clients: ["192.0.2.0/24"]), Self.route(clients: ["198.51.100.0/24"]),
            Self.route(sni: ["b.example"]),
        ])
        #expect(table.decide(client: IPAddress("198.51.100.1"), hello: .undecided) == .route(1))
        #expect(table.decide(client: IPAddress("192.0.2.1"), hello: .undecided) == .needsHello)
    }

    @Test func `without a hello only routes that ask for none of it match`() {
        #expect(fanOut.decide(client: nil, hello: .none) == .route(2))
        let table = RouteTable([Self.route(alpn: ["h2"])])
        #expect(table.decide(client: nil, hello: .none) == .noRoute)
    }

    @Test func `a client on a unix socket is in no network`() {
        let table = RouteTable([Self.route(clients: ["0.0.0.0/0", "::/0"]), Route(to: .close)])
        #expect(table.decide(client: nil, hello: .none) == .route(1))
    }

    @Test func `alpn is compared whole`() {
        let table = RouteTable([Self.route(alpn: ["acme-tls/1", "h2"]), Route(to: .close)])
        #expect(table.decide(client: nil, hello: Self.hello("a.example", alpn: ["http/1.1", "h2"])) == .route(0))
        #expect(table.decide(client: nil, hello: Self.hello("a.example", alpn: ["h2c"])) == .route(1))
    }

    @Test func `not turns a whole match around`() {
        let inner = RouteMatch(serverNames: [], alpn: ["h2"], clients: [Network("192.0.2.0/24")].compactMap { $0 })
        let table = RouteTable([Self.route(not: [inner]), Route(to: .close)])
        #expect(table.decide(client: IPAddress("192.0.2.1"), hello: Self.hello("x.example", alpn: ["h2"])) == .route(1))
        #expect(table.decide(client: IPAddress("192.0.2.1"), hello: Self.hello("x.example")) == .route(0))
        #expect(
            table.decide(client: IPAddress("198.51.100.1"), hello: Self.hello("x.example", alpn: ["h2"])) == .route(0))
    }

    @Test func `with a thousand names the order of routes still decides`() {
        let routes = (0..<1000).map { Self.route(sni: ["n\($0 % 500).example"]) } + [Route(to: .close)]
        let table = RouteTable(routes)
        #expect(table.decide(client: nil, hello: Self.hello("n499.example")) == .route(499))
        #expect(table.decide(client: nil, hello: Self.hello("n500.example")) == .route(1000))
    }

    @Test(arguments: [
        ("example.org", true), ("EXAMPLE.Org.", true), ("*.example.org", true), ("_x.example.org", true),
        ("*", false), ("*.", false), ("a.*.example", false), ("**.example", false), ("", false), (".", false),
        ("-a.example", false), ("a..example", false), ("192.0.2.1", false), ("exa mple.org", false),
        (String(repeating: "a", count: 64) + ".example", false),
    ])
    func `a pattern is a host name, with at most one star in front`(text: String, isGood: Bool) {
        #expect((ServerNamePattern(text) != nil) == isGood)
    }
}
