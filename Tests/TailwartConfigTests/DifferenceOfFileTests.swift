import TailwartConfig
import Testing

@testable import TailwartCore

/// The keys of the file against the words that a reload has for them: who knows a key only here or only there is found.
@Suite struct DifferenceOfFileTests {
    /// A file in the general form, with room for one more key of each mapping.
    struct File: Sendable {
        var edge = ""
        var listener = ""
        var name = "name: https"
        var bind = "bind: [\":443\"]"
        var proto = "protocol: https"
        var routes = "routes: [{to: mailbox}]"
        var upstream = ""
        var endpoints = "endpoints: [{address: a.example}]"

        var text: String {
            func members(_ entries: String...) -> String {
                "{\(entries.filter { !$0.isEmpty }.joined(separator: ", "))}"
            }
            return """
                \(edge)
                upstreams: {mailbox: \(members(endpoints, upstream)), other: {endpoints: [b.example]}}
                listeners: [\(members(name, bind, proto, routes, listener))]
                """
        }
    }

    /// One key in two files that are else the same.
    struct Case: Sendable, CustomTestStringConvertible {
        let path: String
        let sentence: String
        let before: File
        let after: File
        var testDescription: String { path }

        init(
            _ path: String, _ part: WritableKeyPath<File, String>, from before: String? = nil, _ after: String,
            _ sentence: String, beside: (WritableKeyPath<File, String>, String)? = nil
        ) {
            var file = File()
            if let beside { file[keyPath: beside.0] = beside.1 }
            self.path = path
            self.sentence = sentence
            if let before { file[keyPath: part] = before }
            self.before = file
            file[keyPath: part] = after
            self.after = file
        }
    }

    private static let restart = "needs a restart; until then it is"

    private static let edge: [Case] = [
        Case("max_connections", \.edge, "max_connections: 9", "max_connections: 8000 → 9"),
        Case("workers", \.edge, "workers: 3", "workers: one for each core → 3 \(restart) one for each core"),
        Case("drain", \.edge, "drain: 7s", "drain: 30s → 7s"),
        Case("log.format", \.edge, "log: {format: text}", "log.format: text on a terminal, else json → text"),
        Case("log.level", \.edge, "log: {level: debug}", "log.level: info → debug"),
        Case(
            "admin.socket", \.edge, "admin: {socket: off}", "admin.socket: the usual one → off \(restart) the usual one"
        ),
        Case(
            "admin.listen", \.edge, "admin: {listen: \"127.0.0.1:9\"}",
            "admin.listen: none → 127.0.0.1:9 \(restart) none"),
        Case("admin.public", \.edge, "admin: {public: true}", "admin.public: false → true \(restart) false"),
        Case(
            "notify.command", \.edge, from: "notify: [{command: [/a], on: [reload_failed]}]",
            "notify: [{command: [/b], on: [reload_failed]}]",
            "notify: /a (on reload_failed; after 5m) → /b (on reload_failed; after 5m)"),
        Case(
            "notify.url", \.edge, from: "notify: [{url: \"https://a.example/\", on: [tailnet]}]",
            "notify: [{url: \"https://b.example/\", on: [tailnet]}]",
            "notify: https://a.example (on tailnet; after 5m) → https://b.example (on tailnet; after 5m)"),
        Case(
            "notify.headers_file", \.edge, from: "notify: [{url: \"https://a.example/\", on: [tailnet]}]",
            "notify: [{url: \"https://a.example/\", on: [tailnet], headers_file: /h}]",
            "notify: https://a.example (on tailnet; after 5m) → https://a.example (headers_file /h; on tailnet; after 5m)"
        ),
        Case(
            "notify.trust_roots", \.edge, from: "notify: [{url: \"https://a.example/\", on: [tailnet]}]",
            "notify: [{url: \"https://a.example/\", on: [tailnet], trust_roots: /t}]",
            "notify: https://a.example (on tailnet; after 5m) → https://a.example (trust_roots /t; on tailnet; after 5m)"
        ),
        Case(
            "notify.on", \.edge, from: "notify: [{command: [/a], on: [tailnet]}]",
            "notify: [{command: [/a], on: [certificate]}]",
            "notify: /a (on tailnet; after 5m) → /a (on certificate; after 5m)"),
        Case(
            "notify.after", \.edge, from: "notify: [{command: [/a], on: [tailnet]}]",
            "notify: [{command: [/a], on: [tailnet], after: 1m}]",
            "notify: /a (on tailnet; after 5m) → /a (on tailnet; after 1m)"),
        Case("tailscale", \.edge, "tailscale: off", "tailscale: /var/run/tailscale/tailscaled.sock → off"),
        Case(
            "tailscale.socket", \.edge, "tailscale: {socket: /t}",
            "tailscale: /var/run/tailscale/tailscaled.sock → /t"),
    ]

