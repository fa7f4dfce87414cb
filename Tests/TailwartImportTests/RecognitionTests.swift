import Foundation
import TailwartImport
import TailwartTesting
import Testing

@Suite(.ownThreads) struct RecognitionTests {
    @Test(arguments: [
        "mailbox: {address: mail.example.net}\n", "listeners:\n  - name: smtp\n", "upstreams:\n",
        "defaults:\n  timeouts: {}\n",
        "{\"mailbox\": {\"address\": \"mail.example.net\"}}", "{mailbox: {address: a}}", "", "\n\n",
        "# frontend a\nmailbox:\n",
        "hello", "log: {a: b}; stream { server {\n", "- stream {\n", "global: 1\n", "stream: 1\n",
        "log: {format: json}\nmailbox:\n",
    ])
    func `ours and other things are not taken for a foreign file`(text: String) {
        #expect(ForeignConfiguration.recognise(text: text) == nil)
        #expect(ForeignConfiguration.advice(text: text, file: "x") == nil)
    }

    @Test(arguments: [
        ("{\"apps\": {}}", ForeignConfiguration.Kind.caddy), ("\u{FEFF}\n{ \"admin\": {}, \"apps\": {} }", .caddy),
        ("{\n\tlayer4 {\n\t\t:25 {\n", .caddyfile), ("user www-data;\n", .nginx), ("stream {\n", .nginx),
        ("stream\n{\n", .nginx), ("# a comment\n\nupstream mail {\n", .nginx), ("global\n  daemon\n", .haproxy),
        ("frontend smtp\n", .haproxy), ("\tlisten smtp # mail\n", .haproxy), ("defaults\n", .haproxy),
        ("stream { server { listen 25; proxy_pass a:25; } }", .nginx), ("stream{server{listen 25;}}", .nginx),
        ("events {} stream { server { listen 25; proxy_pass a:25; } }", .nginx),
        ("daemon off; events { worker_connections 512; } stream {", .nginx),
        ("server { listen 25; proxy_pass a:25; }", .nginx), ("events {}\nhttp { server { listen 80; } }\n", .nginx),
        ("map $a $b { default a:25; }", .nginx), ("entryPoints:\n  smtp:\n    address: \":25\"\n", .traefik),
        ("tcp:\n  routers:\n    a: {}\n", .traefik), ("[entryPoints]\n[entryPoints.smtp]\n", .traefik),
        ("# mine\n[tcp.routers.a]\n", .traefik), ("[[tcp.services.a.loadBalancer.servers]]\n", .traefik),
        ("services:\n  m:\n    labels:\n      - \"traefik.tcp.routers.a.rule=x\"\n", .traefik),
        ("services:\n  t:\n    command: [--entrypoints.smtp.address=:25]\n", .traefik),
    ])
    func `a foreign file is known by its first words`(text: String, kind: ForeignConfiguration.Kind) {
        #expect(ForeignConfiguration.recognise(text: text) == kind)
    }

    @Test func `what to do is said with the file's name`() throws {
        let caddy = try #require(ForeignConfiguration.advice(text: "{\"apps\": {}}", file: "/etc/caddy.json"))
        #expect(caddy.contains("tailwart import /etc/caddy.json > tailwart.yaml"))
        let caddyfile = try #require(ForeignConfiguration.advice(text: "{\n layer4 {\n", file: "Caddyfile"))
        #expect(caddyfile.contains("tailwart import Caddyfile > tailwart.yaml"))
    }

    @Test(arguments: [
        ("", "is empty"), ("\u{FEFF}\n \n", "is empty"), ("mailbox: {address: mail.example.net}\n", "already."),
        ("# mine\nlisteners:\n  - {nane: smtp}\n", "already."),
        ("{mailbox: {address: a.example.net}}", "already."),
        ("Remember the milk.\n", "--from"), ("  mailbox: 1\n", "--from"),
    ])
    func `what is not recognised is refused with the reason`(text: String, words: String) {
        #expect(ForeignConfiguration.recognise(text: text) == nil)
        let refusal = ForeignConfiguration.refusal(text: text, file: "x")
        #expect(refusal.hasPrefix("x: ") && refusal.contains(words), "\(refusal)")
    }

    /// Programs whose files are not imported: what they are called, and the page that helps.
    @Test(arguments: [
        ("serverAddr = \"192.0.2.1\"\n[[proxies]]\nname = \"smtp\"\nremotePort = 25\n", "frp", "From frp or rathole"),
        ("[common]\nserver_addr = 192.0.2.1\n[smtp]\ntype = tcp\n", "frp", "From frp or rathole"),
        ("bindPort = 7000\n", "frp", "From frp or rathole"),
        ("[server]\nbind_addr = \"0.0.0.0:2333\"\n[server.services.smtp]\n", "rathole", "From frp or rathole"),
        ("[client.services.smtp]\nlocal_addr = \"127.0.0.1:25\"\n", "rathole", "From frp or rathole"),
        ("listen:\n(\n);\nprotocols:\n(\n { name: \"tls\"; }\n);\n", "sslh", "From sslh or socat"),
        ("DAEMON_OPTS=\"x\"\n/usr/sbin/sslh --listen 0.0.0.0:443 --tls 127.0.0.1:993\n", "sslh", "From sslh or socat"),
        ("ExecStart=/usr/bin/socat TCP-LISTEN:25,fork,reuseaddr TCP:10.8.0.2:25\n", "socat", "From sslh or socat"),
        ("#!/bin/sh\nsocat tcp4-listen:25,fork tcp:10.8.0.2:25\n", "socat", "From sslh or socat"),
        ("*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to 10.8.0.2\n", "iptables", "From WireGuard with DNAT"),
        ("PostUp = iptables -t nat -A PREROUTING -p tcp --dport 25 -j DNAT --to 10.8.0.2\n", "iptables", "DNAT"),
        ("table ip nat {\n chain prerouting {\n  tcp dport 25 dnat to 10.8.0.2\n }\n}\n", "nftables", "DNAT"),
        (
            "kind: ConfigMap\nmetadata:\n  name: tcp-services\ndata:\n  25: \"mail/m:25\"\n", "ingress-nginx",
            "From ingress-nginx"
        ),
        (
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nspec:\n  entryPoints: [a]\n",
            "Traefik on Kubernetes", "From ingress-nginx"
        ),
        ("apiVersion: gateway.networking.k8s.io/v1\nkind: TLSRoute\n", "the Gateway API", "From ingress-nginx"),
    ])
    func `what is neither gets its name and the page that helps`(text: String, name: String, page: String) throws {
        #expect(ForeignConfiguration.recognise(text: text) == nil)
        let refusal = ForeignConfiguration.refusal(text: text, file: "x")
        #expect(refusal.contains(name) && refusal.contains(page), "\(refusal)")
        let heading = page == "DNAT" ? "From WireGuard with DNAT" : page
        let migrate = Fixture.folder.appending(path: "../../../docs/migrate.md").standardized
        #expect(try String(contentsOf: migrate, encoding: .utf8).contains("## \(heading)\n"))
    }

    @Test func `our own examples are not taken for a foreign file`() throws {
        let folder = Fixture.folder.appending(path: "../../../examples").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "yaml" }
        #expect(!files.isEmpty)
        for file in files {
            #expect(
                ForeignConfiguration.recognise(text: try String(contentsOf: file, encoding: .utf8)) == nil, "\(file)")
        }
    }
}
