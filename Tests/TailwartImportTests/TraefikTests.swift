import TailwartCore
import TailwartImport
import TailwartTesting
import TailwartWire
import Testing

/// Traefik's TCP routers in each of its notations.
@Suite(.ownThreads) struct TraefikTests {
    /// Files that others name.
    private struct Files: IncludedFiles {
        let texts: [String: String]

        func paths(of pattern: String) -> [String] {
            guard pattern.contains("*") else { return [pattern] }
            let parts = pattern.split(separator: "/", omittingEmptySubsequences: false)
            return texts.keys.filter { path in
                let names = path.split(separator: "/", omittingEmptySubsequences: false)
                return names.count == parts.count
                    && zip(names, parts).allSatisfy { name, part in
                        name == part || part.hasPrefix("*") && name.hasSuffix(part.dropFirst())
                    }
            }.sorted()
        }

        func text(of path: String) -> String? { texts[path] }
    }

    private static func load(
        _ text: String, _ file: String = "traefik.yml", beside: [String: String] = [:]
    ) -> ImportResult {
        Importer(file: file, kind: .traefik, files: Files(texts: beside)).run(text)
    }

    private static func configuration(_ result: ImportResult) throws -> Configuration {
        #expect(result.isWhole, "\(result.messages)")
        return try FixtureTests.configuration(try #require(result.yaml), result.variables)
    }

    static let yaml = """
        entryPoints:
          smtp:
            address: ":25"
            proxyProtocol: {trustedIPs: [10.0.0.0/8, 192.0.2.1]}
          imaps:
            address: ":993/tcp"
          web:
            address: ":80"
        tcp:
          routers:
            smtp:
              entryPoints: [smtp]
              rule: "HostSNI(`*`)"
              service: smtp
            imaps:
              entryPoints: [imaps]
              rule: "HostSNI(`mail.example.org`) || HostSNI(`imap.example.org`) && !ClientIP(`203.0.113.0/24`)"
              service: imaps@file
              middlewares: [office]
              tls: {passthrough: true}
            rest:
              entryPoints: [imaps]
              rule: HostSNI(`*`)
              service: other
              tls: {passthrough: true}
          middlewares:
            office:
              ipAllowList:
                sourceRange: [198.51.100.0/24]
          services:
            smtp:
              loadBalancer:
                proxyProtocol: {version: 2}
                servers:
                  - address: "10.0.0.2:25"
            imaps:
              loadBalancer:
                serversTransport: quick
                servers:
                  - address: "10.0.0.2:993"
            other:
              weighted:
                services:
                  - {name: imaps, weight: 3}
                  - {name: old, weight: 1}
            old:
              loadBalancer:
                servers: [{address: "10.0.0.4:993"}, {address: "10.0.0.5:993"}]
          serversTransports:
            quick: {dialTimeout: 5s, proxyProtocol: {version: 1}}
        """

    static let toml = """
        # The same.
        [entryPoints]
          [entryPoints.smtp]
            address = ":25"
            [entryPoints.smtp.proxyProtocol]
              trustedIPs = [
                "10.0.0.0/8",   # the balancer
                '192.0.2.1',
              ]
          [entryPoints.imaps]
            address = ":993/tcp"
          [entryPoints.web]
            address = ":80"

        [tcp.routers.smtp]
          entryPoints = ["smtp"]
          rule = "HostSNI(`*`)"
          service = "smtp"
        [tcp.routers.imaps]
          entryPoints = ["imaps"]
          rule = \"""
        HostSNI(`mail.example.org`) || HostSNI(`imap.example.org`) \\
            && !ClientIP(`203.0.113.0/24`)\"""
          service = "imaps@file"
          middlewares = ["office"]
          tls = {passthrough = true}
        [tcp.routers.rest]
          entryPoints = ["imaps"]
          rule = 'HostSNI(`*`)'
          service = "other"
          tls.passthrough = true
        [tcp.middlewares.office.ipAllowList]
          sourceRange = ["198.51.100.0/24"]
        [tcp.services]
          [tcp.services.smtp.loadBalancer.proxyProtocol]
            version = 2
          [[tcp.services.smtp.loadBalancer.servers]]
            address = "10.0.0.2:25"
          [tcp.services.imaps.loadBalancer]
            serversTransport = "quick"
            [[tcp.services.imaps.loadBalancer.servers]]
              address = "10.0.0.2:993"
          [[tcp.services.other.weighted.services]]
            name = "imaps"
            weight = 3
          [[tcp.services.other.weighted.services]]
            name = "old"
            weight = 1
          [[tcp.services.old.loadBalancer.servers]]
            address = "10.0.0.4:993"
          [[tcp.services.old.loadBalancer.servers]]
            address = "10.0.0.5:993"
        [tcp.serversTransports.quick]
          dialTimeout = "5s"
          proxyProtocol = {version = 1}
        """

    @Test(arguments: [("traefik.yml", yaml), ("traefik.toml", toml)])
    func `routers, services and middlewares become routes and upstreams`(file: String, text: String) throws {
        let result = Self.load(text, file)
        let configuration = try Self.configuration(result)
        #expect(configuration.listeners.map(\.name) == ["smtp", "imaps"])
        let smtp = configuration.listeners[0]
        #expect(smtp.bind == [.any(port: 25)] && smtp.proto == .smtp)
        let trusted = [Network("10.0.0.0/8"), Network("192.0.2.1/32")].compactMap(\.self)
        #expect(smtp.proxyProtocolIn == ProxyProtocolIn(trusted: trusted, others: .direct))
        let names = configuration.upstreamsByName
        func upstream(_ route: Route) throws -> Upstream {
            try #require(route.target.upstreamName.flatMap { names[$0] })
        }
        #expect(try upstream(smtp.routes[0]).endpoints.map(\.host.text) == ["10.0.0.2"])
        let routes = configuration.listeners[1].routes
        let office = [Network("198.51.100.0/24")].compactMap(\.self)
        #expect(routes.count == 5)
        #expect(routes[0].match?.serverNames.map(\.name) == ["mail.example.org"] && routes[0].match?.clients == office)
        #expect(routes[1].match?.serverNames.map(\.name) == ["imap.example.org"] && routes[1].match?.clients == office)
        #expect(routes[2].match?.clients.isEmpty == true && routes[2].target == .close)
        #expect(routes[3].target == .close)
        #expect(routes[4].match == nil)
        let other = try upstream(routes[4])
        #expect(other.endpoints.map(\.weight) == [6, 1, 1] && other.policy == .roundRobin)
        #expect(
            other.endpoints.map { other.header(of: $0, route: routes[4].proxyProtocol).version } == [.v1, .none, .none])
        #expect(result.messages.contains { $0.contains("the entry point 'web' has no TCP router") })
    }