    private static let listener: [Case] = [
        Case("listeners.name", \.name, "name: web", "listener web: was called https"),
        Case("listeners.bind", \.bind, "bind: [\":443\", \":444\"]", "listener https: listens on :444 too"),
        Case(
            "listeners.protocol", \.proto, from: "protocol: imap", "protocol: imaps",
            "listener https: protocol: imap → imaps"),
        Case(
            "listeners.to", \.routes, from: "to: mailbox", "to: other", "listener https: routes: to mailbox → to other"),
        Case("listeners.routes.to", \.routes, "routes: [{to: other}]", "listener https: routes: to mailbox → to other"),
        Case(
            "listeners.routes.match.sni", \.routes, "routes: [{match: {sni: [a.example]}, to: mailbox}]",
            "listener https: routes: to mailbox → sni a.example to mailbox"),
        Case(
            "listeners.routes.match.alpn", \.routes, "routes: [{match: {alpn: [h2]}, to: mailbox}]",
            "listener https: routes: to mailbox → alpn h2 to mailbox"),
        Case(
            "listeners.routes.match.client", \.routes, "routes: [{match: {client: [10.0.0.0/8]}, to: mailbox}]",
            "listener https: routes: to mailbox → client 10.0.0.0/8 to mailbox"),
        Case(
            "listeners.routes.match.not", \.routes, "routes: [{match: {not: {alpn: [h2]}}, to: mailbox}]",
            "listener https: routes: to mailbox → not (alpn h2) to mailbox"),
        Case(
            "listeners.routes.proxy_protocol", \.routes, "routes: [{to: mailbox, proxy_protocol: v1}]",
            "listener https: routes: to mailbox → to mailbox (proxy_protocol v1)"),
        Case(
            "listeners.routes.proxy_protocol.version", \.routes,
            "routes: [{to: mailbox, proxy_protocol: {version: v1}}]",
            "listener https: routes: to mailbox → to mailbox (proxy_protocol v1)"),
        Case(
            "listeners.routes.proxy_protocol.tlvs", \.routes, from: "routes: [{to: mailbox, proxy_protocol: v2}]",
            "routes: [{to: mailbox, proxy_protocol: {tlvs: [alpn]}}]",
            "listener https: routes: to mailbox (proxy_protocol v2) → to mailbox (proxy_protocol v2 with alpn)"),
        Case(
            "listeners.timeouts.connect", \.listener, "timeouts: {connect: 7s}",
            "listener https: timeouts.connect: 5s → 7s"),
        Case(
            "listeners.timeouts.hello", \.listener, "timeouts: {hello: 7s}", "listener https: timeouts.hello: 10s → 7s"),
        Case(
            "listeners.timeouts.idle", \.listener, from: "timeouts: {idle: 1s}", "timeouts: {idle: 7s}",
            "listener https: timeouts.idle: 1s → 7s"),
        Case(
            "listeners.timeouts.half_closed", \.listener, from: "timeouts: {half_closed: 1s}",
            "timeouts: {half_closed: 7s}",
            "listener https: timeouts.half_closed: 1s → 7s"),
        Case(
            "listeners.proxy_protocol_in", \.listener, from: "proxy_protocol_in: {trusted: [10.0.0.0/8]}",
            "proxy_protocol_in: off", "listener https: proxy_protocol_in: trusted 10.0.0.0/8; timeout 5s → off"),
        Case(
            "listeners.proxy_protocol_in.trusted", \.listener, "proxy_protocol_in: {trusted: [10.0.0.0/8]}",
            "listener https: proxy_protocol_in: off → trusted 10.0.0.0/8; timeout 5s"),
        Case(
            "listeners.proxy_protocol_in.others", \.listener, from: "proxy_protocol_in: {trusted: [10.0.0.0/8]}",
            "proxy_protocol_in: {trusted: [10.0.0.0/8], others: direct}",
            "listener https: proxy_protocol_in: trusted 10.0.0.0/8; timeout 5s → trusted 10.0.0.0/8; timeout 5s; others direct"
        ),
        Case(
            "listeners.proxy_protocol_in.timeout", \.listener, from: "proxy_protocol_in: {trusted: [10.0.0.0/8]}",
            "proxy_protocol_in: {trusted: [10.0.0.0/8], timeout: 3s}",
            "listener https: proxy_protocol_in: trusted 10.0.0.0/8; timeout 5s → trusted 10.0.0.0/8; timeout 3s"),
        Case(
            "listeners.max_connections", \.listener, "max_connections: 9", "listener https: max_connections: none → 9"),
        Case(
            "listeners.refusal.host", \.listener, "refusal: {host: mx.example}",
            "listener https: refusal.host: the edge's name → mx.example"),
        Case(
            "listeners.refusal.text", \.listener, "refusal: {text: Later}",
            "listener https: refusal.text: the edge's own words → \"Later\""),
    ]

