import TailwartConfig
import TailwartCore
import TailwartWire
import Testing

/// A configuration as the text of a file: in the fewest words, with comments and variables.
struct WriterTests {
    private static func load(_ text: String, _ environment: [String: String] = [:]) throws -> Configuration {
        let result = Configuration.load(text: text, file: "again", environment: environment)
        return try #require(result.configuration, "\(result.report)\n\(text)")
    }

    /// What a configuration does, whatever its upstreams and listeners are called and in which order they stand.
    private static func meaning(_ configuration: Configuration) -> [String] {
        var upstreams = configuration.upstreamsByName
        for (name, var upstream) in upstreams {
            upstream.name = ""
            upstreams[name] = upstream
        }
        return configuration.listeners.map { listener in
            var listener = listener
            listener.name = ""
            if listener.routes.last?.match != nil { listener.routes.append(Route(to: .close)) }
            if !listener.routes.contains(where: \.needsHello) { listener.timeouts.hello = .zero }
            let routes = listener.routes.map { route in
                switch route.target {
                case .close: "\(route)"
                case .upstream(let name, let port):
                    "\(String(describing: route.match)) \(String(describing: upstreams[name])) \(port ?? 0) "
                        + "\(route.proxyProtocol ?? upstreams[name]?.proxyProtocol ?? Defaults.proxyProtocol)"
                }
            }
            listener.routes = []
            return "\(listener) \(routes)"
        }.sorted()
    }

    @Test(arguments: FixtureTests.valid) func `the fewest words mean the same`(fixture: Fixture) throws {
        var configuration = try #require(try fixture.load().configuration)
        let text = ConfigurationWriter(configuration).write().text
        var again = try Self.load(text)
        #expect(Self.meaning(again) == Self.meaning(configuration), "\(text)")
        (configuration.upstreams, configuration.listeners) = ([], [])
        (again.upstreams, again.listeners) = ([], [])
        #expect(again == configuration)
        #expect(!text.contains("drain: 30s"), "a default is left out")
    }

    @Test func `one mailbox and a web server need no general form`() throws {
        let short = "mailbox:\n  address: mail.example.net\n  domains: [example.org]\nweb: 127.0.0.1:8443\n"
        #expect(ConfigurationWriter(try Self.load(short)).write().text == short)
    }

    @Test func `the short form's mailbox holds clients unless it says no, and an upstream does not unless it says so`()
        throws
    {
        let (short, without) = ("mailbox:\n  address: mail.example.net\n", "  hold: 0s\n")
        for (text, hold) in [(short, Duration.seconds(15)), (short + without, .zero)] {
            let configuration = try Self.load(text)
            #expect(configuration.upstreams.map(\.hold) == [hold])
            #expect(ConfigurationWriter(configuration).write().text == text)
            #expect(configuration.yaml.contains("hold: 15s") == (hold != .zero))
        }
        let general = try Self.load(
            "upstreams: {mailbox: {endpoints: [mail.example.net], proxy_protocol: v2}}\nlisteners: [{name: smtp, bind: [\":25\"], to: mailbox}]\n"
        )
        #expect(general.upstreams.map(\.hold) == [.zero])
    }

    @Test func `variables stand where values stand for them`() throws {
        var references = References()
        let host = references.name("${HOST}")
        let name = references.name("${NAME:-example.org}")
        let port = references.port("\(references.name("${PORT}"))")
        let address = references.address(references.name("${ADDRESS}"))
        let header = references.header(references.name("${HEADER}"))
        let upstream = Upstream(name: "a", endpoints: [Endpoint(.name("x-\(host)"), port: port)], proxyProtocol: header)
        let names = [ServerNamePattern("mta-sts.\(name)")].compactMap(\.self)
        let listener = Listener(
            name: "b", bind: [.internet(InternetAddress(address, port: 443))], proto: .https,
            routes: [Route(match: RouteMatch(serverNames: names, alpn: ["$"]), to: .upstream("a", port: nil))])
        let configuration = Configuration(upstreams: [upstream], listeners: [listener])
        let lines = ConfigurationWriter(configuration, references: references).write(
            comments: [.file: ["head"], .upstream("a"): ["one", "two"], .listener(0): ["three"]])
        #expect(
            lines.text == """
                # head

                upstreams:
                  # one
                  # two
                  a:
                    endpoints: ["x-${HOST}:${PORT}"]
                    proxy_protocol: ${HEADER}

                listeners:
                  # three
                  - name: b
                    bind: ["${ADDRESS}:443"]
                    routes:
                      - match: {sni: ["mta-sts.${NAME:-example.org}"], alpn: ["$$"]}
                        to: a

                """)
        let environment = ["HOST": "h", "PORT": "25", "ADDRESS": "192.0.2.1", "HEADER": "v1"]
        let again = try Self.load(lines.text, environment)
        #expect(again.upstreams.first?.endpoints.map(\.text) == ["x-h:25"])
        #expect(again.listeners.first?.routes.first?.match?.serverNames.map(\.name) == ["mta-sts.example.org"])
        #expect(lines.last { $0.text.contains("to: a") }?.part == .route(listener: 0, 0))
    }

    @Test func `no variable stands for a port that is there as it is`() {
        var references = References()
        references.literalPorts = [65_535, 65_533]
        let ports = ["${A}", "${B}", "${A}"].map { references.port(references.name($0)) }
        #expect(ports == [65_534, 65_532, 65_534])
    }
}
