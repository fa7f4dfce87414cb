import TailwartCore
import TailwartImport
import Testing

/// A Caddyfile comes to the same as the JSON that `caddy adapt` makes of it.
@Suite struct CaddyfileTests {
    private func load(_ text: String, _ kind: ForeignConfiguration.Kind = .caddyfile) -> ImportResult {
        Importer(file: "Caddyfile", kind: kind, files: FilesOnHost()).run(text)
    }

    private static let caddyfile = """
        # One mail host.
        (send) {
            proxy_protocol v2
        }
        {
            email admin@example.org
            layer4 {
                :25, 192.0.2.1:587 {
                    @office remote_ip 192.0.2.0/24 198.51.100.7
                    @spam {
                        remote_ip 203.0.113.0/24
                        not remote_ip 203.0.113.9
                    }
                    route @spam {
                        close
                    }
                    route {
                        proxy_protocol {
                            allow 10.0.0.0/8
                            allow 192.168.0.0/16
                            deny 10.1.0.0/16
                            timeout 3s
                        }
                        proxy {$MAIL:mail.example.net}:25 {
                            import send
                        }
                    }
                }
                tcp/:443 {
                    matching_timeout 4s
                    @mail tls sni mail.example.org \\
                        imap.example.org
                    @acme tls {
                        sni acme.example.org
                        alpn acme-tls/1
                    }
                    @private remote_ip private_ranges
                    route @mail @acme {
                        proxy {
                            upstream 10.0.0.5:443
                            upstream 10.0.0.6:443 {
                                max_connections 5
                            }
                            lb_policy first
                            lb_try_duration 10s
                            health_interval 20s
                            health_rise 3
                        }
                    }
                    route @private {
                        subroute {
                            @inner tls sni "inner.example.org"
                            route @inner {
                                proxy 10.0.0.7:443 10.0.0.8:443
                            }
                        }
                        close
                    }
                    route {
                        proxy {env.WEB}:8443
                    }
                }
            }
        }
        www.example.org {
            respond "hello { }"
            respond /page <<HTML
                " {
                HTML 200
        }
        """