    /// As Mailu, docker-mailserver and Stalwart describe it.
    static let compose = """
        services:
          reverse-proxy:
            image: docker.io/traefik:v3.6
            command:
              - "--providers.docker"
              - "--providers.docker.exposedbydefault=false"
              - "--entrypoints.web.address=:http"
              - "--entryPoints.websecure.address=:https"
              - "--entrypoints.smtp.address=:smtp"
              - "--entryPoints.smtp-ssl.address=:465"
              - "--entryPoints.imap-ssl.address=:993"
              - "--entrypoints.sieve.address=:4190"
            ports: ["80:80", "443:443", "2525:25", "465:465", "993:993", "127.0.0.1:4190:4190/tcp", "443:443/udp"]
          mailserver:
            image: mailserver:latest
            labels:
              - "traefik.enable=true"
              - "traefik.http.routers.web.rule=Host(`mail.${DOMAIN}`) || PathPrefix(`/.well-known/acme-challenge/`)"
              - "traefik.http.routers.web.entrypoints=web"
              - "traefik.tcp.routers.websecure.rule=HostSNI(`mail.example.org`) || HostSNI(`mta-sts.example.org`)"
              - "traefik.tcp.routers.websecure.entrypoints=websecure"
              - "traefik.tcp.routers.websecure.tls.passthrough=true"
              - "traefik.tcp.routers.websecure.service=websecure"
              - "traefik.tcp.services.websecure.loadbalancer.server.port=443"
              - "traefik.tcp.services.websecure.loadbalancer.proxyProtocol.version=2"
              - "traefik.tcp.routers.smtp.rule=HostSNI(`*`)"
              - "traefik.tcp.routers.smtp.entrypoints=smtp"
              - "traefik.tcp.routers.smtp.service=smtp"
              - "traefik.tcp.services.smtp.loadbalancer.server.port=25"
              - "traefik.tcp.services.smtp.loadbalancer.proxyProtocol.version=1"
              - "traefik.tcp.routers.smtp-ssl.rule=HostSNI(`*`)"
              - "traefik.tcp.routers.smtp-ssl.tls=false"
              - "traefik.tcp.routers.smtp-ssl.entrypoints=smtp-ssl"
              - "traefik.tcp.routers.smtp-ssl.service=smtp-ssl"
              - "traefik.tcp.services.smtp-ssl.loadbalancer.server.port=465"
              - "traefik.tcp.services.smtp-ssl.loadbalancer.proxyProtocol.version=1"
              - "traefik.tcp.routers.imap-ssl.rule=HostSNI(`*`)"
              - "traefik.tcp.routers.imap-ssl.tls=true"
              - "traefik.tcp.routers.imap-ssl.tls.passthrough=true"
              - "traefik.tcp.routers.imap-ssl.entrypoints=imap-ssl"
              - "traefik.tcp.routers.imap-ssl.service=imap-ssl"
              - "traefik.tcp.services.imap-ssl.loadbalancer.server.port=10993"
              - "traefik.tcp.services.imap-ssl.loadbalancer.proxyProtocol.version=2"
              - "traefik.tcp.routers.sieve.rule=HostSNI(`*`)"
              - "traefik.tcp.routers.sieve.entrypoints=sieve"
              - "traefik.tcp.routers.sieve.service=sieve"
              - "traefik.tcp.services.sieve.loadbalancer.server.port=4190"
          quiet:
            image: other
            labels: {traefik.tcp.routers.smtp.rule: HostSNI(`*`)}
        """

