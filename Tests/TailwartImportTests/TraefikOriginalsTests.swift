import TailwartCore
import TailwartImport
import TailwartTesting
import TailwartWire
import Testing

/// Where Traefik 3.7.9 was seen to send clients, and where what is imported sends them: to the same, or it is refused.
@Suite(.ownThreads) struct TraefikOriginalsTests {
    struct Case: Sendable {
        /// `service rule; more of the router`: with TLS passed through, unless `plain`.
        let routers: [String]
        /// The service of each client, a dot where it was closed: of ``names`` in order, for each address.
        let went: String
        let isRefused: Bool

        init(_ routers: [String], _ went: String, isRefused: Bool = false) {
            (self.routers, self.went, self.isRefused) = (routers, went, isRefused)
        }
    }

    private static let addresses = ["127.0.0.5", "127.0.1.5", "127.0.2.5"]
    private static let names: [(name: String?, alpn: [String])] = [
        ("a.example.org", []), ("x.a.example.org", []), ("y.x.a.example.org", []), ("b.example.org", []),
        ("c.example.net", []), ("A.Example.ORG", []), (nil, []), ("b.example.org", ["h2"]),
        ("c.example.net", ["imap", "h2"]), (nil, ["imap"]),
    ]

    private static func load(_ one: Case, port: Int) -> ImportResult {
        let routers = one.routers.enumerated().map { number, router in
            var parts = router.split(separator: "; ").map(String.init)
            let rule = parts.removeFirst()
            let isPlain = port == 25 || parts.contains { $0 == "plain" || $0.hasPrefix("tls") }
            parts.removeAll { $0 == "plain" }
            if !isPlain { parts.append("tls: {passthrough: true}") }
            let more = parts.map { ", \($0)" }.joined()
            return
                "    r\(number): {entryPoints: [point], service: \(rule.prefix(1)), rule: '\(rule.dropFirst(2))'\(more)}\n"
        }.joined()
        let services = ["m", "w", "x"].enumerated().map { number, name in
            "    \(name): {loadBalancer: {servers: [{address: \"10.0.0.\(number):\(port)\"}]}}\n"
        }.joined()
        return Importer(file: "traefik.yml", kind: .traefik, files: FilesOnHost()).run(
            """
            entryPoints: {point: {address: ":\(port)"}}
            tcp:
              routers:
            \(routers)  services:
            \(services)  middlewares:
                office: {ipAllowList: {sourceRange: [127.0.1.0/24]}}
                other: {ipAllowList: {sourceRange: [127.0.0.0/24, 127.0.1.5]}}
            """)
    }

    /// The letter of the service that a client gets to, a dot where it is closed.
    private static func service(
        _ table: RouteTable, _ upstreams: [String: Upstream], _ client: String, _ hello: HelloKnowledge
    )
        -> Character
    {
        guard case .route(let index) = table.decide(client: IPAddress(client), hello: hello),
            let name = table.routes[index].target.upstreamName, let upstream = upstreams[name]
        else { return "." }
        return Array("mwx")[Int(upstream.endpoints[0].host.text.suffix(1)) ?? 0]
    }

