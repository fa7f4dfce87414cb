import TailwartConfig
import TailwartCore
import TailwartWire
import Testing

struct TopologyOfFileTests {
    private func configuration(_ text: String) throws -> Configuration {
        let result = Configuration.load(text: text, file: "test.yaml", environment: [:])
        return try #require(result.configuration, "\(result.report)")
    }

    private let text = """
        max_connections: 100
        upstreams:
          a:
            endpoints: [a.example.net, "b.example.net:26", 192.0.2.1, "unix:/run/x", {address: c.example.net, weight: 4}]
            proxy_protocol: v2
            connect_timeout: 2s
            policy: round_robin
            hold: 10s
            warm: 3
          b: {endpoints: [a.example.net, {address: d.example.net, backup: true}], proxy_protocol: v1}
          proxied: {endpoints: [hidden.example.net, "2001:db8::1"], via: {socks5: "127.0.0.1:1055"}}
          tailnet:
            endpoints: [e.example.net, 100.64.0.7]
            via: tailscale
            proxy_protocol: v2
        tailscale: {socket: /run/tailscaled.sock}
        listeners:
          - name: https
            bind: [":443"]
            max_connections: 7
            routes:
              - match: {sni: [mail.example.org]}
                to: b:8443
                proxy_protocol: none
              - match: {alpn: [h2]}
                to: close
              - match: {client: [10.0.0.0/8]}
                to: proxied
              - match: {client: [192.168.0.0/16]}
                to: tailnet
              - to: a
          - {name: smtp, bind: [":25"], to: b}
        """

    @Test func `host names are listed once, without literals and without what others resolve`() throws {
        let configuration = try configuration(text)
        let names = ["a.example.net", "b.example.net", "c.example.net", "d.example.net"]
        #expect(configuration.hostNames == names)
        #expect(configuration.tailnetNames == names + ["e.example.net"])
    }

    @Test func `a route leads to its upstream, with the header that is in force and on the port that is dialled`()
        throws
    {
        let topology = Topology(try configuration(text), addresses: { _ in [] })
        #expect(topology.maxConnections == 100)
        let https = topology.frontends[0]
        #expect(https.mayPeek)
        #expect(https.maxConnections == 7)
        let passages = (0..<5).map { https.passage(route: $0, port: 443) }
        #expect(passages.map { $0?.backend.name } == ["b", nil, "proxied", "tailnet", "a"])
        #expect(
            passages.map { $0?.headers[0].version } == [
                ProxyProtocolOut.Version.none, nil, ProxyProtocolOut.Version.none, .v2, .v2,
            ])
        #expect(passages[0]?.places.map(\.key.port) == [8443, 8443])
        #expect(passages[4]?.places.map(\.key.port) == [443, 26, 443, 0, 443])
        #expect(passages[4]?.connectLimit == 2_000_000)
        let smtp = try #require(topology.frontends[1].passage(route: 0, port: 25))
        #expect(smtp.headers[0] == ProxyProtocolOut(.v1))
        #expect(smtp.connectLimit == Timeouts.defaultConnect.microseconds)
        #expect(topology.frontends[1].listener.timeouts == Timeouts(for: .smtp))
    }

    @Test func `an upstream has resolved endpoints and its own settings`() throws {
        var asked: [String] = []
        let address = IPAddress.v4(0xc000_0207)
        let topology = Topology(
            try configuration(text),
            addresses: { name in
                asked.append(name)
                return name == "a.example.net" ? [.loopbackV6, address] : []
            })
        #expect(Set(asked) == Set(try configuration(text).hostNames))
        let first = topology.backends[0]
        #expect(
            first.endpoints.map(\.name) == [
                "a.example.net", "b.example.net:26", "192.0.2.1", "unix:/run/x", "c.example.net",
            ])
        #expect(
            first.endpoints.map(\.location) == [
                .addresses([.loopbackV6, address]), .addresses([]), .addresses([.v4(0xc000_0201)]),
                .unix(path: "/run/x"), .addresses([]),
            ])
        #expect(first.endpoints.map(\.weight) == [1, 1, 1, 1, 4])
        #expect(first.upstream.policy == .roundRobin)
        #expect(first.upstream.hold == .seconds(10))
        #expect(first.upstream.warm == 3)
        #expect(topology.backends[1].endpoints.map(\.isBackup) == [false, true])
        #expect(topology.backends[2].via == .socks5(InternetAddress(.loopbackV4, port: 1055)))
        #expect(topology.backends[3].via == .tailscale(socket: "/run/tailscaled.sock"))
        #expect(
            topology.backends[3].endpoints.map(\.location) == [
                .host("e.example.net"), .addresses([.v4(0x6440_0007)]),
            ])
    }

    @Test func `a listener refuses in the words of the file, and in the name of the edge where there are none`() throws
    {
        let configuration = try configuration(
            """
            defaults: {refusal: {text: "later"}}
            upstreams: {a: {endpoints: [a.example.net]}}
            listeners:
              - {name: own, bind: [":25"], to: a, refusal: {host: mx.example.org}}
              - {name: inherited, bind: [":587"], to: a}
            """)
        let topology = Topology(configuration, edge: "edge.example.net", addresses: { _ in [] })
        #expect(
            topology.frontends.map(\.unavailable) == [
                .words(Array("421 4.3.2 mx.example.org later\r\n".utf8)),
                .words(Array("421 4.3.2 edge.example.net later\r\n".utf8)),
            ])
    }

    @Test func `a route to an upstream that is not there closes`() {
        let listener = Listener(
            name: "x", bind: [.any(port: 25)], proto: .smtp, routes: [Route(to: .upstream("gone", port: nil))])
        let topology = Topology(Configuration(listeners: [listener]), addresses: { _ in [] })
        #expect(topology.frontends[0].passage(route: 0, port: 25) === nil)
    }
}