    @Test func `labels of a compose file become what they say`() throws {
        let configuration = try Self.configuration(Self.load(Self.compose, "compose.yaml"))
        let ways = configuration.ways.map { way in
            "\(way.listener.bind.map(\.description).joined()) \(way.proto.rawValue) → \(way.endpoint.host.text):\(way.port ?? 0) "
                + way.proxyProtocol.version.rawValue
        }
        #expect(
            ways.sorted()
                == [
                    "127.0.0.1:4190 sieve → mailserver:4190 none", ":993 imaps → mailserver:10993 v2",
                    ":2525 smtp → mailserver:25 v1", ":443 https → mailserver:443 v2",
                    ":465 submissions → mailserver:465 v1",
                ].sorted())
        #expect(ForeignConfiguration.recognise(text: Self.compose) == .traefik)
    }

    @Test func `a file that is named is read from where it is, and so is one in the container`() throws {
        let entries = "entryPoints: {smtp: {address: \":25\"}}\nproviders: {file: {directory: /etc/traefik/more}}\n"
        let routers = """
            tcp:
              routers: {a: {rule: "HostSNI(`*`)", service: a}}
              services: {a: {loadBalancer: {servers: [{address: "10.0.0.2:25"}]}}}
            """
        let alone = Self.load(entries, beside: ["/etc/traefik/more/a.yml": routers])
        #expect(try Self.configuration(alone).listeners.map(\.name) == ["smtp"])
        let compose = """
            services:
              traefik:
                image: traefik
                network_mode: host
                volumes: ["./conf:/etc/traefik:ro", "/var/run/docker.sock:/var/run/docker.sock"]
            """
        let inside = Self.load(
            compose, "site/compose.yaml",
            beside: ["site/conf/traefik.yml": entries, "site/conf/more/a.yaml": routers])
        #expect(try Self.configuration(inside).listeners.map(\.bind) == [[.any(port: 25)]])
    }

    private static let routers = """
        tcp:
          routers: {a: {rule: "HostSNI(`*`)", service: a}}
          services: {a: {loadBalancer: {servers: [{address: "10.0.0.2:25"}]}}}
        """

    @Test func `a folder is read with the folders in it, and without the file beside it`() throws {
        let text = """
            entryPoints: {smtp: {address: ":25"}}
            providers: {file: {directory: /etc/more, filename: /etc/one.yml}}
            """
        let result = Self.load(
            text,
            beside: ["/etc/more/x/y/a.yml": Self.routers, "/etc/one.yml": Self.routers.replacing("a:", with: "b:")])
        #expect(try Self.configuration(result).listeners.map(\.routes.count) == [1])
        #expect(result.messages.contains { $0.contains("'filename' is left out") })
    }

    @Test func `of two services of one name Traefik drops one`() {
        let text = "entryPoints: {smtp: {address: \":25\"}}\nproviders: {file: {directory: /etc/more}}\n"
        let result = Self.load(
            text,
            beside: [
                "/etc/more/a.yml": Self.routers,
                "/etc/more/b.yml": Self.routers.replacing("routers: {a:", with: "routers: {b:"),
            ])
        #expect(result.messages.contains { $0.hasPrefix("/etc/more/b.yml:3:14: refused: 'a' is there already") })
    }

    @Test func `a template that is no YAML is refused with its place`() {
        let text = "entryPoints: {smtp: {address: \":25\"}}\nproviders: {file: {filename: /etc/one.yml}}\n"
        let result = Self.load(text, beside: ["/etc/one.yml": "{{ $n := 1 }}\n" + Self.routers])
        #expect(result.messages.contains { $0.hasPrefix("/etc/one.yml:2:1: refused: templates are not filled in") })
    }

    @Test func `routers beside the entry points are said not to be read by Traefik where it reads another file`() {
        let text =
            Self.routers + "\nentryPoints: {smtp: {address: \":25\"}}\nproviders: {file: {filename: traefik.yml}}\n"
        let result = Self.load(text)
        #expect(result.isWhole && result.messages.contains { $0.contains("not from beside the entry points") })
    }

    /// As version 3.7.9 was seen to send it.
    @Test(
        arguments: [
            ("", "", .none), ("proxyProtocol: {version: 1}, ", "", .v1), ("proxyProtocol: {version: 2}, ", "", .v2),
            ("proxyProtocol: {}, ", "", .v2), ("proxyProtocol: true, ", "", .v2), ("serversTransport: t, ", "", .none),
            ("serversTransport: t, ", "proxyProtocol: {version: 1}", .v1),
            ("serversTransport: t, ", "proxyProtocol: {}", .v2),
            ("serversTransport: t, proxyProtocol: {version: 1}, ", "proxyProtocol: {version: 1}", .v1),
        ] as [(String, String, ProxyProtocolOut.Version)])
    func `a PROXY header is sent as Traefik sends it`(
        service: String, transport: String, version: ProxyProtocolOut.Version
    ) throws {
        let text = Self.small(
            "", "serversTransports: {t: {dialTimeout: 5s\(transport.isEmpty ? "" : ", ")\(transport)}}")
        let result = Self.load(text.replacing("servers: [", with: service + "servers: ["))
        #expect(try Self.configuration(result).upstreams.map(\.proxyProtocol.version) == [version])
    }

    @Test func `a file and the labels of a container have names of their own, and name each other's`() throws {
        let compose = """
            services:
              traefik:
                image: traefik
                network_mode: host
                volumes: ["./conf:/etc/traefik"]
              mail:
                labels:
                  - traefik.tcp.services.a.loadbalancer.server.port=2525
                  - traefik.tcp.routers.a.rule=ClientIP(`10.0.0.0/8`)
                  - traefik.tcp.routers.a.service=a
            """
        let file =
            Self.routers.replacing("service: a", with: "service: a@docker")
            + "\nentryPoints: {smtp: {address: \":25\"}}\n"
        let result = Self.load(compose, "compose.yaml", beside: ["conf/traefik.yml": file])
        let configuration = try Self.configuration(result)
        #expect(configuration.upstreams.map { "\($0.endpoints[0].host.text)" } == ["mail"])
        #expect(configuration.listeners.map(\.bind) == [[.any(port: 25)]])
    }

    @Test func `a key with nothing behind it is not there`() throws {
        let text = Self.small("tls: ~").replacing("servers: [", with: "proxyProtocol: null, servers: [")
        let upstreams = try Self.configuration(Self.load(text)).upstreams
        #expect(upstreams.map(\.proxyProtocol.version) == [.none])
    }

    @Test func `HTTP without TLS does not take a port from a router that takes everything`() throws {
        let text = Self.small("") + "\nhttp: {routers: {w: {rule: \"Host(`a.example.org`)\", service: w}}}\n"
        let configuration = try Self.configuration(Self.load(text))
        #expect(configuration.upstreams.map(\.endpoints[0].host.text) == ["10.0.0.2"])
    }

    @Test func `names of HTTP routers come first, and the rest of their port goes on to Traefik`() throws {
        let text = """
            entryPoints: {secure: {address: ":443", http: {tls: {}}}}
            http: {routers: {shop: {rule: "Host(`shop.example.org`) && PathPrefix(`/a`)", service: shop}}}
            tcp:
              routers: {mail: {rule: "HostSNI(`mail.example.org`)", service: m, tls: {passthrough: true}}}
              services: {m: {loadBalancer: {servers: [{address: "10.0.0.2:443"}]}}}
            """
        let result = Self.load(text)
        let routes = try Self.configuration(result).listeners[0].routes
        #expect(routes.map { $0.match?.serverNames.map(\.name) } == [["shop.example.org"], ["mail.example.org"], nil])
        #expect(routes[0].target == routes[2].target)
        #expect(result.messages.contains { $0.contains("127.0.0.1:8443") })
        let all = text.replacing("HostSNI(`mail.example.org`)", with: "HostSNI(`*`)")
        let rest = try Self.configuration(Self.load(all)).listeners[0].routes
        #expect(rest.map { $0.match?.serverNames.map(\.name) } == [["shop.example.org"], nil])
        #expect(rest[0].target != rest[1].target)
    }

    @Test func `the priority decides, and without one the longer rule`() throws {
        func order(_ priority: String) throws -> [Int] {
            let text = """
                entryPoints: {a: {address: ":465"}}
                tcp:
                  routers:
                    short: {rule: "ClientIP(`10.0.0.0/8`)", service: m\(priority)}
                    long: {rule: "ClientIP(`10.0.0.0/16`) || ClientIP(`10.9.0.0/16`)", service: n}
                  services:
                    m: {loadBalancer: {servers: [{address: "10.0.0.2:465"}]}}
                    n: {loadBalancer: {servers: [{address: "10.0.0.3:465"}]}}
                """
            let routes = try Self.configuration(Self.load(text)).listeners[0].routes
            return routes.prefix(2).map { $0.match?.clients.count ?? 0 }
        }
        #expect(try order("") == [2, 1])
        #expect(try order(", priority: 1000") == [1, 2])
    }

    @Test func `a router for everything that comes first leaves nothing to others`() throws {
        func routes(_ priority: String) throws -> [Route] {
            let text = """
                entryPoints: {a: {address: ":993"}}
                tcp:
                  routers:
                    all: {rule: "HostSNI(`*`)", service: m, tls: {passthrough: true}\(priority)}
                    one: {rule: "HostSNI(`a.example.org`)", service: n, tls: {passthrough: true}}
                  services:
                    m: {loadBalancer: {servers: [{address: "10.0.0.2:993"}]}}
                    n: {loadBalancer: {servers: [{address: "10.0.0.3:993"}]}}
                """
            return try Self.configuration(Self.load(text)).listeners[0].routes
        }
        #expect(try routes("").map { $0.match == nil } == [false, true])
        #expect(try routes(", priority: 1000").map { $0.match == nil } == [true])
    }

    @Test func `of several routers of one priority any two are compared`() {
        func result(_ last: String) -> ImportResult {
            let routers = ["a", "b", last].enumerated().map { number, name in
                "r\(number): {rule: \"HostSNI(`\(name).example.org`)\", service: s\(number), tls: {passthrough: true}}"
            }
            let services = (0..<3).map { "s\($0): {loadBalancer: {servers: [{address: \"10.0.0.\($0):993\"}]}}" }
            return Self.load(
                """
                entryPoints: {a: {address: ":993"}}
                tcp: {routers: {\(routers.joined(separator: ", "))}, services: {\(services.joined(separator: ", "))}}
                """)
        }
        #expect(result("c").isWhole)
        #expect(result("a").messages.contains { $0.contains("by chance") })
    }

    @Test func `a limit of connections for each client is the listener's`() throws {
        let text = Self.small("middlewares: [few]", "middlewares: {few: {inFlightConn: {amount: 7}}}")
        let listener = try Self.configuration(Self.load(text)).listeners[0]
        #expect(listener.limits?.concurrent == 7)
    }

    @Test func `a check on another port is a probe there`() throws {
        let text = Self.small("").replacing(
            "loadBalancer: {", with: "loadBalancer: {healthCheck: {port: 10025, interval: 20s}, ")
        let upstream = try Self.configuration(Self.load(text)).upstreams[0]
        #expect(upstream.health?.port == 10025 && upstream.health?.interval == .seconds(20))
    }

    /// One router on 25.
    private static func small(
        _ router: String, _ tcp: String = "", entry: String = "", rule: String = "HostSNI(`*`)"
    ) -> String {
        """
        entryPoints: {smtp: {address: ":25"\(entry.isEmpty ? "" : ", \(entry)")}}
        tcp:
          routers: {r: {rule: "\(rule)", service: s\(router.isEmpty ? "" : ", \(router)")}}
          services: {s: {loadBalancer: {servers: [{address: "10.0.0.2:25"}]}}}
          \(tcp)
        """
    }

    private static let secret = "tls: {passthrough: true}"

    @Test(arguments: [
        (small("tls: {}"), "'tls': Tailwart does not terminate TLS"),
        (small("tls: {certResolver: le}"), "'tls': Tailwart does not terminate TLS"),
        (small("", rule: "HostSNI(`a.example.org`)"), "asks for a TLS hello"),
        (small(secret, rule: "HostSNIRegexp(`^.+\\\\.example\\\\.org$`)"), "only names can be matched"),
        (small("", rule: "Path(`/`)"), "'Path': only TLS server name"),
        (small("", rule: "HostSNI(`*`) &&"), "not understood"), (small("", rule: "HostSNI(*)"), "no rule"),
        (small("", rule: "ClientIP(`10.0.0.0/33`)"), "no network"),
        (small("middlewares: [x]"), "no middleware 'x'"),
        (small("middlewares: [x]", "middlewares: {x: {other: {}}}"), "'other': it is not supported"),
        (small("middlewares: [x]", "middlewares: {x: {ipAllowList: {}}}"), "names nobody"),
        (small("entryPoints: [imap]"), "no entry point 'imap'"),
        (small("entryPoints: [SMTP]"), "no entry point 'SMTP'"),
        (small("priority: 9223372036854775807"), "'priority' is a whole number"),
        (small("", rule: "HostSNI(`{{ env \\\"NAME\\\" }}`)"), "templates are not filled in here"),
        (small("", rule: "hostSNI(`*`)"), "Traefik knows no 'hostSNI'"),
        (small("").replacing("service: s", with: "service: S"), "no service 'S'"),
        (small("").replacing("service: s", with: "service: s@docker"), "no service 's@docker'"),
        (
            small("", "serversTransports: {t: {dialTimeout: 5s}}").replacing(
                "servers: [", with: "serversTransport: t, proxyProtocol: {version: 2}, servers: ["),
            "older versions of Traefik send this header"
        ),
        (small("frobnicate: 1"), "'frobnicate': it is not supported"),
        (small("", entry: "proxyProtocol: {insecure: true}"), "claim to be anybody; name the networks"),
        (small("", entry: "frob: 1"), "'frob': it is not supported"),
        (small("").replacing("servers: [", with: "serversTransport: t, servers: ["), "no transport 't'"),
        (small("").replacing(":25\"}]", with: ":25\", tls: true}]"), "'tls': Tailwart starts no TLS"),
        (small("").replacing("service: s", with: "service: t"), "no service 't'"),
        (
            small("").replacing("servers: [", with: "proxyProtocol: {version: 3}, servers: ["),
            "must be 1 or 2, not '3'"
        ),
        (
            """
            entryPoints: {a: {address: ":465"}}
            tcp:
              routers:
                a: {rule: "ClientIP(`10.0.0.0/8`)", service: m}
                b: {rule: "ClientIP(`10.9.0.0/8`)", service: n}
              services:
                m: {loadBalancer: {servers: [{address: "10.0.0.2:465"}]}}
                n: {loadBalancer: {servers: [{address: "10.0.0.3:465"}]}}
            """, "by chance"
        ),
        (
            small("entryPoints: [smtp]", "middlewares: {x: {ipAllowList: {sourceRange: [10.1.0.0/16]}}}").replacing(
                "routers: {", with: "routers: {q: {rule: \"HostSNI(`*`)\", service: s, middlewares: [x]}, "),
            "by chance"
        ),
        (
            """
            entryPoints: {a: {address: ":465"}}
            tcp:
              routers:
                a: {rule: "HostSNI(`a.example.org`)", priority: 5, service: m, tls: {passthrough: true}}
                b: {rule: "HostSNI(`*.example.org`)", priority: 5, service: n, tls: {passthrough: true}}
              services:
                m: {loadBalancer: {servers: [{address: "10.0.0.2:465"}]}}
                n: {loadBalancer: {servers: [{address: "10.0.0.3:465"}]}}
            """, "by chance"
        ),
        (
            "services: {traefik: {image: traefik}, m: {labels: [traefik.tcp.routers.a.rule=x]}}",
            "no service here is Traefik"
        ),
    ])
    func `what cannot be said is refused with its place`(text: String, words: String) {
        let result = Self.load(text)
        #expect(
            !result.isWhole && result.messages.contains { $0.contains("refused: ") && $0.contains(words) },
            "\(result.messages)")
        for finding in result.findings { #expect(finding.position.line >= 1 && finding.position.column >= 1) }
    }

    @Test func `of an entry point of which something was refused nothing is left`() throws {
        let text = """
            entryPoints: {a: {address: ":25"}, b: {address: ":465"}, c: {address: ":587", frob: 1}}
            tcp:
              routers:
                a: {entryPoints: [a], rule: "HostSNI(`*`)", service: s}
                b: {entryPoints: [b], rule: "HostSNI(`*`)", service: s}
                c: {entryPoints: [c], rule: "HostSNI(`*`)", service: s}
                d: {entryPoints: [b], rule: "ClientIP(`10.0.0.0/8`)", service: s, frob: 1}
              services: {s: {loadBalancer: {servers: [{address: "10.0.0.2:25"}]}}}
            """
        let yaml = try #require(Self.load(text).yaml)
        #expect(try FixtureTests.configuration(yaml).listeners.map(\.bind) == [[.any(port: 25)]])
        #expect(Self.load(text + "\nfrob: 1").yaml == nil)
    }

    @Test func `a place is that of the line and the column`() throws {
        let result = Self.load(Self.yaml.replacing("version: 2", with: "version: 9"))
        #expect(
            result.messages.contains { $0.hasPrefix("traefik.yml:33:24: refused: 'proxyProtocol.version'") },
            "\(result.messages)")
    }

    @Test(arguments: [
        ("a: [", "traefik.yml:1:5"), ("a: 1\na: 2", "traefik.yml:2:1"), ("a: !x 1", "traefik.yml:1:4"),
        ("a: *b", "traefik.yml:1:4"), ("a: 1\n---\nb: 2", "traefik.yml:2:1"), ("", "traefik.yml:1:1"),
    ])
    func `YAML that is none is refused with its place`(text: String, place: String) {
        let result = Self.load(text)
        #expect(result.yaml == nil && result.messages.contains { $0.hasPrefix(place) }, "\(result.messages)")
    }

    /// Whatever comes out must be a file of ours, and what is refused must have a place.
    private static func check(_ text: String, _ file: String, _ what: String) {
        let result = load(text, file)
        if let yaml = result.yaml {
            #expect(throws: Never.self, "\(what)") { _ = try FixtureTests.configuration(yaml, result.variables) }
        } else {
            #expect(!result.isWhole, "\(what)")
        }
        _ = ForeignConfiguration.recognise(text: text)
    }

    @Test(arguments: ["traefik.yml", "traefik.toml", "compose.yaml"])
    func `every beginning of a file gets an answer, and so does one that was changed`(file: String) {
        let text = file == "traefik.yml" ? Self.yaml : file == "traefik.toml" ? Self.toml : Self.compose
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("seed \(random.seed) for \(file)")
        let scalars = Array(text.unicodeScalars)
        for end in stride(from: Int.random(in: 0..<7, using: &random), to: scalars.count, by: 7) {
            Self.check(String(String.UnicodeScalarView(scalars[..<end])), file, "the first \(end) characters")
        }
        let interesting = Array("{}[]\",;:'$\\#*!~ \n0259-.@|/<>&`()=\u{0}é".unicodeScalars)
        for _ in 0..<60 {
            var changed = scalars
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                changed[Int.random(in: 0..<changed.count, using: &random)] =
                    interesting.randomElement(using: &random) ?? "x"
            }
            Self.check(String(String.UnicodeScalarView(changed)), file, "seed \(random.seed)")
        }
    }

    @Test(arguments: [
        ("a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n", "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"),
        ("", String(repeating: "[", count: 10_000)), ("a: ", String(repeating: "{a: ", count: 10_000)),
        (small("").replacing("HostSNI(`*`)", with: String(repeating: "(", count: 5000)), ""),
        (small("").replacing("HostSNI(`*`)", with: String(repeating: "!", count: 5001) + "("), ""),
    ])
    func `a file that is built to cost time gets an answer`(beginning: String, rest: String) {
        var text = beginning
        for letter in "bcdefghi" {
            // Each names the one before ten times.
            let before = UnicodeScalar((letter.asciiValue ?? 98) - 1)
            text += rest.replacing("b: &b", with: "\(letter): &\(letter)").replacing("*a", with: "*\(before)")
        }
        #expect(!Self.load(text).isWhole)
    }
}
