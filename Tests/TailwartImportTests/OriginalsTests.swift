import TailwartCore
import TailwartImport
import Testing

/// What caddy-l4 0.1.2, HAProxy 3.4 and nginx 1.31 were seen to do, and what becomes of it: the same, or a refusal.
@Suite struct OriginalsTests {
    typealias Case = (name: String, kind: ForeignConfiguration.Kind, text: String, outcome: Outcome)

    /// What an import comes to.
    enum Outcome: Sendable {
        /// Words of a refusal.
        case refused(String)
        /// The routes of the first listener, and words of a note.
        case routes([Route], note: String? = nil)
        /// Words of our file, and of a note.
        case writes([String], note: String? = nil)
    }

    private static func header(_ settings: String, before: String = "", match: String = "") -> String {
        """
        {"apps": {"layer4": {"servers": {"a": {"listen": [":993"], "routes": [\(before){\(match)"handle": [
            {"handler": "proxy_protocol"\(settings)}, {"handler": "proxy", "upstreams": [{"dial": ["10.0.0.5:993"]}]}
        ]}]}}}}}
        """
    }

    private static func tls(_ port: Int, _ lines: String) -> String {
        """
        frontend a
          bind :::\(port)
          mode tcp
          \(lines)
        backend mail
          mode tcp
          server m 10.0.0.2:\(port)
        backend web
          mode tcp
          server m 10.0.0.3:\(port)
        """
    }

    private static func map(_ lines: String) -> String {
        "stream { map $ssl_preread_server_name $b { \(lines) } server { listen 443; ssl_preread on; proxy_pass $b; } }"
    }

    private static func names(_ names: String...) -> [ServerNamePattern] { names.compactMap { ServerNamePattern($0) } }
    private static func networks(_ texts: String...) -> [Network] { texts.compactMap { Network($0) } }
    private static let mail = Route.Target.upstream("mail", port: nil)
    private static let wait = "tcp-request inspect-delay 5s\n"
    private static let everybody = "claim to be anybody; name the networks"
    private static let closes =
        "{\"match\": [{\"remote_ip\": {\"ranges\": [\"10.1.0.0/16\"]}}], \"handle\": [{\"handler\": \"close\"}]}, "

