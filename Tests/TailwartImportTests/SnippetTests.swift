import TailwartImport
import Testing

/// Single constructs: what they become, or why they are refused.
@Suite struct SnippetTests {
    private func load(_ kind: ForeignConfiguration.Kind, _ text: String) -> ImportResult {
        Importer(file: "x", kind: kind, files: FilesOnHost()).run(text)
    }

    /// A caddy-l4 file with one server on port 25, or another.
    private static func caddy(_ routes: String, listen: String = ":25") -> String {
        "{\"apps\": {\"layer4\": {\"servers\": {\"a\": {\"listen\": [\"\(listen)\"], \"routes\": [\(routes)]}}}}}"
    }

    private static func proxy(_ dial: String = "10.0.0.5:25") -> String {
        "{\"handler\": \"proxy\", \"upstreams\": [{\"dial\": [\"\(dial)\"]}]}"
    }

    private static func nginx(_ server: String) -> String {
        "stream { server { listen 25; proxy_pass 10.0.0.5:25; \(server) } }"
    }

    private static func haproxy(_ lines: String) -> String {
        "defaults\nmode tcp\nlisten a\nbind :::993\nserver m 10.0.0.5:993\n\(lines)\n"
    }

    @Test(arguments: [
        (ForeignConfiguration.Kind.caddy, "{\"apps\": {\"http\": {}}}", "there is no layer4 app here"),
        (.caddy, "{\"apps\": {\"layer4\": {\"servers\": []}}}", "expected an object, not a list"),
        (.caddy, "[]", "expected an object"),
        (
            .caddy, caddy("{\"handle\": [{\"handler\": \"proxy\", \"upstreams\": [{\"dial\": []}]}]}"),
            "no address to dial"
        ),
        (.caddy, caddy("{\"handle\": [\(proxy())]}", listen: "fd/3"), "'fd/3': only TCP and Unix stream sockets"),
        (.caddy, caddy("{\"handle\": [\(proxy())]}", listen: "unix/@edge"), "a Unix socket needs an absolute path"),
        (
            .caddy, caddy("{\"handle\": [\(proxy())]}", listen: "unix//run/a|0222"),
            "a Unix socket needs an absolute path"
        ),
        (
            .caddy, caddy("{\"handle\": [{\"handler\": \"proxy_protocol\", \"deny\": [\"10.0.0.0/8\"]}, \(proxy())]}"),
            "name the networks of the proxies in front: list them under 'allow'"
        ),
        (
            .caddy, caddy("{\"match\": [{\"proxy_protocol\": {}}], \"handle\": [\(proxy())]}"),
            "a client's PROXY header is not told apart"
        ),
        (
            .caddy,
            caddy(
                "{\"handle\": [{\"handler\": \"proxy_protocol\"}, {\"handler\": \"subroute\", \"routes\": [{\"handle\": "
                    + "[{\"handler\": \"proxy_protocol\"}, \(proxy())]}]}]}"), "a second PROXY header"
        ),
        (
            .caddy, caddy("{\"match\": [{\"local_ip\": {\"ranges\": [\"192.0.2.1\"]}}], \"handle\": [\(proxy())]}"),
            "'local_ip': only TLS server name"
        ),
        (
            .caddy,
            caddy(
                "{\"handle\": [{\"handler\": \"proxy\", \"proxy_protocol\": \"v3\", \"upstreams\": [{\"dial\": [\"a:1\"]}]}]}"
            ),
            "must be v1 or v2"
        ),
        (.caddy, caddy("{\"handle\": [\(proxy("{$MAIL}:25"))]}"), "'{$MAIL}' is not replaced here"),
        (.caddy, caddy("{\"handle\": [\(proxy("{env.MAIL-HOST}:25"))]}"), "'{env.MAIL-HOST}' is not replaced here"),
        (.caddy, caddy("{\"handle\": [{}]}"), "no 'handler' here"),
        (
            .caddy, caddy("{\"match\": [{\"remote_ip\": {\"ranges\": [\"private\"]}}], \"handle\": [\(proxy())]}"),
            "is no network"
        ),
        (.nginx, "http { server { listen 80; } }", "there is no 'stream' block here"),
        (.nginx, nginx("proxy_timeout soon;"), "a duration such as 30s"),
        (.nginx, nginx("allow 10.0.0.300;"), "is no network"),
        (.nginx, nginx("frobnicate on;"), "'frobnicate': it is not supported"),
        (
            .nginx,
            "stream { server { listen 25 proxy_protocol; proxy_protocol on; deny 10.0.0.1; proxy_pass 10.0.0.5:25; } }",
            "name the proxies in front under 'set_real_ip_from'"
        ),
        (
            .nginx, "stream { upstream a { server 10.0.0.1:25 backup; } server { listen 25; proxy_pass a; } }",
            "no server to dial here that is not a backup"
        ),
        (
            .nginx,
            "stream { upstream a { hash $ssl_preread_server_name; server 10.0.0.1:25; } server { listen 25; proxy_pass a; } }",
            "only the client's address can be hashed"
        ),
        (
            .nginx, "stream { map $remote_addr $x { default a:1; } server { listen 25; proxy_pass $x; } }",
            "'$remote_addr': only TLS server name"
        ),
        (.haproxy, haproxy("source 192.0.2.1"), "'source': the source address cannot be set"),
        (.haproxy, haproxy("bind :994 accept-proxy"), "any client may send a PROXY header here"),
        (.haproxy, haproxy("tcp-request connection reject if nobody"), "no acl 'nobody'"),
        (.haproxy, haproxy("tcp-request connection reject if { src 10.0.0.0/8 } maybe or"), "no acl 'maybe'"),
        (.haproxy, "frontend a from b\nbind :25\n", "no defaults named 'b'"),
        (.haproxy, "listen a\nmode tcp\nbind :25\nserver m 10.0.0.5:+1\n", "'+1' is not a port"),
        (.haproxy, "listen a\nmode tcp\nbind :25\nserver m abns@x\n", "'abns@x': only TCP and Unix stream sockets"),
        (.haproxy, "listen a\nmode tcp\nbind fd@3\nserver m 10.0.0.5:25\n", "'fd@3': only TCP and Unix stream sockets"),
        (.haproxy, "listen a\nmode tcp\nserver m 10.0.0.5:25\n", "there is no address to listen on here"),
        (.haproxy, ".endif\n", "there is no '.if' before this"),
        (.haproxy, "global\n.if feature(OPENSSL)\nlisten a\n", "this '.if' has no '.endif'"),
        (.haproxy, "global\n.frobnicate\n", "'.frobnicate' is not known"),
        (.haproxy, "listen a\nmode tcp\nbind :25\n", "closed, here too"),
        (.haproxy, "listen a\nmode http\nbind :80\nserver m 10.0.0.5:80\n", "nothing in this file"),
        (
            .haproxy, "listen a\nmode tcp\nbind :25\nbalance uri\nserver m 10.0.0.5:25\nserver n 10.0.0.6:25\n",
            "'uri' is not known here"
        ),
    ])
    func `it is refused, or said, in these words`(kind: ForeignConfiguration.Kind, text: String, words: String) {
        let result = load(kind, text)
        #expect(result.messages.contains { $0.contains(words) }, "\(result.messages)")
        #expect(result.messages.allSatisfy { $0.hasPrefix("x:") })
    }

