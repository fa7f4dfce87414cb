import TailwartConfig
import TailwartCore
import TailwartWire
import Testing

struct SnapshotTests {
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
            health: {close_if_unhealthy: true}
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

    @Test func `a route holds the index of its upstream and the header that is in force`() throws {
        let snapshot = try configuration(text).snapshot { _ in [] }
        #expect(snapshot.maxConnections == 100)
        let https = snapshot.listeners[0]
        #expect(https.proto == .https)
        #expect(https.maxConnections == 7)
        #expect(
            https.routes.map(\.target) == [
                .upstream(1, port: 8443), .close, .upstream(2, port: nil), .upstream(3, port: nil),
                .upstream(0, port: nil),
            ])
        #expect(https.routes.map(\.proxyProtocol.version) == [.none, .none, .none, .v2, .v2])
        #expect(snapshot.listeners[1].routes == [Route(target: .upstream(1, port: nil), proxyProtocol: .init(.v1))])
        #expect(snapshot.listeners[1].timeouts == Timeouts(for: .smtp))
    }

    @Test func `an upstream holds resolved endpoints and its own settings`() throws {
        var asked: [String] = []
        let address = IPAddress.v4(0xc000_0207)
        let snapshot = try configuration(text).snapshot { name in
            asked.append(name)
            return name == "a.example.net" ? [.loopbackV6, address] : []
        }
        #expect(Set(asked) == Set(try configuration(text).hostNames))
        #expect(
            snapshot.upstreams[0]
                == Upstream(
                    name: "a",
                    endpoints: [
                        Endpoint(name: "a.example.net", location: .addresses([.loopbackV6, address])),
                        Endpoint(name: "b.example.net:26", location: .addresses([]), port: 26),
                        Endpoint(name: "192.0.2.1", location: .addresses([.v4(0xc000_0201)])),
                        Endpoint(name: "unix:/run/x", location: .unix(path: "/run/x")),
                        Endpoint(name: "c.example.net", location: .addresses([]), weight: 4),
                    ],
                    policy: .roundRobin, connectTimeout: .seconds(2), hold: .seconds(10), warm: 3))
        #expect(snapshot.upstreams[1].endpoints.map(\.isBackup) == [false, true])
        #expect(snapshot.upstreams[2].via == .socks5(InternetAddress(.loopbackV4, port: 1055)))
        #expect(
            snapshot.upstreams[3]
                == Upstream(
                    name: "tailnet",
                    endpoints: [
                        Endpoint(name: "e.example.net", location: .host("e.example.net")),
                        Endpoint(name: "100.64.0.7", location: .addresses([.v4(0x6440_0007)])),
                    ],
                    via: .tailscale(socket: "/run/tailscaled.sock"), closesIfUnwell: true))
    }

    @Test func `a listener refuses in the words of the file, and in the name of the edge where there are none`() throws
    {
        let configuration = try configuration(
            """
            defaults: {refusal: {text: "later"}}
            upstreams: {a: {endpoints: [a.example.net]}}
            listeners:
              - {name: own, bind: [":25"], to: a, refusal: {host: mx.example.org}}
              - {name: inherited, bind: [":143"], to: a}
            """)
        let snapshot = configuration.snapshot(edge: "edge.example.net") { _ in [] }
        #expect(
            snapshot.listeners.map(\.refusal) == [
                Refusal(host: "mx.example.org", text: "later"), Refusal(host: "edge.example.net", text: "later"),
            ])
    }

    @Test func `a route to an upstream that is not there closes`() {
        let listener = Listener(
            name: "x", bind: [.any(port: 25)], proto: .smtp,
            routes: [Route(to: .upstream("gone", port: nil))])
        let snapshot = Configuration(listeners: [listener]).snapshot { _ in [] }
        #expect(snapshot.listeners[0].routes == [Route(target: .close)])
    }
}