    private static let upstream: [Case] = [
        Case(
            "upstreams.endpoints", \.endpoints, "endpoints: [a.example, c.example]",
            "upstream mailbox: endpoint c.example is new"),
        Case(
            "upstreams.endpoints.address", \.endpoints, "endpoints: [{address: a.example}, {address: c.example}]",
            "upstream mailbox: endpoint c.example is new"),
        Case(
            "upstreams.endpoints.weight", \.endpoints, "endpoints: [{address: a.example, weight: 3}]",
            "upstream mailbox: endpoint a.example, weight: 1 → 3"),
        Case(
            "upstreams.endpoints.proxy_protocol", \.endpoints,
            "endpoints: [{address: a.example, proxy_protocol: v1}]",
            "upstream mailbox: endpoint a.example, proxy_protocol: the upstream's → v1"),
        Case(
            "upstreams.endpoints.proxy_protocol.version", \.endpoints,
            "endpoints: [{address: a.example, proxy_protocol: {version: none}}]",
            "upstream mailbox: endpoint a.example, proxy_protocol: the upstream's → none"),
        Case(
            "upstreams.endpoints.proxy_protocol.tlvs", \.endpoints,
            "endpoints: [{address: a.example, proxy_protocol: {tlvs: [crc32c]}}]",
            "upstream mailbox: endpoint a.example, proxy_protocol: the upstream's → v2 with crc32c"),
        Case(
            "upstreams.endpoints.backup", \.endpoints, from: "endpoints: [a.example, c.example]",
            "endpoints: [a.example, {address: c.example, backup: true}]",
            "upstream mailbox: endpoint c.example, backup: false → true"),
        Case(
            "upstreams.hostname", \.upstream, "hostname: m.example.org",
            "upstream mailbox: hostname: none → m.example.org"),
        Case(
            "upstreams.proxy_protocol", \.upstream, "proxy_protocol: v1",
            "upstream mailbox: proxy_protocol: none → v1"),
        Case(
            "upstreams.proxy_protocol.version", \.upstream, "proxy_protocol: {version: v1}",
            "upstream mailbox: proxy_protocol: none → v1"),
        Case(
            "upstreams.proxy_protocol.tlvs", \.upstream, from: "proxy_protocol: v2", "proxy_protocol: {tlvs: [crc32c]}",
            "upstream mailbox: proxy_protocol: v2 → v2 with crc32c"),
        Case(
            "upstreams.connect_timeout", \.upstream, "connect_timeout: 7s",
            "upstream mailbox: connect_timeout: the listener's → 7s"),
        Case("upstreams.via", \.upstream, "via: tailscale", "upstream mailbox: via: direct → tailscale"),
        Case(
            "upstreams.via.socks5", \.upstream, "via: {socks5: \"127.0.0.1:1055\"}",
            "upstream mailbox: via: direct → socks5 127.0.0.1:1055"),
        Case(
            "upstreams.policy", \.upstream, "policy: round_robin", "upstream mailbox: policy: first → round_robin",
            beside: (\.endpoints, "endpoints: [a.example, c.example]")),
        Case("upstreams.hold", \.upstream, "hold: 15s", "upstream mailbox: hold: 0s → 15s"),
        Case(
            "upstreams.warm", \.upstream, from: "proxy_protocol: v2", "proxy_protocol: v2, warm: 2",
            "upstream mailbox: warm: 0 → 2"),
        Case("upstreams.health", \.upstream, "health: off", "upstream mailbox: health: on → off"),
        Case(
            "upstreams.health.interval", \.upstream, "health: {interval: 7s}",
            "upstream mailbox: health.interval: 30s → 7s"),
        Case(
            "upstreams.health.timeout", \.upstream, "health: {timeout: 7s}", "upstream mailbox: health.timeout: 5s → 7s"
        ),
        Case(
            "upstreams.health.affects", \.upstream, from: "health: {affects: all}", "health: {affects: nothing}",
            "upstream mailbox: health.affects: all → nothing"),
        Case("upstreams.health.rise", \.upstream, "health: {rise: 9}", "upstream mailbox: health.rise: 2 → 9"),
        Case("upstreams.health.fall", \.upstream, "health: {fall: 9}", "upstream mailbox: health.fall: 3 → 9"),
        Case(
            "upstreams.health.close_if_unhealthy", \.upstream, "health: {close_if_unhealthy: true}",
            "upstream mailbox: health.close_if_unhealthy: false → true"),
        Case(
            "upstreams.health.names", \.upstream, "health: {names: [m.example]}",
            "upstream mailbox: health.names: none → m.example"),
        Case(
            "upstreams.health.trust_roots", \.upstream, "health: {trust_roots: /t}",
            "upstream mailbox: health.trust_roots: the system's → /t"),
        Case(
            "upstreams.health.port", \.upstream, "health: {port: 26}",
            "upstream mailbox: health.port: the clients' → 26"),
        Case(
            "upstreams.health.proxy_protocol", \.upstream, "health: {proxy_protocol: none}",
            "upstream mailbox: health.proxy_protocol: the clients' → none"),
        Case(
            "upstreams.health.recipient", \.upstream, "health: {recipient: ann@m.example}",
            "upstream mailbox: health.recipient: the postmaster → ann@m.example"),
    ]

