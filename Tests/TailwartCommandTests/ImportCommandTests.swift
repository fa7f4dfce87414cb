import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// Other programs' configurations, imported and run by the binary itself.
    @Suite struct Import {
        /// A mailbox that tells the first bytes of what it gets and then echoes, and a web server that does the same.
        private struct Upstream {
            let name: String
            let mailbox: FakeMailbox

            /// - Parameter name: the first bytes that it says, as a mail server greets.
            init(_ name: String) throws {
                self.name = name
                mailbox = try FakeMailbox { connection, _ in
                    try connection.send(Array("\(name) ".utf8))
                    while true {
                        let bytes = try connection.receive()
                        if bytes.isEmpty { return }
                        try connection.send(bytes)
                    }
                }
            }

            var port: UInt16 { mailbox.address.port }
        }

        /// Imports a file that stands in the test's folder and runs what is printed.
        private func run(
            _ file: String, _ text: String, on host: TestHost, ports: [UInt16], environment: [String] = []
        ) async throws -> (edge: EdgeProcess, answer: Answer) {
            try host.folder.file(file).write(text)
            let answer = try await Answer.tailwart(["import", file], on: host)
            #expect(answer.exitCode == 0, "\(answer.errors)")
            let edge = try await EdgeProcess(on: host, ports: ports, answer.output)
            return (edge, answer)
        }

        /// What comes back through the edge: the upstream's greeting, then what was sent with whatever the edge put before it.
        private func exchange(with port: UInt16, sending bytes: [UInt8], expecting greeting: String) throws -> [UInt8] {
            let client = try Echo.connect(to: port, from: IPAddress("127.0.0.5"))
            defer { client.close() }
            try client.send(bytes)
            client.finish()
            var received: [UInt8] = []
            while true {
                let more = try client.receive()
                if more.isEmpty { break }
                received += more
            }
            #expect(received.starts(with: "\(greeting) ".utf8), "\(String(decoding: received, as: UTF8.self))")
            return Array(received.dropFirst(greeting.utf8.count + 1))
        }

        private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

        @Test func `a caddy JSON runs as an edge, by port and by name`() async throws {
            try await TestHost.run { host in
                let (smtp, mail, web) = (try Upstream("smtp"), try Upstream("mail"), try Upstream("web"))
                let (smtpPort, httpsPort) = (try FreePort.take(), try FreePort.take())
                func proxy(_ port: UInt16, _ rest: String = "") -> String {
                    "[{\"handler\": \"proxy\"\(rest), \"upstreams\": [{\"dial\": [\"127.0.0.1:\(port)\"]}]}]"
                }
                let (edge, _) = try await run(
                    "caddy.json",
                    """
                    {"admin": {"disabled": true}, "apps": {"layer4": {"servers": {
                      "smtp": {"listen": ["127.0.0.1:\(smtpPort)"], "routes": [
                        {"match": [{"remote_ip": {"ranges": ["127.0.0.9"]}}], "handle": [{"handler": "close"}]},
                        {"handle": \(proxy(smtp.port, ", \"proxy_protocol\": \"v2\""))}]},
                      "https": {"listen": ["127.0.0.1:\(httpsPort)"], "routes": [
                        {"match": [{"tls": {"sni": ["mta-sts.example.org", "*.mail.example.org"]}}],
                         "handle": \(proxy(mail.port))},
                        {"handle": \(proxy(web.port, ", \"proxy_protocol\": \"v1\""))}]}
                    }}}}
                    """, on: host, ports: [smtpPort, httpsPort])

                let passed = try exchange(with: smtpPort, sending: Array("EHLO a\r\n".utf8), expecting: "smtp")
                #expect(passed.starts(with: Self.signature) && passed.count == 28 + 8)
                #expect(passed.suffix(8).elementsEqual("EHLO a\r\n".utf8))
                let blocked = try Echo.connect(to: smtpPort, from: IPAddress("127.0.0.9"))
                #expect((try? blocked.receive())?.isEmpty ?? true, "closed, as the file says")
                blocked.close()

                for name in ["mta-sts.example.org", "a.mail.example.org"] {
                    let hello = ClientHelloBuilder(serverName: name).bytes
                    #expect(try exchange(with: httpsPort, sending: hello, expecting: "mail") == hello)
                }
                let hello = ClientHelloBuilder(serverName: "www.example.org").bytes
                let toWeb = try exchange(with: httpsPort, sending: hello, expecting: "web")
                #expect(
                    toWeb.starts(with: "PROXY TCP4 127.0.0.5 ".utf8) && toWeb.suffix(hello.count).elementsEqual(hello))
                #expect(try await edge.record(of: "127.0.0.9").upstream == "close")
                for upstream in [smtp, mail, web] { upstream.mailbox.close() }
            }
        }

        @Test func `an nginx stream runs as an edge, with its maps and includes`() async throws {
            try await TestHost.run { host in
                let (smtp, mail, web) = (try Upstream("smtp"), try Upstream("mail"), try Upstream("web"))
                let (smtpPort, httpsPort) = (try FreePort.take(), try FreePort.take())
                _ = try host.folder.makeFolder("streams")
                try host.folder.file("streams/smtp.conf").write(
                    """
                    server { listen 127.0.0.1:\(smtpPort); deny 127.0.0.9; proxy_protocol on; proxy_pass smtp; }
                    """)
                _ = try await run(
                    "nginx.conf",
                    """
                    events {}
                    stream {
                        # Nobody listens on the first.
                        upstream smtp { server 127.0.0.1:1 weight=200; server 127.0.0.1:\(smtp.port); }
                        map $ssl_preread_server_name $by_name {
                            hostnames;
                            .example.org 127.0.0.1:\(mail.port);
                            default 127.0.0.1:\(web.port);
                        }
                        include streams/*.conf;
                        server { listen 127.0.0.1:\(httpsPort); ssl_preread on; proxy_pass $by_name; }
                    }
                    """, on: host, ports: [smtpPort, httpsPort])

                let passed = try exchange(with: smtpPort, sending: Array("NOOP\r\n".utf8), expecting: "smtp")
                #expect(passed.starts(with: "PROXY TCP4 127.0.0.5 127.0.0.1 ".utf8))
                #expect(passed.suffix(8).elementsEqual("\r\nNOOP\r\n".utf8))
                let blocked = try Echo.connect(to: smtpPort, from: IPAddress("127.0.0.9"))
                #expect((try? blocked.receive())?.isEmpty ?? true, "closed, as the file says")
                blocked.close()
                for (name, upstream) in [("example.org", "mail"), ("a.example.org", "mail"), ("example.net", "web")] {
                    let hello = ClientHelloBuilder(serverName: name).bytes
                    #expect(try exchange(with: httpsPort, sending: hello, expecting: upstream) == hello)
                }
                for upstream in [smtp, mail, web] { upstream.mailbox.close() }
            }
        }

        @Test func `a haproxy.cfg runs as an edge, with its conditions`() async throws {
            try await TestHost.run { host in
                let (smtp, mail, web) = (try Upstream("smtp"), try Upstream("mail"), try Upstream("web"))
                let (smtpPort, httpsPort, innerPort) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                _ = try await run(
                    "haproxy.cfg",
                    """
                    defaults
                        mode tcp
                        timeout connect 5s
                        timeout client 50s
                        timeout server 50s

                    listen smtp
                        bind 127.0.0.1:\(smtpPort)
                        tcp-request connection reject if { src 127.0.0.9 }
                        server home 127.0.0.1:\(smtp.port) send-proxy-v2

                    listen inner
                        bind 127.0.0.1:\(innerPort) accept-proxy
                        server home 127.0.0.1:\(smtp.port) send-proxy

                    frontend https
                        bind 127.0.0.1:\(httpsPort)
                        tcp-request inspect-delay 5s
                        tcp-request content accept if { req.ssl_hello_type 1 }
                        acl is_mail req.ssl_sni -i mail.example.org
                        acl is_mail req.ssl_sni -m end .mail.example.org
                        use_backend mail if is_mail !{ src 127.0.0.8 }
                        default_backend web

                    backend mail
                        server home 127.0.0.1:\(mail.port)

                    backend web
                        server local 127.0.0.1:\(web.port)
                    """, on: host, ports: [smtpPort, httpsPort, innerPort])

                let passed = try exchange(with: smtpPort, sending: Array("NOOP\r\n".utf8), expecting: "smtp")
                #expect(passed.starts(with: Self.signature))
                let header = "PROXY TCP4 192.0.2.7 192.0.2.8 1234 25\r\n"
                let inner = try exchange(with: innerPort, sending: Array("\(header)NOOP\r\n".utf8), expecting: "smtp")
                #expect(inner.elementsEqual("\(header)NOOP\r\n".utf8), "read, and sent on")
                for (name, upstream) in [
                    ("mail.example.org", "mail"), ("a.mail.example.org", "mail"), ("example.org", "web"),
                ] {
                    let hello = ClientHelloBuilder(serverName: name).bytes
                    #expect(try exchange(with: httpsPort, sending: hello, expecting: upstream) == hello)
                }
                let other = try Echo.connect(to: httpsPort, from: IPAddress("127.0.0.8"))
                try other.send(ClientHelloBuilder(serverName: "mail.example.org").bytes)
                #expect(try other.receive(exactly: 4) == Array("web ".utf8))
                other.close()
                for upstream in [smtp, mail, web] { upstream.mailbox.close() }
            }
        }

        @Test func `variables of a caddy JSON are those of the edge`() async throws {
            try await TestHost.run { host in
                let smtp = try Upstream("smtp")
                let port = try FreePort.take()
                try host.folder.file("caddy.json").write(
                    """
                    {"apps": {"layer4": {"servers": {"smtp": {"listen": ["127.0.0.1:{env.EDGE_PORT}"], "routes": [
                      {"handle": [{"handler": "proxy", "upstreams": [{"dial": ["{env.MAIL_HOST}:\(smtp.port)"]}]}]}]}}}}}
                    """)
                let answer = try await Answer.tailwart(["import", "caddy.json"], on: host)
                #expect(answer.exitCode == 0, "\(answer.errors)")
                #expect(answer.output.contains("${EDGE_PORT}") && answer.output.contains("${MAIL_HOST}"))
                try host.folder.file("tailwart.yaml").write(answer.output)
                let missing = try await Answer.tailwart(["check"], on: host)
                #expect(missing.exitCode == 1 && missing.output.contains("MAIL_HOST is not set"))
                let edge = try host.start(
                    "edge", try Program("env", package: "coreutils"),
                    [
                        "EDGE_PORT=\(port)", "MAIL_HOST=127.0.0.1", try Program.edge().path, "run", "--config",
                        host.folder.file("tailwart.yaml").path,
                    ])
                try await ListeningPorts.wait(for: [port], of: edge)
                #expect(try exchange(with: port, sending: Array("x".utf8), expecting: "smtp") == Array("x".utf8))
                smtp.mailbox.close()
            }
        }

        private static let terminating = """
            {"apps": {"layer4": {"servers": {
              "imaps": {"listen": [":993"], "routes": [{"handle": [{"handler": "tls"}]}]},
              "smtp": {"listen": [":25"], "routes": [{"handle": [
                {"handler": "proxy", "upstreams": [{"dial": ["10.0.0.5:25"]}]}]}]}
            }}}}
            """

        @Test func `what cannot be said is refused, and nothing is printed unless asked for`() async throws {
            try await TestHost.run { host in
                try host.folder.file("caddy.json").write(Self.terminating)
                let refused = try await Answer.tailwart(["import", "caddy.json"], on: host)
                #expect(refused.exitCode == 1)
                #expect(refused.output.isEmpty)
                #expect(refused.errors.contains("caddy.json:2:"), "\(refused.errors)")
                #expect(refused.errors.contains("/apps/layer4/servers/imaps/routes/0/handle/0"))
                #expect(refused.errors.contains("--partial"))
                let partial = try await Answer.tailwart(["import", "--partial", "caddy.json"], on: host)
                #expect(partial.exitCode == 1)
                #expect(partial.output.contains("INCOMPLETE") && partial.output.contains("10.0.0.5"))
                #expect(!partial.output.contains("993"))
            }
        }

        @Test func `a file comes from standard input too`() async throws {
            try await TestHost.run { host in
                try host.folder.file("caddy.json").write(Self.terminating)
                let script = "\(try Program.edge().path) import --partial - < \(host.folder.file("caddy.json").path)"
                let process = try host.start("shell", try Program("sh", package: "dash"), ["-c", script])
                #expect(try await process.exitCode() == 1)
                #expect(process.output.text.contains("Imported from standard input"))
                #expect(process.errors.text.contains("standard input:2:"))
            }
        }

        @Test func `a file that is none of them is told apart from one that is not there`() async throws {
            try await TestHost.run { host in
                try host.folder.file("notes.txt").write("Remember the milk.\n")
                let other = try await Answer.tailwart(["import", "notes.txt"], on: host)
                #expect(other.exitCode == 2)
                #expect(other.errors.contains("--from"))
                let forced = try await Answer.tailwart(["import", "--from", "haproxy", "notes.txt"], on: host)
                #expect(forced.exitCode == 1)
                #expect(forced.errors.contains("notes.txt:1:1: refused"))
                let missing = try await Answer.tailwart(["import", "none.json"], on: host)
                #expect(missing.exitCode == 3)
                #expect(missing.errors.contains("there is no such file"))
                let bytes = host.folder.file("bytes.json")
                try Data([0x7B, 0xFF, 0xFE]).write(to: bytes.url)
                #expect(try await Answer.tailwart(["import", "bytes.json"], on: host).exitCode == 1)
            }
        }

        @Test func `what is no file, or none to import, is said with what to do`() async throws {
            try await TestHost.run { host in
                try host.folder.file("empty.json").write("")
                try host.folder.file("tailwart.yaml").write("mailbox: {address: mail.example.net}\n")
                try host.folder.file("http.conf").write("events {}\nhttp { server { listen 80; } }\n")
                let cases: [(file: String, code: Int32, words: String)] = [
                    (".", 3, ".: it is a folder"), ("/dev/null", 3, "use - for standard input"),
                    ("none.json", 3, "none.json: there is no such file; check the name."),
                    ("", 2, "empty name"), ("empty.json", 2, "it is empty"), ("tailwart.yaml", 2, "already."),
                    ("http.conf", 1, "there is no 'stream' block here"),
                ]
                for (file, code, words) in cases {
                    let answer = try await Answer.tailwart(["import", file], on: host)
                    #expect(answer.exitCode == code && answer.output.isEmpty, "\(file): \(answer.errors)")
                    #expect(answer.errors.contains(words), "\(answer.errors)")
                    #expect(!answer.errors.contains("--config") && !answer.errors.contains("TAILWART_CONFIG"))
                    #expect(code != 2 || answer.errors.contains("See 'tailwart import --help'"), "\(answer.errors)")
                }
            }
        }

        @Test(arguments: [["run"], ["check"], ["config"]])
        func `another program's file in place of ours is answered with the command to run`(command: [String])
            async throws
        {
            try await TestHost.run { host in
                try host.folder.file("caddy.json").write(Self.terminating)
                let answer = try await Answer.tailwart(command + ["--config", "caddy.json"], on: host)
                #expect(answer.exitCode == 1)
                #expect((answer.output + answer.errors).contains("tailwart import caddy.json > tailwart.yaml"))
                try host.folder.file("nginx.conf").write("stream { server { listen 25; proxy_pass a:25; } }\n")
                let nginx = try await Answer.tailwart(command + ["--config", "nginx.conf"], on: host)
                #expect((nginx.output + nginx.errors).contains("tailwart import nginx.conf > tailwart.yaml"))
            }
        }
    }
}
