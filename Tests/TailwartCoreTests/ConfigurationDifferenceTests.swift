import TailwartCore
import TailwartWire
import Testing

@Suite struct ConfigurationDifferenceTests {
    private static let first = Endpoint(.name("a.example"))
    private static let second = Endpoint(.name("b.example"), port: 2525)

    private static func listener(
        _ name: String, _ ports: UInt16..., to upstream: String = "mailbox", routes: [Route]? = nil
    ) -> Listener {
        Listener(
            name: name, bind: ports.map { .any(port: $0) }, proto: .smtp,
            routes: routes ?? [Route(to: .upstream(upstream, port: nil))])
    }

    private static let before = Configuration(
        workers: 4, upstreams: [Upstream(name: "mailbox", endpoints: [first, second])],
        listeners: [listener("smtp", 25), listener("imap", 143, 1143)])

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var before = ConfigurationDifferenceTests.before
        let sentences: [String]
        let change: @Sendable (inout Configuration) -> Void

        init(
            _ name: String, before: Configuration = ConfigurationDifferenceTests.before, _ sentences: String...,
            change: @escaping @Sendable (inout Configuration) -> Void
        ) {
            testDescription = name
            self.before = before
            self.sentences = sentences
            self.change = change
        }
    }

    private static let named = Configuration(
        upstreams: [Upstream(name: "mailbox", endpoints: [first])],
        listeners: [
            listener(
                "https", 443,
                routes: ["a.example", "b.example"].map { name in
                    Route(
                        match: RouteMatch(serverNames: [ServerNamePattern(name)].compactMap(\.self)),
                        to: .upstream("mailbox", port: 443))
                })
        ])

    private static let edge: [Case] = [
        Case("nothing") { _ in },
        Case("limits and time", "max_connections: 8000 → 9000", "drain: 30s → 1m") {
            $0.maxConnections = 9000
            $0.drain = .seconds(60)
        },
        Case("workers", "workers: 4 → one for each core needs a restart; until then it is 4") { $0.workers = nil },
        Case("the log", "log.format: text on a terminal, else json → json", "log.level: info → warning") {
            $0.log = LogSettings(format: .json, level: .warning)
        },
        Case("tailscaled", "tailscale: /var/run/tailscale/tailscaled.sock → off") { $0.tailscale = nil },
        Case(
            "the admin socket",
            "admin.socket: the usual one → /run/a.sock needs a restart; until then it is the usual one"
        ) { $0.admin.socket = .path("/run/a.sock") },
        Case(
            "who is told",
            "notify: nobody → /bin/a (on unhealthy, healthy; after 1m), https://hooks.example (headers_file /etc/token; on certificate; "
                + "after 5m)"
        ) {
            $0.notify = [
                Messenger(.command(["/bin/a", "s3cret"]), on: [.unhealthy, .healthy], after: .seconds(60)),
                Messenger(.post(hook("/s3cret")), headersFile: "/etc/token", on: [.certificate]),
            ]
        },
        Case(
            "who is kept out", "bans.file: /var/lib/tailwart/bans → off", "bans.v6_prefix: 64 → 56",
            "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → off", "bans.never: nobody else → 192.0.2.1",
            "bans.observe: false → true", "bans.webhook: off → tailnet:8025 (key_file /k)",
            "bans.crowdsec: off → https://hooks.example (key_file /c)"
        ) {
            $0.bans = BanSettings(
                file: nil, v6Prefix: 56, strikes: nil, never: [Network("192.0.2.1")].compactMap(\.self),
                isObserving: true, webhook: .init(listen: .tailnet(port: 8025), keyFile: "/k"),
                crowdsec: .init(url: hook("/s3cret"), keyFile: "/c"))
        },
    ]

    private static func hook(_ path: String) -> NoticeURL {
        NoticeURL(isEncrypted: true, host: "hooks.example", port: 443, target: path)
    }

    @Test func `that a secret has changed is said, and not the secret`() {
        let configurations = ["/s3cret-a", "/s3cret-b"].map { path in
            var configuration = Configuration()
            configuration.notify = [Messenger(.post(Self.hook(path)), on: [.certificate])]
            return configuration
        }
        let difference = ConfigurationDifference(from: configurations[0], to: configurations[1])
        #expect(
            difference.sentences == [
                "notify: https://hooks.example (on certificate; after 5m) → the same with other words that may be secret"
            ])
    }

    private static let listeners: [Case] = [
        Case("another order of listeners and their addresses") {
            $0.listeners = [listener("imap", 1143, 143), listener("smtp", 25)]
        },
        Case("a new listener", "listener sieve: new, on :4190") { $0.listeners.append(listener("sieve", 4190)) },
        Case("a listener that is gone", "listener imap: gone, was on :143, :1143") { $0.listeners.removeLast() },
        Case("another name", "listener mx: was called smtp") { $0.listeners[0] = listener("mx", 25) },
        Case(
            "another name and more", "listener mx: was called smtp", "listener mx: listens on :2525 too",
            "listener mx: protocol: smtp → tcp"
        ) {
            $0.listeners[0] = listener("mx", 25, 2525)
            $0.listeners[0].proto = .tcp
        },
        Case(
            "an address more and one less", "listener imap: listens on :2143 too",
            "listener imap: no longer listens on :1143"
        ) { $0.listeners[1].bind = [.any(port: 143), .any(port: 2143)] },
        Case("an address of another listener", "listener smtp: has :1143 from listener imap") {
            $0.listeners[0].bind.append(.any(port: 1143))
            $0.listeners[1].bind.removeLast()
        },
        Case(
            "one listener becomes two", "listener one: was called imap", "listener two: new, on :1143",
            "listener two: has :1143 from listener imap"
        ) { $0.listeners = [listener("smtp", 25), listener("one", 143), listener("two", 1143)] },
        Case(
            "deadlines and limits", "listener smtp: timeouts.connect: 5s → 1s",
            "listener smtp: proxy_protocol_in: off → trusted 10.0.0.0/8; timeout 5s",
            "listener smtp: max_connections: none → 9", "listener smtp: refusal.text: the edge's own words → \"Later\""
        ) {
            $0.listeners[0].timeouts.connect = .seconds(1)
            $0.listeners[0].proxyProtocolIn = ProxyProtocolIn(trusted: [Network("10.0.0.0/8")].compactMap(\.self))
            $0.listeners[0].maxConnections = 9
            $0.listeners[0].refusal.text = "Later"
        },
        Case("the one route", "listener smtp: routes: to mailbox → to close") {
            $0.listeners[0].routes = [Route(to: .close)]
        },
        Case(
            "a route more and one less", before: named,
            "listener https: route to web (proxy_protocol v2 with alpn) is new",
            "listener https: route sni a.example to mailbox:443 is gone"
        ) {
            $0.listeners[0].routes = [
                $0.listeners[0].routes[1],
                Route(to: .upstream("web", port: nil), proxyProtocol: ProxyProtocolOut(.v2, tlvs: .alpn)),
            ]
        },
        Case("routes in another order", before: named, "listener https: routes: in another order") {
            $0.listeners[0].routes.reverse()
        },
    ]

    private static let upstreams: [Case] = [
        Case(
            "a new upstream and one that is gone", "upstream web: new, at a.example",
            "upstream mailbox: gone, was at a.example, b.example:2525"
        ) {
            $0.upstreams = [Upstream(name: "web", endpoints: [first])]
        },
        Case(
            "endpoints", "upstream mailbox: endpoint c.example is new",
            "upstream mailbox: endpoint b.example:2525, weight: 1 → 3",
            "upstream mailbox: endpoint a.example is gone"
        ) {
            var second = second
            second.weight = 3
            $0.upstreams[0].endpoints = [Endpoint(.name("c.example")), second]
        },
        Case(
            "endpoints in another order",
            "upstream mailbox: endpoints: a.example, b.example:2525 → b.example:2525, a.example"
        ) { $0.upstreams[0].endpoints.reverse() },
        Case(
            "how it is dialled", "upstream mailbox: proxy_protocol: none → v2", "upstream mailbox: hold: 0s → 15s",
            "upstream mailbox: via: direct → socks5 127.0.0.1:1080"
        ) {
            $0.upstreams[0].proxyProtocol = ProxyProtocolOut(.v2)
            $0.upstreams[0].hold = .seconds(15)
            $0.upstreams[0].via = .socks5(InternetAddress(.loopbackV4, port: 1080))
        },
        Case("how it is probed", "upstream mailbox: health.fall: 3 → 5") { $0.upstreams[0].health?.fall = 5 },
        Case("that it is not probed", "upstream mailbox: health: on → off") { $0.upstreams[0].health = nil },
    ]

    @Test(arguments: edge + listeners + upstreams)
    func `what has changed is said in a line each`(example: Case) {
        var after = example.before
        example.change(&after)
        let difference = ConfigurationDifference(from: example.before, to: after)
        #expect(difference.sentences == example.sentences)
        #expect(difference.isEmpty == example.sentences.isEmpty)
    }

    @Test func `what needs a restart is named, and is as it was until then`() {
        var after = Self.before
        after.workers = 8
        after.admin.socket = .path("/run/a.sock")
        after.drain = .seconds(1)
        #expect(
            ConfigurationDifference(from: Self.before, to: after).needsRestart == ["workers", "admin.socket"])
        let served = after.withoutRestart(after: Self.before)
        #expect(served.workers == 4 && served.admin == Self.before.admin && served.drain == .seconds(1))
        // So the next reload of the same file says it again.
        #expect(ConfigurationDifference(from: served, to: after).needsRestart == ["workers", "admin.socket"])
    }

    @Test func `a script reads each change`() {
        var after = Self.before
        after.workers = 8
        after.listeners[0].bind.append(.any(port: 26))
        let changes = ConfigurationDifference(from: Self.before, to: after).json
        #expect(
            changes == [
                [
                    "change": "changed", "part": "edge", "name": .null, "owner": .null, "setting": "workers",
                    "old": "4",
                    "new": "8", "needs_restart": true,
                    "message": "workers: 4 → 8 needs a restart; until then it is 4",
                ],
                [
                    "change": "added", "part": "address", "name": ":26", "owner": "smtp", "setting": .null,
                    "old": .null, "new": .null, "needs_restart": false,
                    "message": "listener smtp: listens on :26 too",
                ],
            ])
    }

    @Test func `of many changes the first are said, and how many more there are`() {
        var after = Self.before
        after.listeners += (1...30).map { Self.listener("l\($0)", 5000 + UInt16($0)) }
        let difference = ConfigurationDifference(from: Self.before, to: after)
        #expect(difference.sentences(atMost: 30).last == "listener l30: new, on :5030")
        #expect(difference.sentences(atMost: 2).suffix(2) == ["listener l2: new, on :5002", "and 28 more"])
    }
}