    @Test(arguments: [
        (
            ForeignConfiguration.Kind.caddy, caddy("{\"handle\": [\(proxy("[2001:db8::1]:2525"))]}"),
            ["address: \"2001:db8::1\"", "{25: 2525}"]
        ),
        (
            .caddy, caddy("{\"handle\": [\(proxy(":25"))]}", listen: "192.0.2.1:25"),
            ["address: 127.0.0.1", "bind: [192.0.2.1]"]
        ),
        (.caddy, caddy("{\"handle\": [\(proxy("tcp/mail.example.net:25"))]}", listen: "tcp6/:25"), ["bind: [\"::\"]"]),
        (
            .caddy,
            caddy(
                "{\"handle\": [{\"handler\": \"proxy_protocol\", \"allow\": [\"10.0.0.0/8\"]}]}, {\"handle\": [\(proxy())]}"
            ),
            ["trusted: [10.0.0.0/8]", "address: 10.0.0.5"]
        ),
        (
            .caddy,
            caddy(
                "{\"match\": [{\"tls\": {\"sni\": [\"a.example.org\"]}}], \"handle\": [{\"handler\": \"proxy_protocol\", "
                    + "\"allow\": [\"10.0.0.0/8\"]}, \(proxy("10.0.0.5:993"))]}", listen: ":993"),
            ["caddy-l4#202", "sni: [a.example.org]", "trusted: [10.0.0.0/8]"]
        ),
        (.caddy, caddy("{\"handle\": [{\"handler\": \"close\"}]}"), ["to: close"]),
        // The first port that would stand for a variable is there as it is.
        (
            .caddy, caddy("{\"handle\": [\(proxy("a.example.net:{env.P}"))]}", listen: ":65535"),
            ["a.example.net:${P}", ":65535"]
        ),
        (.caddy, caddy("{\"handle\": [\(proxy())]}", listen: "[{env.A}]:{env.P}"), ["[${A}]:${P}"]),
        (.caddy, caddy("{\"handle\": [\(proxy("a\\\\{b.example.net:25"))]}"), []),
        (.haproxy, "listen a :::25\nmode tcp\nserver m 10.0.0.5:25\n", ["ports: [25]", "address: 10.0.0.5"]),
        (.nginx, nginx("allow 10.0.0.0/8; deny all;"), ["not: {client: [10.0.0.0/8]}"]),
        (
            .nginx,
            "stream { server { listen 25 proxy_protocol; allow 10.0.0.0/8; deny all; proxy_pass 10.0.0.5:25; } }",
            ["trusted: [10.0.0.0/8]", "proxy_protocol: none"]
        ),
        (.nginx, "server { listen 25; proxy_pass unix:/run/mail.sock; }", ["unix:/run/mail.sock"]),
        (
            .haproxy, haproxy("tcp-request connection reject if { src 10.0.0.0/8 } || { src 192.0.2.1 }"),
            ["client: [10.0.0.0/8, 192.0.2.1]"]
        ),
        (
            .haproxy, haproxy("tcp-request connection accept if { src 10.0.0.0/8 }\ntcp-request connection reject"),
            ["not: {client: [10.0.0.0/8]}"]
        ),
        (
            .haproxy, haproxy("acl mail req.ssl_sni mail.example.org\ntcp-request content reject unless mail"),
            ["match: {not: {sni: [mail.example.org]}}", "to: close"]
        ),
        (.haproxy, haproxy("timeout tunnel 2h\ntimeout client 1m"), ["idle: 2h"]),
        (
            .haproxy,
            "listen a\nmode tcp\nbind :::993 accept-proxy\nserver m 10.0.0.5:993\n"
                + "tcp-request connection reject if !{ src 10.0.0.0/8 }", ["trusted: [10.0.0.0/8]"]
        ),
        (
            .haproxy,
            "listen a\nmode tcp\nbind ipv4@192.0.2.1:25\nserver m ipv6@2001:db8::1:25 weight 0\nserver n 2001:db8::2:25\n",
            ["address: \"2001:db8::2\""]
        ),
    ])
    func `it becomes this`(kind: ForeignConfiguration.Kind, text: String, lines: [String]) {
        let result = load(kind, text)
        let yaml = result.yaml ?? ""
        for line in lines { #expect(yaml.contains(line), "\(yaml)\n\(result.messages)") }
        if lines.isEmpty { #expect(!result.isWhole) } else { #expect(result.isWhole, "\(result.messages)") }
    }

    @Test(arguments: [
        ("bind :25", 1), ("bind :25,:::25 v6only", 0), ("bind :25\nbind :::25 v6only", 0),
        ("bind :::25 v6only\nbind :25", 0),
        ("bind :25\nbind :::26 v6only", 1), ("bind :25\nbind 2001:db8::1:25", 1), ("bind :25-26\nbind :::25 v6only", 1),
    ])
    func `HAProxy's IPv4 alone is said of ports that IPv6 does not have`(binds: String, count: Int) {
        let result = load(.haproxy, "listen a\nmode tcp\n\(binds)\nserver m 10.0.0.5:25\n")
        #expect(result.isWhole)
        #expect(result.messages.filter { $0.contains("this is IPv4 alone") }.count == count, "\(result.messages)")
    }

    @Test(arguments: [
        ("\\u001b[31mred\\u0007", "/servers/\\u{1B}[31mred\\u{07}/"), ("x\\nlog:", "/servers/x\\nlog:/"),
        ("a\\u2028b", "/servers/a\\u{2028}b/"),
    ])
    func `keys cannot move a terminal's cursor or begin a line`(key: String, pointer: String) {
        let text = Self.caddy("{\"handle\": [{\"handler\": \"tls\"}]}").replacing("\"a\": {", with: "\"\(key)\": {")
        let messages = load(.caddy, text).messages
        #expect(messages.contains { $0.contains(pointer) }, "\(messages)")
        #expect(!messages.joined().unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 })
        let included = Importer(file: "a\u{1B}b", kind: .caddy, files: FilesOnHost()).run(text).messages
        #expect(included.allSatisfy { $0.hasPrefix("a\\u{1B}b:") }, "\(included)")
    }
}