    private static func compare(_ one: Case, port: Int, _ hellos: [HelloKnowledge], from addresses: [String]) throws {
        let result = load(one, port: port)
        #expect(result.isWhole == !one.isRefused, "\(one) \(result.messages)")
        guard !one.isRefused else { return }
        let configuration = try FixtureTests.configuration(try #require(result.yaml), result.variables)
        let table = RouteTable(configuration.listeners[0].routes)
        let upstreams = configuration.upstreamsByName
        let found = addresses.map { address in
            String(hellos.map { service(table, upstreams, address, $0) })
        }.joined(separator: " ")
        #expect(found == one.went, "\(one)\n\(result.yaml ?? "")")
    }

    @Test(arguments: tls.indices) func `TLS goes where Traefik sent it`(index: Int) throws {
        let hellos = Self.names.map { name, alpn -> HelloKnowledge in
            let bytes = ClientHelloBuilder(serverName: name, alpn: alpn).bytes
            guard case .found(let hello) = ClientHello.parse(bytes.span) else { return .none }
            return .hello(HelloNote(hello))
        }
        try Self.compare(Self.tls[index], port: 993, hellos, from: Array(Self.addresses.prefix(2)))
    }

    @Test(arguments: plain.indices) func `plain text goes where Traefik sent it`(index: Int) throws {
        try Self.compare(Self.plain[index], port: 25, [.undecided], from: Self.addresses)
    }

    static let tls: [Case] = [
        Case(["m HostSNI(`a.example.org`)", "w HostSNI(`b.example.org`)"], "m..w.m.w.. m..w.m.w.."),
        Case(["m HostSNI(`a.example.org`)", "w HostSNI(`*`)"], "mwwwwmwwww mwwwwmwwww"),
        Case(["m HostSNI(`A.example.ORG`)", "w HostSNI(`*`)"], "mwwwwmwwww mwwwwmwwww"),
        Case(["m HostSNI(`*.example.org`)", "w HostSNI(`*`)"], "mwwmwmwmww mwwmwmwmww"),
        Case(["m HostSNI(`*.a.example.org`)", "w HostSNI(`*.example.org`)"], "wm.w.w.w.. wm.w.w.w.."),
        Case(["m HostSNI(`x.*.example.org`)", "w HostSNI(`*`)"], "wwwwwwwwww wwwwwwwwww", isRefused: true),
        Case(["m HostSNI(`a.example.org.`)", "w HostSNI(`*`)"], "mwwwwmwwww mwwwwmwwww"),
        Case(["m HostSNIRegexp(`^(a|b)\\.example\\.org$`)", "w HostSNI(`*`)"], "mwwmwmwmww mwwmwmwmww"),
        Case(["m HostSNIRegexp(`^A\\.example\\.org$`)", "w HostSNI(`*`)"], "wwwwwwwwww wwwwwwwwww"),
        Case(["m HostSNIRegexp(`^.+\\.example\\.org$`)", "w HostSNI(`*`)"], "mmmmwmwmww mmmmwmwmww", isRefused: true),
        Case(["m HostSNIRegexp(`a\\.example\\.org`)", "w HostSNI(`*`)"], "mmmwwmwwww mmmwwmwwww", isRefused: true),
        Case(["m HostSNIRegexp(`^.*$`)"], "mmmmmmmmmm mmmmmmmmmm", isRefused: true),
        Case(["m HostSNIRegexp(`^(x\\.)?a\\.example\\.org$`)", "w HostSNI(`*`)"], "mmwwwmwwww mmwwwmwwww"),
        Case(
            [
                "m HostSNI(`a.example.org`, `b.example.org`)",
                "w HostSNI(`*`)",
            ], "wwwwwwwwww wwwwwwwwww", isRefused: true),
        Case(["m ALPN(`h2`, `imap`)", "w HostSNI(`*`)"], "wwwwwwwwww wwwwwwwwww", isRefused: true),
        Case(["m HostSNI(`a.example.org`) || HostSNI(`b.example.org`)", "w HostSNI(`*`)"], "mwwmwmwmww mwwmwmwmww"),
        Case(
            [
                "m HostSNI(`a.example.org`) && ClientIP(`127.0.1.0/24`)",
                "w HostSNI(`a.example.org`)",
            ], "w....w.... m....m...."),
        Case(["m !HostSNI(`a.example.org`)", "w HostSNI(`*`)"], "wmmmmwmmmm wmmmmwmmmm"),
        Case(["m HostSNI(`*`) && !ClientIP(`127.0.1.0/24`)", "w HostSNI(`*`)"], "mmmmmmmmmm wwwwwwwwww"),
        Case(
            [
                "m !(HostSNI(`a.example.org`) || ClientIP(`127.0.1.0/24`))",
                "w HostSNI(`*`)",
            ], "wmmmmwmmmm wwwwwwwwww", isRefused: true),
        Case(["m !!HostSNI(`a.example.org`)", "w HostSNI(`*`)"], "mwwwwmwwww mwwwwmwwww"),
        Case(["m ALPN(`h2`)", "w HostSNI(`*`)"], "wwwwwwwmmw wwwwwwwmmw"),
        Case(["m HostSNI(`b.example.org`) && ALPN(`h2`)", "w HostSNI(`b.example.org`)"], "...w...m.. ...w...m.."),
        Case(["m !ALPN(`h2`)"], "mmmmmmm..m mmmmmmm..m"),
        Case(["m HostSNI(`a.example.org`) || ALPN(`imap`)", "w HostSNI(`*`)"], "mwwwwmwwmm mwwwwmwwmm"),
        Case(
            [
                "m HostSNI(`a.example.org`)",
                "w HostSNI(`a.example.org`) && ClientIP(`127.0.0.0/8`)",
            ], "w....w.... w....w...."),
        Case(
            [
                "m HostSNI(`a.example.org`); priority: 100",
                "w HostSNI(`a.example.org`) && ClientIP(`127.0.0.0/8`)",
            ], "m....m.... m....m...."),
        Case(["m HostSNI(`a.example.org`)", "w HostSNI(`*`); priority: 1000"], "wwwwwwwwww wwwwwwwwww"),
        Case(["m HostSNI(`a.example.org`); priority: -5", "w HostSNI(`*`)"], "wwwwwwwwww wwwwwwwwww"),
        Case(["m HostSNI(`a.example.org`); priority: -1", "w HostSNI(`*`); priority: 1"], "wwwwwwwwww wwwwwwwwww"),
        Case(
            [
                "m (HostSNI(`*`))",
                "w HostSNI(`a.example.org`) || HostSNI(`b.example.org`)",
                "x ALPN(`h2`)",
            ], "wmmwmwmwxm wmmwmwmwxm"),
        Case(["m HostSNI(`*`) || HostSNI(`zzz.example.org`)", "w HostSNI(`a.example.org`)"], "mmmmmmmmmm mmmmmmmmmm"),
        Case(["m HostSNI( `*` )", "w HostSNI(`a.example.org`)"], "wmmmmwmmmm wmmmmwmmmm"),
        Case(["m HostSNI(\"*\")", "w hostsni(\"a.example.org\")"], "wmmmmwmmmm wmmmmwmmmm"),
        Case(["m HOSTSNI(`*`)", "w Hostsni(`a.example.org`)"], "wmmmmwmmmm wmmmmwmmmm"),
        Case(["m hostSNI(`a.example.org`)", "w HostSNI(`*`)"], "wwwwwwwwww wwwwwwwwww", isRefused: true),
        Case(["m !HostSNI(`*`)", "w HostSNI(`a.example.org`)"], "w....w.... w....w...."),
        Case(["m ClientIP(`127.0.1.0/24`)", "w HostSNI(`*`)"], "wwwwwwwwww mmmmmmmmmm"),
        Case(
            [
                "m HostSNI(`a.example.org`)",
                "w HostSNI(`b.example.org`)",
                "x HostSNI(`c.example.net`)",
            ], "m..wxm.wx. m..wxm.wx."),
        Case(["m HostSNI(`*`); plain", "w HostSNI(`a.example.org`)"], "w....w.... w....w....", isRefused: true),
        Case(["m HostSNI(`*`); plain", "m HostSNI(`*`)"], "mmmmmmmmmm mmmmmmmmmm"),
        Case(["m HostSNI(`*`); plain", "w HostSNI(`*`)"], "wwwwwwwwww wwwwwwwwww", isRefused: true),
        Case(["m HostSNI(`*`); tls: {}"], ".......... ..........", isRefused: true),
        Case(["m HostSNI(`*`)"], "mmmmmmmmmm mmmmmmmmmm"),
        Case(["m HostSNI(`a.example.org`); middlewares: [office]", "w HostSNI(`*`)"], ".wwww.wwww mwwwwmwwww"),
        Case(
            [
                "m HostSNI(`a.example.org`); middlewares: [office, other]",
                "w HostSNI(`*`); middlewares: [other]",
            ], ".wwww.wwww mwwwwmwwww"),
        Case(
            [
                "m HostSNIRegexp(`{s:[a-z]+}.example.org`); ruleSyntax: v2",
                "w HostSNI(`*`)",
            ], "mwwmwmwmww mwwmwmwmww", isRefused: true),
        Case(
            ["m HostSNI(`a.example.org`,`b.example.org`); ruleSyntax: v2", "w HostSNI(`*`)"], "mwwmwmwmww mwwmwmwmww"),
        Case(
            [
                "m !HostSNI(`a.example.org`,`b.example.org`); ruleSyntax: v2",
                "w HostSNI(`*`)",
            ], "wmmwmwmwmm wmmwmwmwmm"),
    ]

    static let plain: [Case] = [
        Case(["m HostSNI(`*`)"], "m m m"),
        Case(["m HostSNI(`*`) && ClientIP(`127.0.1.0/24`)", "w HostSNI(`*`)"], "w m w"),
        Case(["m ClientIP(`127.0.1.0/24`)"], ". m ."),
        Case(["m !ClientIP(`127.0.1.0/24`)"], "m . m"),
        Case(["m ClientIP(`127.0.1.5`)", "w ClientIP(`127.0.2.5`)"], ". m w"),
        Case(["m ClientIP(`127.0.0.0/8`); priority: 1", "w ClientIP(`127.0.1.0/24`); priority: 2"], "m w m"),
        Case(["m HostSNI(`a.example.org`)", "w HostSNI(`*`)"], "w w w", isRefused: true),
        Case(["m HostSNIRegexp(`^$`)", "w HostSNI(`*`)"], "m m m", isRefused: true),
        Case(["m HostSNI(`*`); middlewares: [office]"], ". m ."),
        Case(["m ClientIP(`::1`)", "w ClientIP(`::ffff:127.0.1.0/120`)"], ". w .", isRefused: true),
    ]
}