    @Test func `it is the same model as the JSON`() throws {
        let json = """
            {"apps": {"http": {"servers": {}}, "layer4": {"servers": {
              "srv0": {"listen": [":25", "192.0.2.1:587"], "routes": [
                {"match": [{"remote_ip": {"ranges": ["203.0.113.0/24"]}, "not": [{"remote_ip": {"ranges": ["203.0.113.9"]}}]}],
                 "handle": [{"handler": "close"}]},
                {"handle": [{"handler": "proxy_protocol", "allow": ["10.0.0.0/8", "192.168.0.0/16"], "deny": ["10.1.0.0/16"],
                  "timeout": "3s"},
                 {"handler": "proxy", "proxy_protocol": "v2", "upstreams": [{"dial": ["{env.MAIL}:25"]}]}]}]},
              "srv1": {"listen": ["tcp/:443"], "matching_timeout": "4s", "routes": [
                {"match": [{"tls": {"sni": ["mail.example.org", "imap.example.org"]}},
                  {"tls": {"sni": ["acme.example.org"], "alpn": ["acme-tls/1"]}}],
                 "handle": [{"handler": "proxy", "load_balancing": {"selection": {"policy": "first"}, "try_duration": "10s"},
                  "health_checks": {"active": {"interval": "20s", "rise": 3}},
                  "upstreams": [{"dial": ["10.0.0.5:443"]}, {"dial": ["10.0.0.6:443"], "max_connections": 5}]}]},
                {"match": [{"remote_ip": {"ranges": ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8",
                  "fd00::/8", "::1"]}}], "handle": [
                  {"handler": "subroute", "routes": [{"match": [{"tls": {"sni": ["inner.example.org"]}}], "handle": [
                    {"handler": "proxy", "upstreams": [{"dial": ["10.0.0.7:443"]}, {"dial": ["10.0.0.8:443"]}]}]}]},
                  {"handler": "close"}]},
                {"handle": [{"handler": "proxy", "upstreams": [{"dial": ["{env.WEB}:8443"]}]}]}]}
            }}}}
            """
        #expect(ForeignConfiguration.recognise(text: Self.caddyfile) == .caddyfile)
        let (made, same) = (load(Self.caddyfile), load(json, .caddy))
        #expect(made.isWhole && same.isWhole, "\(made.messages)\n\(same.messages)")
        let environment = made.variables.merging(["MAIL": "mail.example.net"]) { _, new in new }
        let one = try FixtureTests.configuration(made.yaml ?? "", environment)
        let other = try FixtureTests.configuration(same.yaml ?? "", environment)
        #expect(one.listeners == other.listeners && one.upstreams == other.upstreams, "\(made.yaml ?? "")")
        #expect(made.yaml?.contains("${MAIL:-mail.example.net}") == true)
        #expect(one.listeners.count == 3)
        #expect(
            made.findings.contains {
                $0.description.hasPrefix("Caddyfile:42:") && $0.message.contains("max_connections")
            })
    }

    @Test func `every beginning of it, and every hole in it, gets an answer`() {
        let scalars = Array(Self.caddyfile.unicodeScalars)
        for index in stride(from: Int.random(in: 0..<11), to: scalars.count, by: 11) {
            for rest in [scalars[..<index], scalars[..<index] + scalars[(index + 1)...]] {
                let result = load(String(String.UnicodeScalarView(rest)))
                guard let yaml = result.yaml else {
                    #expect(!result.isWhole, "\(index)")
                    continue
                }
                let environment = result.variables.merging(["MAIL": "mail.example.net"]) { first, _ in first }
                #expect(throws: Never.self, "\(index)") { _ = try FixtureTests.configuration(yaml, environment) }
            }
        }
    }

    private static func route(_ lines: String, sets: String = "") -> String {
        "{\nlayer4 {\n:993 {\n\(sets)\nroute \(sets.isEmpty ? "" : "@a") {\n\(lines)\n}\n}\n}\n}\n"
    }

    @Test(arguments: [
        (route("tls\nproxy 10.0.0.5:993"), "'tls': Tailwart does not terminate TLS"),
        (route("proxy_protocol\nproxy 10.0.0.5:993"), "name the networks of the proxies in front"),
        (route("proxy_protocol {\nfallback_policy SKIP\n}\nproxy 10.0.0.5:993"), "name the networks of the proxies"),
        (route("proxy 10.0.0.5:993 {\nfrobnicate on\n}"), "'frobnicate'"),
        (route("proxy {\nupstream 10.0.0.5:993 {\ntls_insecure_skip_verify\n}\n}"), "starts no TLS"),
        (route("proxy 10.0.0.5:993", sets: "@a ssh"), "'ssh': only TLS server name"),
        (route("proxy 10.0.0.5:993", sets: "@a tls sni_regexp ^a"), "'sni_regexp'"),
        (route("proxy 10.0.0.5:993", sets: "@a {\nremote_ip 10.0.0.0/8\nremote_ip 192.0.2.1\n}"), "is there twice"),
        (route("proxy 10.0.0.5:993", sets: "@b tls"), "there is no '@a' in this block"),
        (route("import mail.conf"), "only snippets of this file"),
        (route("proxy {$NO-NAME}:993"), "is not replaced here"),
        ("{\nlayer4 {\n:993 {\nfrobnicate\n}\n}\n}\n", "'frobnicate'"),
        ("{\nlayer4 {\n", "this '{' is not closed"), ("{\nlayer4 {\n}\n}\n}\n", "this '}' closes nothing"),
        ("{\nlayer4 \"x\n", "this quote is not closed"),
        ("{\nadmin off\n}\n", "nothing in this file"),
        (
            "{\nservers {\nlistener_wrappers {\nproxy_protocol\nlayer4 {\nroute {\nproxy 10.0.0.5:1\n}\n}\n}\n}\n}\n",
            "behind another wrapper"
        ),
    ])
    func `it is refused with its line`(text: String, words: String) {
        let result = load(text)
        #expect(!result.isWhole)
        #expect(result.messages.contains { $0.contains(words) }, "\(result.messages)\n\(result.yaml ?? "")")
        #expect(result.messages.allSatisfy { $0.hasPrefix("Caddyfile:") })
    }

    @Test func `routes inside HTTP servers become a listener before them`() throws {
        let result = load(
            """
            {
                servers :443 {
                    listener_wrappers {
                        layer4 {
                            @mail tls sni mail.example.org
                            route @mail {
                                proxy 10.0.0.5:443
                            }
                        }
                        tls
                    }
                }
            }
            example.org {
                respond hello
            }
            """)
        #expect(result.isWhole, "\(result.messages)")
        #expect(result.messages.contains { $0.contains("move that server of Caddy's there") })
        let listener = try #require(try FixtureTests.configuration(result.yaml ?? "").listeners.first)
        #expect(
            listener.routes == [
                Route(
                    match: RouteMatch(serverNames: [ServerNamePattern("mail.example.org")].compactMap(\.self)),
                    to: .upstream("upstream", port: nil)),
                Route(to: .upstream("caddy", port: nil)),
            ], "\(result.yaml ?? "")")
    }

    @Test func `a header that some routes read is not asked of HTTP clients`() {
        let text = """
            {"apps": {"http": {"servers": {"web": {"listen": [":443"], "listener_wrappers": [{"wrapper": "layer4", "routes": [
              {"match": [{"remote_ip": {"ranges": ["10.0.0.0/8"]}}], "handle": [{"handler": "proxy_protocol"},
               {"handler": "proxy", "upstreams": [{"dial": ["10.0.0.5:443"]}]}]}]}]}}}}}
            """
        let result = load(text, .caddy)
        #expect(result.messages.contains { $0.contains("with and without a PROXY header") }, "\(result.messages)")
    }
}