    static let cases: [Case] = [
        ("nobody named", .caddy, header(""), .refused(everybody)),
        ("whom to distrust", .caddy, header(#", "deny": ["10.0.0.0/8"]"#), .refused(everybody)),
        ("a policy", .caddy, header(#", "fallback_policy": "REQUIRE""#), .refused(everybody)),
        ("some denied before", .caddy, header("", before: closes), .refused(everybody)),
        (
            "all but some", .caddy,
            header("", match: #""match": [{"not": [{"remote_ip": {"ranges": ["10.0.0.0/8"]}}]}], "#),
            .refused(everybody)
        ),
        (
            "all allowed denied", .caddy, header(#", "allow": ["10.1.0.0/16"], "deny": ["10.0.0.0/8"]"#),
            .refused(everybody)
        ),
        (
            "allowed without denied", .caddy, header(#", "allow": ["10.0.0.0/14"], "deny": ["10.1.0.0/16"]"#),
            .writes(
                ["trusted: [10.0.0.0/16, 10.2.0.0/15]"], note: "believes everybody whom 'deny' does not name")
        ),
        (
            "others served without a header", .caddy, header(#", "allow": ["10.0.0.0/14"]"#),
            .writes(["{trusted: [10.0.0.0/14], others: direct}"], note: "and serves them without a header too")
        ),
        (
            "others closed that bring no header", .caddy,
            header(#", "allow": ["10.0.0.0/14"], "fallback_policy": "require""#),
            .writes(["{trusted: [10.0.0.0/14]}"], note: "only whoever is trusted is let in")
        ),
        (
            "denied elsewhere", .caddy, header(#", "allow": ["10.0.0.0/14"], "deny": ["192.0.2.0/24"]"#),
            .writes(["trusted: [10.0.0.0/14]"])
        ),
        (
            "closed before", .caddy, header(#", "allow": ["10.0.0.0/14"]"#, before: closes),
            .writes(["trusted: [10.0.0.0/16, 10.2.0.0/15]"])
        ),
        (
            "allowed within", .caddy,
            header(
                #", "allow": ["10.0.0.0/8"]"#,
                match: #""match": [{"remote_ip": {"ranges": ["10.1.0.0/16", "192.0.2.1"]}}], "#),
            .writes(["trusted: [10.1.0.0/16]"])
        ),
        (
            "closed after", .caddy,
            header("", match: #""match": [{"remote_ip": {"ranges": ["10.0.0.0/14"]}}], "#)
                .replacing("]}]}}}}}", with: #"]}, {"handle": [{"handler": "close"}]}]}}}}}"#),
            .writes(["trusted: [10.0.0.0/14]"])
        ),
        (
            "passed on after, without a header", .caddy,
            header("", match: #""match": [{"remote_ip": {"ranges": ["10.0.0.0/14"]}}], "#)
                .replacing(
                    "]}]}}}}}",
                    with: #"]}, {"handle": [{"handler": "proxy", "upstreams": [{"dial": ["10.0.0.6:993"]}]}]}]}}}}}"#),
            .refused("with and without a PROXY header")
        ),
        (
            "a header before a subroute and what follows it", .caddy,
            """
            {"apps": {"layer4": {"servers": {"a": {"listen": [":443"], "routes": [
              {"handle": [{"handler": "proxy_protocol", "allow": ["10.0.0.0/8"]}, {"handler": "subroute", "routes": [
                {"match": [{"remote_ip": {"ranges": ["192.0.2.0/24"]}}], "handle": [{"handler": "close"}]}]}]},
              {"handle": [{"handler": "proxy", "upstreams": [{"dial": ["mail.example.net:443"]}]}]}
            ]}}}}}
            """,
            .routes([
                Route(match: RouteMatch(clients: networks("192.0.2.0/24")), to: .close),
                Route(to: .upstream("web", port: nil)),
            ])
        ),
        (
            "a variable among them", .caddy, header(#", "allow": ["{env.LB}"], "deny": ["10.1.0.0/16"]"#),
            .refused("depends on what a variable holds")
        ),
        (
            "a name within a pattern, then close", .caddy,
            """
            {"apps": {"layer4": {"servers": {"a": {"listen": [":443"], "routes": [
              {"match": [{"tls": {"sni": ["*.example.org", "example.org"]}}], "handle": [
                {"handler": "subroute", "routes": [{"match": [{"tls": {"sni": ["mail.example.org", "a.b.example.org"]}}],
                  "handle": [{"handler": "proxy", "upstreams": [{"dial": ["mail.example.net:443"]}]}]}]},
                {"handler": "close"}]},
              {"handle": [{"handler": "proxy", "upstreams": [{"dial": ["127.0.0.1:8443"]}]}]}
            ]}}}}}
            """,
            .routes([
                Route(match: RouteMatch(serverNames: names("mail.example.org")), to: mail),
                Route(match: RouteMatch(serverNames: names("*.example.org", "example.org")), to: .close),
                Route(to: .upstream("web", port: nil)),
            ])
        ),
        (
            "an address that is none", .caddy,
            """
            {"apps": {"layer4": {"servers": {"a": {"listen": [":25"], "routes": [
              {"match": [{"remote_ip": {"ranges": []}}], "handle": [{"handler": "close"}]},
              {"handle": [{"handler": "proxy", "upstreams": [{"dial": ["mail.example.net:25"]}]}]}
            ]}}}}}
            """, .writes(["address: mail.example.net"])
        ),
        (
            "plain text only, of some clients", .haproxy,
            tls(
                143,
                wait + "tcp-request content reject if { req.ssl_hello_type 1 }\nuse_backend mail if { src 10.0.0.0/8 }"),
            .routes(
                [Route(match: RouteMatch(clients: networks("10.0.0.0/8")), to: mail)],
                note: "no client shows a TLS hello here")
        ),
        (
            "a name of some clients, where the server speaks first", .haproxy,
            tls(587, wait + "use_backend mail if { req.ssl_sni mail.example.org } { src 10.0.0.0/8 }"),
            .routes([Route(match: RouteMatch(clients: networks("10.0.0.0/8")), to: mail)])
        ),
        (
            "closed without a name, of some clients, where the server speaks first", .haproxy,
            tls(
                25,
                wait + "tcp-request content reject if { src 10.0.0.0/8 } !{ req.ssl_sni mail.example.org }\n"
                    + "default_backend mail"),
            .routes([Route(match: RouteMatch(clients: networks("10.0.0.0/8")), to: .close), Route(to: mail)])
        ),
        (
            "TLS hellos one way, the others by address", .haproxy,
            tls(
                443,
                wait + "use_backend mail if { req.ssl_hello_type 1 }\nuse_backend mail if { src 10.0.0.0/8 }\n"
                    + "default_backend web"), .refused("TLS and what is not TLS go different ways")
        ),
        (
            "TLS hellos closed", .haproxy,
            tls(443, wait + "tcp-request content reject if { req.ssl_hello_type 1 }\ndefault_backend mail"),
            .refused("TLS and what is not TLS go different ways")
        ),
        (
            "any name", .haproxy, tls(443, wait + "use_backend mail if { req.ssl_sni -m found }"),
            .refused("'req.ssl_sni -m found'")
        ),
        (
            "no name", .haproxy,
            tls(993, wait + "tcp-request content reject unless { req_ssl_sni -m found }\ndefault_backend mail"),
            .refused("'req_ssl_sni -m found'")
        ),
        ("any protocol", .haproxy, tls(443, "use_backend mail if { req.ssl_alpn -m found }"), .refused("-m found")),
        (
            "a map of names", .haproxy,
            tls(
                443,
                wait
                    + "tcp-request content reject if !{ req.ssl_sni,lower,map_end(/etc/names) -m found }\ndefault_backend mail"
            ),
            .refused("map_end")
        ),
        (
            "another word of a name", .haproxy, tls(443, "use_backend mail if { req.ssl_sni,word(1,.) mail }"),
            .refused("word(1,.)")
        ),
        (
            "a mask", .haproxy,
            tls(25, "tcp-request connection reject if { src,ipmask(8) 10.0.0.0 }\ndefault_backend mail"),
            .refused("ipmask")
        ),
        (
            "no network", .haproxy, tls(25, "tcp-request connection reject if { src }\ndefault_backend mail"),
            .refused("'src'")
        ),
        (
            "a version of TLS", .haproxy,
            tls(993, wait + "tcp-request content reject if { req.ssl_ver lt 3.3 }\ndefault_backend mail"),
            .refused("'req.ssl_ver lt 3.3'")
        ),
        (
            "any version of TLS", .haproxy,
            tls(443, wait + "tcp-request content accept if { req_ssl_ver gt 3 }\ndefault_backend mail"),
            .refused("'req_ssl_ver gt 3'")
        ),
        (
            "another hello", .haproxy, tls(443, "use_backend mail if { req.ssl_hello_type 2 }"),
            .refused("req.ssl_hello_type 2")
        ),
        (
            "silence", .haproxy, tls(443, wait + "tcp-request content reject if { req.len 0 }\ndefault_backend mail"),
            .refused("'req.len 0'")
        ),
        (
            "an early talker", .haproxy,
            tls(25, wait + "tcp-request content reject if { req.len gt 0 }\ndefault_backend mail"),
            .refused("'req.len gt 0'")
        ),
        (
            "everybody waits", .haproxy, tls(25, wait + "tcp-request content accept if WAIT_END\ndefault_backend mail"),
            .refused("no acl 'WAIT_END'")
        ),
        (
            "nothing waits for the hello", .haproxy, tls(443, "use_backend mail if { req.ssl_sni mail.example.org }"),
            .routes(
                [Route(match: RouteMatch(serverNames: names("mail.example.org")), to: mail)],
                note: "mostly before the hello has come")
        ),
        (
            "a delay that nothing asks for", .haproxy,
            tls(443, wait + "use_backend mail if { req.ssl_sni mail.example.org }"),
            .writes(["hello: 5s"], note: "mostly before the hello has come")
        ),
        (
            "disabled", .haproxy,
            "listen a\nmode tcp\nbind :::110\ndisabled\nserver m 10.0.0.2:110\n" + tls(25, "default_backend mail"),
            .writes(["ports: [25]"], note: "listen a is disabled")
        ),
        ("a disabled backend", .haproxy, tls(25, "default_backend mail") + "\n  disabled", .writes(["ports: [25]"])),
        (
            "passed to a disabled backend", .haproxy, tls(25, "default_backend web") + "\n  disabled",
            .refused("'web' is disabled")
        ),
        (
            "the default before one's own servers", .haproxy,
            "listen a\nmode tcp\nbind :::25\ndefault_backend mail\nserver m 10.0.0.9:25\nbackend mail\nmode tcp\nserver m 10.0.0.2:25\n",
            .writes(["address: 10.0.0.2"])
        ),
        (
            "a check of another port, and by TLS", .haproxy,
            "listen a\nmode tcp\nbind :::993\nserver m 10.0.0.2:993 check port 10993 addr 10.0.0.3 check-ssl verify none\n",
            .writes(["address: 10.0.0.2"], note: "'port' is left out")
        ),
        (
            "a check of another port", .haproxy,
            "listen a\nmode tcp\nbind :::25\nserver m 10.0.0.2:25 send-proxy-v2 check port 10025\n",
            .writes(["port: 10025", "health: {", "proxy_protocol: none"])
        ),
        (
            "a check of another port with a header", .haproxy,
            "listen a\nmode tcp\nbind :::25\nserver m 10.0.0.2:25 send-proxy-v2 check port 10025 check-send-proxy\n",
            .writes(["health: {port: 10025}"])
        ),
        (
            "a check with a header that clients do not bring", .haproxy,
            "listen a\nmode tcp\nbind :::25\nserver m 10.0.0.2:25 check check-send-proxy\n",
            .writes(["health: {proxy_protocol: v1}"])
        ),
        (
            "a header for one of two servers", .haproxy,
            "listen a\nmode tcp\nbind :::25\nserver m 10.0.0.2:25 send-proxy-v2\nserver n 10.0.0.3:25 backup\n",
            .writes(["endpoints: [10.0.0.2, {address: 10.0.0.3, backup: true, proxy_protocol: none}]"])
        ),
        (
            "no limit of time", .haproxy,
            "listen a\nmode tcp\nbind :::993\ntimeout client 0\ntimeout connect 0s\nserver m 10.0.0.2:993\n",
            .writes(["idle: 1d", "connect_timeout: 1m", "health: off"], note: "no limit becomes 1d")
        ),
        (
            "no limit of connections", .haproxy,
            "global\nmaxconn 0\nlisten a\nmode tcp\nmaxconn 0\nbind 192.0.2.1:993,192.0.2.2:25\nserver m 10.0.0.2\n",
            .writes(["endpoints: [10.0.0.2]\n    health: off\n\nlisteners"])
        ),
        (
            "no limit of a tunnel, which is none at all", .haproxy,
            "listen a\nmode tcp\nbind :::993\ntimeout tunnel 0\ntimeout client 40m\nserver m 10.0.0.2:993 check\n",
            .writes(["idle: 40m"])
        ),
        (
            "a limit on one side", .haproxy,
            "listen a\nmode tcp\nbind :::993\ntimeout client 0\ntimeout server 40m\nserver m 10.0.0.2:993 check\n",
            .writes(["idle: 40m"])
        ),
        (
            "rules of a backend", .haproxy,
            tls(25, "default_backend web") + "\n  tcp-request content reject if { src 10.0.0.0/8 }",
            .routes([
                Route(match: RouteMatch(clients: networks("10.0.0.0/8")), to: .close),
                Route(to: .upstream("web", port: nil)),
            ])
        ),
        (
            "answers of a backend", .haproxy,
            tls(25, "default_backend web") + "\n  tcp-response content reject if { src 10.0.0.0/8 }",
            .refused("'tcp-response'")
        ),
        (
            "a hello or an address, where the server speaks first", .haproxy,
            tls(143, wait + "use_backend mail if { req.ssl_hello_type 1 } or { src 10.0.0.0/8 }"),
            .routes([Route(match: RouteMatch(clients: networks("10.0.0.0/8")), to: mail)])
        ),
        (
            "a name of some and another of all, where the server speaks first", .haproxy,
            tls(
                143,
                wait + "use_backend mail if { req.ssl_sni a.example.org } { src 10.0.0.0/8 }\n"
                    + "use_backend mail if { req.ssl_sni b.example.org }"), .refused("decide by the address alone")
        ),
        (
            "hellos of some closed, where the server speaks first", .haproxy,
            tls(
                143,
                wait + "tcp-request content reject if { req.ssl_hello_type 1 } { src 10.0.0.0/8 }\ndefault_backend mail"
            ),
            .refused("decide by the address alone")
        ),
        (
            "all closed but hellos of some, where the server speaks first", .haproxy,
            tls(
                143,
                wait + "tcp-request content reject unless { req.ssl_sni a.example.org } { src 10.0.0.0/8 }\n"
                    + "default_backend mail"), .refused("decide by the address alone")
        ),
        (
            "plain text of some", .haproxy,
            tls(
                993,
                wait
                    + "tcp-request content reject if !{ req.ssl_hello_type 1 } !{ src 10.0.0.0/8 }\ndefault_backend mail"
            ),
            .refused("TLS and what is not TLS go different ways")
        ),
        (
            "TLS of all and plain text of some", .haproxy,
            tls(993, wait + "use_backend mail if { req.ssl_hello_type 1 } || { src 10.0.0.0/8 }"),
            .refused("TLS and what is not TLS go different ways")
        ),
        (
            "plain text closed, on a port that may speak both", .haproxy,
            tls(8025, wait + "tcp-request content reject if !{ req.ssl_hello_type 1 }\ndefault_backend mail"),
            .refused("TLS and what is not TLS go different ways")
        ),
        (
            "an end of names closed", .haproxy,
            tls(443, wait + "tcp-request content reject if { req.ssl_sni -m end .example.org }\ndefault_backend mail"),
            .refused("any number of labels below is kept out")
        ),
        (
            "all but an end of names", .haproxy,
            tls(443, wait + "use_backend mail if !{ req.ssl_sni -m end .example.org }"),
            .refused("any number of labels below is kept out")
        ),
        (
            "an unknown flag", .haproxy, tls(25, "tcp-request connection reject if { src -u 5 10.0.0.0/8 }"),
            .refused("'-u'")
        ),
        (
            "a flag behind a pattern", .haproxy, tls(25, "tcp-request connection reject if { src 10.0.0.0/8 -i }"),
            .refused("'-i'")
        ),
        (
            "an option that dials elsewhere", .haproxy, tls(25, "option transparent\ndefault_backend mail"),
            .refused("'transparent'")
        ),
        ("an unknown option", .haproxy, tls(25, "option frobnicate\ndefault_backend mail"), .refused("'frobnicate'")),
        (
            "everybody's header", .haproxy,
            tls(25, "bind :::26 accept-proxy\ndefault_backend mail").replacing(
                "bind :::25", with: "bind :::25 accept-proxy"),
            .writes(["trusted: [0.0.0.0/0, \"::/0\"]"], note: "any client may send")
        ),
        (
            "whom to distrust, by HAProxy", .haproxy,
            tls(
                26,
                "tcp-request connection expect-proxy layer4\ntcp-request connection reject if { src 10.0.0.0/8 }\ndefault_backend mail"
            ),
            .refused(everybody)
        ),
        (
            "some senders of a header closed", .haproxy,
            tls(
                25,
                "tcp-request connection reject if { src 10.1.0.0/16 }\ntcp-request connection expect-proxy layer4 if { src 10.0.0.0/14 }\n"
                    + "tcp-request connection reject unless { src 10.0.0.0/14 }\ndefault_backend mail"
            ),
            .writes(["trusted: [10.0.0.0/16, 10.2.0.0/15]"])
        ),
        (
            "a header of some, and others served", .haproxy,
            tls(
                25,
                "tcp-request connection reject if { src 192.0.2.0/24 }\n"
                    + "tcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 }\ndefault_backend mail"),
            .writes(
                ["proxy_protocol_in: {trusted: [10.0.0.0/8], others: direct}", "client: [192.0.2.0/24]"],
                note: "closed too if their own address")
        ),
        (
            "few let in by the address of the connection, of whom some send a header", .haproxy,
            tls(
                25,
                "tcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 }\n"
                    + "tcp-request connection reject unless { src 10.0.0.0/8 192.0.2.0/24 }\ndefault_backend mail"),
            .refused("lets in but a few by the address of the connection")
        ),
        (
            "dropped without a word", .haproxy,
            tls(25, "tcp-request connection silent-drop if { src 10.0.0.0/8 }\ndefault_backend mail"),
            .routes(
                [
                    Route(match: RouteMatch(clients: networks("10.0.0.0/8")), to: .close),
                    Route(to: mail),
                ], note: "does not tell the client")
        ),
        (
            "a header on another port", .haproxy,
            tls(
                25,
                "bind :::2525\ntcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 } { dst_port 2525 }\ndefault_backend mail"
            ),
            .writes([
                "bind: [\":25\"]\n    to: mail\n\n",
                "proxy_protocol_in: {trusted: [10.0.0.0/8], others: direct}",
            ])
        ),
        (
            "a header of some, then of all", .haproxy,
            tls(
                25,
                "tcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 }\n"
                    + "tcp-request connection expect-proxy layer4\ndefault_backend mail"),
            .writes(["trusted: [0.0.0.0/0, \"::/0\"]"], note: "any client may send")
        ),
        (
            "a header of all, of whom some are named", .haproxy,
            tls(25, "tcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 }\ndefault_backend mail").replacing(
                "bind :::25", with: "bind :::25 accept-proxy"),
            .writes(["trusted: [10.0.0.0/8]"], note: "takes a header from everybody, by 'accept-proxy'")
        ),
        (
            "a header on one address and none on another", .haproxy,
            tls(
                25,
                "bind :::2525 accept-proxy\ntcp-request connection reject if !{ src 10.0.0.0/8 }\ndefault_backend mail"),
            .routes([
                Route(match: RouteMatch(not: [RouteMatch(clients: networks("10.0.0.0/8"))]), to: .close),
                Route(to: mail),
            ])
        ),
        (
            "nothing for a name", .nginx,
            map(#"internal.example.org ""; mail.example.org 10.0.0.2:443; default 10.0.0.3:443;"#),
            .routes([
                Route(match: RouteMatch(serverNames: names("internal.example.org")), to: .close),
                Route(match: RouteMatch(serverNames: names("mail.example.org")), to: .upstream("upstream", port: nil)),
                Route(to: .upstream("web", port: nil)),
            ])
        ),
        (
            "nothing for a pattern, and by default", .nginx,
            map(#"hostnames; .internal.example.org ""; *.example.org 10.0.0.2:443; default "";"#),
            .routes([
                Route(
                    match: RouteMatch(serverNames: names("internal.example.org", "*.internal.example.org")), to: .close),
                Route(match: RouteMatch(serverNames: names("*.example.org")), to: .upstream("upstream", port: nil)),
            ])
        ),
        (
            "no name to itself", .nginx, map(#""" 10.0.0.2:443; default 10.0.0.3:443;"#),
            .refused("clients without a server name")
        ),
        ("nothing but no name", .nginx, map(#""" 10.0.0.2:443;"#), .refused("clients without a server name")),
        (
            "a header of some", .nginx,
            "stream { server { listen 25 proxy_protocol; listen 26; set_real_ip_from 10.0.0.0/8; proxy_pass 10.0.0.2:25; } }",
            .writes([
                "bind: [0.0.0.0:25]\n    to: mailbox\n    proxy_protocol_in: {trusted: [10.0.0.0/8]}",
                "bind: [0.0.0.0:26]",
            ])
        ),
        (
            "a header of some, from whomever", .nginx,
            "stream { server { listen 25 proxy_protocol; listen 26; proxy_pass 10.0.0.2:25; } }", .refused(everybody)
        ),
        (
            "a pattern that leads to nothing", .nginx,
            map(#"hostnames; .internal.example.org ""; default 10.0.0.3:443;"#),
            .refused("any number of labels below is kept out")
        ),
        (
            "everybody's header, by nginx", .nginx,
            "stream { server { listen 25 proxy_protocol; proxy_protocol on; proxy_pass 10.0.0.2:25; } }",
            .refused("demands a PROXY header of every client and believes none")
        ),
        (
            "some let in who send a header that nginx does not believe", .nginx,
            "stream { server { listen 25 proxy_protocol; allow 10.0.0.0/8; deny all; proxy_protocol on; proxy_pass 10.0.0.2:25; } }",
            .refused("demands a PROXY header of every client and believes none")
        ),
        (
            "a header that nginx demands and does not pass on", .nginx,
            "stream { server { listen 25 proxy_protocol; proxy_pass 10.0.0.2:25; } }",
            .refused("if it was meant for the upstream, write 'proxy_protocol on;'")
        ),
        (
            "a header of some that nginx does not pass on", .nginx,
            "stream { server { listen 25 proxy_protocol; allow 10.0.0.0/8; deny all; proxy_pass 10.0.0.2:25; } }",
            .writes(["proxy_protocol: none", "proxy_protocol_in: {trusted: [10.0.0.0/8]}"])
        ),
        (
            "IPv4 in the form of IPv6", .nginx,
            "stream { server { listen 25; deny ::ffff:10.0.0.0/104; proxy_pass 10.0.0.2:25; } }",
            .refused("write it as IPv4")
        ),
        (
            "files that are not there", .nginx,
            "stream { server { listen 25; proxy_pass 10.0.0.2:25; } include /nowhere/at/all/*.conf; }",
            .writes(["health: off"], note: "there is no file")
        ),
        (
            "only files that are not there", .nginx, "stream { include /nowhere/at/all/*.conf; }",
            .refused("nothing in this file")
        ),
    ]

    @Test(arguments: cases.indices) func `what the original does is kept, or refused`(index: Int) throws {
        let (name, kind, text, outcome) = Self.cases[index]
        let result = Importer(file: "x", kind: kind, files: FilesOnHost()).run(text)
        let said = Comment(rawValue: "\(name): \(result.messages)\n\(result.yaml ?? "")")
        let environment = FixtureTests.environment.merging(result.variables) { first, _ in first }
        switch outcome {
        case .refused(let words):
            #expect(!result.isWhole, said)
            #expect(result.findings.contains { $0.severity == .refused && $0.message.contains(words) }, said)
        case .routes(let routes, let note):
            #expect(result.isWhole, said)
            #expect(note.map { note in result.messages.contains { $0.contains(note) } } ?? true, said)
            let configuration = try FixtureTests.configuration(result.yaml ?? "", environment)
            #expect(configuration.listeners.first?.routes == routes, said)
        case .writes(let words, let note):
            #expect(result.isWhole, said)
            #expect(words.allSatisfy { result.yaml?.contains($0) == true }, said)
            #expect(note.map { note in result.messages.contains { $0.contains(note) } } ?? true, said)
        }
    }

    @Test func `one listener too many is refused where it stands`() {
        let listens = (1...1001).map { "listen l\($0)\n bind 127.0.0.1:\($0)\n server s 10.0.0.1:\($0)\n" }.joined()
        let result = Importer(file: "x", kind: .haproxy, files: FilesOnHost()).run("defaults\n mode tcp\n" + listens)
        #expect(result.findings.filter { $0.severity == .refused }.map(\.position.line) == [3 + 3 * 1000])
    }
}