    private static func limits(
        network: String = "/32 and /64", wide: String = "/24 and /48 times 8", table: Int = 65_536,
        pending: String = "as usual, as usual"
    ) -> String {
        "network \(network); wide \(wide); table \(table); pending \(pending) per client"
    }

    private static let clients: [Case] = [
        Case("limits", \.edge, "limits: off", "limits: \(limits()) → off"),
        Case(
            "limits.network.v4", \.edge, "limits: {network: {v4: 30}}",
            "limits: \(limits()) → \(limits(network: "/30 and /64"))"),
        Case(
            "limits.network.v6", \.edge, "limits: {network: {v6: 56}}",
            "limits: \(limits()) → \(limits(network: "/32 and /56"))"),
        Case("limits.wide", \.edge, "limits: {wide: off}", "limits: \(limits()) → \(limits(wide: "off"))"),
        Case(
            "limits.wide.v4", \.edge, "limits: {wide: {v4: 20}}",
            "limits: \(limits()) → \(limits(wide: "/20 and /48 times 8"))"),
        Case(
            "limits.wide.v6", \.edge, "limits: {wide: {v6: 40}}",
            "limits: \(limits()) → \(limits(wide: "/24 and /40 times 8"))"),
        Case(
            "limits.wide.factor", \.edge, "limits: {wide: {factor: 3}}",
            "limits: \(limits()) → \(limits(wide: "/24 and /48 times 3"))"),
        Case("limits.table", \.edge, "limits: {table: 2048}", "limits: \(limits()) → \(limits(table: 2048))"),
        Case(
            "limits.pending.total", \.edge, "limits: {pending: {total: 9}}",
            "limits: \(limits()) → \(limits(pending: "9, as usual"))"),
        Case(
            "limits.pending.per_client", \.edge, "limits: {pending: {per_client: 9}}",
            "limits: \(limits()) → \(limits(pending: "as usual, 9"))"),
        Case("listeners.limits", \.listener, "limits: off", "listener https: limits: the protocol's → off"),
        Case(
            "listeners.limits.concurrent", \.listener, "limits: {concurrent: 9, rate: off}",
            "listener https: limits: the protocol's → concurrent 9; rate off"),
        Case(
            "listeners.limits.rate", \.listener, "limits: {rate: 9/1m}",
            "listener https: limits: the protocol's → concurrent 300; rate 9/1m; burst 9"),
        Case(
            "listeners.limits.burst", \.listener, "limits: {burst: 9}",
            "listener https: limits: the protocol's → concurrent 300; rate 1200/1m; burst 9"),
        Case("bans.file", \.edge, "bans: {file: off}", "bans.file: /var/lib/tailwart/bans → off"),
        Case("bans.v6_prefix", \.edge, "bans: {v6_prefix: 56}", "bans.v6_prefix: 64 → 56"),
        Case("bans.strikes", \.edge, "bans: {strikes: off}", "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → off"),
        Case(
            "bans.strikes.count", \.edge, "bans: {strikes: {count: 9}}",
            "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → 9 within 10m, for 1h × 4 up to 30d"),
        Case(
            "bans.strikes.within", \.edge, "bans: {strikes: {within: 9m}}",
            "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → 10 within 9m, for 1h × 4 up to 30d"),
        Case(
            "bans.strikes.for", \.edge, "bans: {strikes: {for: 9h}}",
            "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → 10 within 10m, for 9h × 4 up to 30d"),
        Case(
            "bans.strikes.factor", \.edge, "bans: {strikes: {factor: 9}}",
            "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → 10 within 10m, for 1h × 9 up to 30d"),
        Case(
            "bans.strikes.max", \.edge, "bans: {strikes: {max: 9d}}",
            "bans.strikes: 10 within 10m, for 1h × 4 up to 30d → 10 within 10m, for 1h × 4 up to 9d"),
        Case("bans.never", \.edge, "bans: {never: [192.0.2.1]}", "bans.never: nobody else → 192.0.2.1"),
        Case("bans.lists.file", \.edge, "bans: {lists: [{file: /d.txt}]}", "bans.lists: none → list d.txt"),
        Case(
            "bans.lists.url", \.edge, "bans: {lists: [{url: \"https://a.example/d?key=1\"}]}",
            "bans.lists: none → list a.example/d"),
        Case(
            "bans.lists.networks", \.edge, "bans: {lists: [{networks: [192.0.2.1]}]}",
            "bans.lists: none → list of the configuration"),
        Case(
            "bans.lists.allow", \.edge, from: "bans: {lists: [{file: /d.txt}]}",
            "bans: {lists: [{file: /d.txt, allow: true}]}", "bans.lists: list d.txt → list d.txt (allowed)"),
        Case(
            "bans.lists.every", \.edge, from: "bans: {lists: [{url: \"https://a.example/d\"}]}",
            "bans: {lists: [{url: \"https://a.example/d\", every: 9h}]}",
            "bans.lists: list a.example/d → the same with other words that may be secret"),
        Case("bans.observe", \.edge, "bans: {observe: true}", "bans.observe: false → true"),
        Case(
            "bans.webhook", \.edge, from: "bans: {webhook: {listen: \"127.0.0.1:9\", key_file: /k}}",
            "bans: {webhook: off}", "bans.webhook: 127.0.0.1:9 (key_file /k) → off"),
        Case(
            "bans.webhook.listen", \.edge, "bans: {webhook: {listen: \"tailnet:9\", key_file: /k}}",
            "bans.webhook: off → tailnet:9 (key_file /k)"),
        Case(
            "bans.webhook.key_file", \.edge, from: "bans: {webhook: {listen: \"127.0.0.1:9\", key_file: /k}}",
            "bans: {webhook: {listen: \"127.0.0.1:9\", key_file: /l}}",
            "bans.webhook: 127.0.0.1:9 (key_file /k) → 127.0.0.1:9 (key_file /l)"),
        Case(
            "bans.crowdsec", \.edge, from: "bans: {crowdsec: {url: \"http://127.0.0.1:8080\", key_file: /k}}",
            "bans: {crowdsec: off}", "bans.crowdsec: http://127.0.0.1:8080 (key_file /k) → off"),
        Case(
            "bans.crowdsec.url", \.edge, "bans: {crowdsec: {url: \"http://127.0.0.1:8080\", key_file: /k}}",
            "bans.crowdsec: off → http://127.0.0.1:8080 (key_file /k)"),
        Case(
            "bans.crowdsec.key_file", \.edge,
            from: "bans: {crowdsec: {url: \"http://127.0.0.1:8080\", key_file: /k}}",
            "bans: {crowdsec: {url: \"http://127.0.0.1:8080\", key_file: /l}}",
            "bans.crowdsec: http://127.0.0.1:8080 (key_file /k) → http://127.0.0.1:8080 (key_file /l)"),
    ]

