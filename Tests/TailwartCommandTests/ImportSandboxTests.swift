import TailwartSandbox
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// Edges for one and the same sandbox, written for other programs and imported: each passes the whole self-test.
    @Suite struct ImportedEdge {
        /// Ports of the edge on 127.0.0.1, SMTP on ::1 too where there is one.
        struct Ports: Sendable {
            let smtp: UInt16
            let submissions: UInt16
            let imaps: UInt16
            let https: UInt16
            let echo: UInt16
            let hasV6: Bool

            init() throws {
                (smtp, submissions) = (try FreePort.take(), try FreePort.take())
                (imaps, https, echo) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                hasV6 = (try? TestListener(.loopbackV6, port: smtp)) != nil
            }

            var all: [UInt16] { [smtp, submissions, imaps, https, echo] }
        }

        /// A file of another program in front of these.
        struct Source: Sendable, CustomTestStringConvertible {
            let file: String
            let text: @Sendable (Ports, SandboxPorts) -> String

            var testDescription: String { file }
        }

        static let names = [
            "mta-sts.example.org", "autoconfig.example.org", "autodiscover.example.org", "ua-auto-config.example.org",
        ]

        static let caddy = Source(file: "caddy.json") { edge, sandbox in
            func server(_ listen: [String], _ routes: String) -> String {
                "{\"listen\": [\(listen.map { "\"\($0)\"" }.joined(separator: ", "))], \"routes\": [\(routes)]}"
            }
            func route(_ port: UInt16, match: String = "", header: String = "") -> String {
                let proxy = "{\"handler\": \"proxy\"\(header), \"upstreams\": [{\"dial\": [\"127.0.0.1:\(port)\"]}]}"
                return "{\(match)\"handle\": [\(proxy)]}"
            }
            func mail(_ listen: [String], _ port: UInt16) -> String {
                server(listen, route(port, header: ", \"proxy_protocol\": \"v2\""))
            }
            let sni = names.map { "\"\($0)\"" }.joined(separator: ", ")
            let smtp = ["127.0.0.1:\(edge.smtp)"] + (edge.hasV6 ? ["[::1]:\(edge.smtp)"] : [])
            return """
                {"apps": {"layer4": {"servers": {
                  "smtp": \(mail(smtp, sandbox.smtp)),
                  "submissions": \(mail(["127.0.0.1:\(edge.submissions)"], sandbox.submissions)),
                  "imaps": \(mail(["tcp4/127.0.0.1:\(edge.imaps)"], sandbox.imaps)),
                  "echo": \(mail(["127.0.0.1:\(edge.echo)"], sandbox.echo)),
                  "https": \(server(["127.0.0.1:\(edge.https)"],
                    route(sandbox.https, match: "\"match\": [{\"tls\": {\"sni\": [\(sni)]}}], ") + ", " + route(sandbox.web)))
                }}}}
                """
        }

        static let nginx = Source(file: "nginx.conf") { edge, sandbox in
            """
            worker_processes auto;
            events { worker_connections 768; }
            stream {
                proxy_protocol on;
                proxy_timeout 10m;
                upstream smtp { server 127.0.0.1:\(sandbox.smtp); }
                server { listen 127.0.0.1:\(edge.smtp); \(edge.hasV6 ? "listen [::1]:\(edge.smtp); " : "")proxy_pass smtp; }
                server { listen 127.0.0.1:\(edge.submissions); proxy_pass 127.0.0.1:\(sandbox.submissions); }
                server { listen 127.0.0.1:\(edge.imaps); proxy_pass 127.0.0.1:\(sandbox.imaps); }
                server { listen 127.0.0.1:\(edge.echo); proxy_pass 127.0.0.1:\(sandbox.echo); }
                map $ssl_preread_server_name $port {
                    \(names.map { "\($0) \(sandbox.https);" }.joined(separator: "\n        "))
                    default \(sandbox.web);
                }
                server { listen 127.0.0.1:\(edge.https); ssl_preread on; proxy_protocol off; proxy_pass 127.0.0.1:$port; }
            }
            """
        }

        static let haproxy = Source(file: "haproxy.cfg") { edge, sandbox in
            """
            global
                daemon
            defaults
                mode tcp
                timeout connect 5s
                timeout client 50s
                timeout server 50s
            listen smtp
                bind 127.0.0.1:\(edge.smtp)\(edge.hasV6 ? ",[::1]:\(edge.smtp)" : "")
                server home 127.0.0.1:\(sandbox.smtp) send-proxy-v2
            listen submissions
                bind 127.0.0.1:\(edge.submissions)
                server home 127.0.0.1:\(sandbox.submissions) send-proxy-v2
            frontend imaps
                bind 127.0.0.1:\(edge.imaps)
                default_backend imaps
            backend imaps
                server home 127.0.0.1:\(sandbox.imaps) send-proxy
            listen echo
                bind 127.0.0.1:\(edge.echo)
                server home 127.0.0.1:\(sandbox.echo) send-proxy
            frontend https
                bind 127.0.0.1:\(edge.https)
                tcp-request inspect-delay 5s
                tcp-request content accept if { req_ssl_hello_type 1 }
                use_backend mail if { req_ssl_sni -i \(names.joined(separator: " ")) }
                default_backend web
            backend mail
                server home 127.0.0.1:\(sandbox.https)
            backend web
                server local 127.0.0.1:\(sandbox.web)
            """
        }

        static let traefik = Source(file: "traefik.yml") { edge, sandbox in
            func entry(_ name: String, _ address: String) -> String { "  \(name): {address: \"\(address)\"}\n" }
            func router(_ name: String, _ service: String, rule: String = "HostSNI(`*`)", tls: Bool = false) -> String {
                let points =
                    service == "smtp" && edge.hasV6 ? "smtp, smtp6" : name.hasPrefix("https") ? "https" : service
                return "    \(name): {entryPoints: [\(points)], rule: \"\(rule)\", service: \(service)"
                    + (tls ? ", tls: {passthrough: true}}\n" : "}\n")
            }
            func service(_ name: String, _ port: UInt16, header: Int?) -> String {
                let header = header.map { "proxyProtocol: {version: \($0)}, " } ?? ""
                return "    \(name): {loadBalancer: {\(header)servers: [{address: \"127.0.0.1:\(port)\"}]}}\n"
            }
            let rule = names.map { "HostSNI(`\($0)`)" }.joined(separator: " || ")
            return "entryPoints:\n" + entry("smtp", "127.0.0.1:\(edge.smtp)")
                + (edge.hasV6 ? entry("smtp6", "[::1]:\(edge.smtp)") : "")
                + entry("submissions", "127.0.0.1:\(edge.submissions)") + entry("imaps", "127.0.0.1:\(edge.imaps)")
                + entry("echo", "127.0.0.1:\(edge.echo)") + entry("https", "127.0.0.1:\(edge.https)")
                + "tcp:\n  routers:\n" + router("smtp", "smtp") + router("submissions", "submissions")
                + router("imaps", "imaps") + router("echo", "echo") + router("https", "mail", rule: rule, tls: true)
                + router("https-rest", "web", tls: true) + router("https-plain", "web")
                + "  services:\n" + service("smtp", sandbox.smtp, header: 2)
                + service("submissions", sandbox.submissions, header: 2) + service("imaps", sandbox.imaps, header: 1)
                + service("echo", sandbox.echo, header: 1) + service("mail", sandbox.https, header: nil)
                + service("web", sandbox.web, header: nil)
        }

        @Test(arguments: [caddy, nginx, haproxy, traefik])
        func `an imported edge passes the self-test of the sandbox`(source: Source) async throws {
            try await TestHost.run { host in
                let sandbox = try await Sandbox.start()
                let ports = try Ports()
                try host.folder.file(source.file).write(source.text(ports, sandbox.ports))
                let answer = try await Answer.tailwart(["import", source.file], on: host)
                #expect(answer.exitCode == 0, "\(answer.errors)")
                _ = try await EdgeProcess(on: host, ports: ports.all, answer.output)
                let edge = EdgePorts(
                    smtp: ports.smtp, submissions: ports.submissions, imaps: ports.imaps, https: ports.https,
                    echo: ports.echo, smtpV6: ports.hasV6 ? ports.smtp : nil)
                let passed = await SelfTest(edge: edge, sandbox: sandbox).run { check in
                    #expect(check.passed, "\(check.title): \(check.detail)")
                }
                #expect(passed)
                await sandbox.shutdown()
            }
        }
    }
}