    private static let cases = edge + listener + upstream + clients

    @Test(arguments: cases) func `a key that says something else is a change in one sentence`(example: Case) throws {
        func configuration(_ file: File) throws -> Configuration {
            let result = Configuration.load(text: file.text, file: "test.yaml", environment: [:])
            return try #require(result.configuration, "\(result.report)")
        }
        let difference = ConfigurationDifference(
            from: try configuration(example.before), to: try configuration(example.after))
        #expect(difference.sentences == [example.sentence])
    }

    @Test func `every key of the general form is among them`() throws {
        let schema = try SchemaDocument(text: Configuration.schema)
        // Written out into the general form before anything is compared.
        let short: Set = ["mailbox", "web", "defaults"]
        let keys = schema.keyPaths.filter { path in !short.contains { path == $0 || path.hasPrefix("\($0).") } }
        #expect(keys.count > 50)
        #expect(keys.subtracting(Self.cases.map(\.path)) == [])
        #expect(Set(Self.cases.map(\.path)).subtracting(keys) == [])
    }

    @Test func `every setting with a word is a key`() throws {
        let keys = try SchemaDocument(text: Configuration.schema).keyPaths.union(["notify", "bans.lists"])
        let words =
            Configuration.shown.map(\.key)
            + Listener.shown.map { "listeners.\($0.key)" }
            + (Upstream.shown.map(\.key) + HealthSettings.shown.map(\.key)).map { "upstreams.\($0)" }
            + Endpoint.shown.map { "upstreams.endpoints.\($0.key)" }
        #expect(Set(words).subtracting(keys) == [])
        #expect(Set(words).count == words.count)
    }
}
