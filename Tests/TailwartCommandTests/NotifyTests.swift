import Foundation
import Glibc
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// Who is told what, by the real program: a script and a web server that write down what they get.
    @Suite struct Notify {
        /// One line of what a messenger got.
        private struct Notice: Decodable {
            let notice: String
            let state: String
            let id: String
            let title: String
            let text: String
            let cause: String
            let fix: String?
            let places: [String]
            let lastedS: Int?
            let edge: String
        }

        private static func notices(_ file: TextFile) throws -> [Notice] {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            // The last line may be being written just now.
            let whole = file.text[..<(file.text.lastIndex(of: "\n") ?? file.text.startIndex)]
            return try whole.split(separator: "\n").map { try decoder.decode(Notice.self, from: Data($0.utf8)) }
        }

        private static func configuration(_ mailbox: UInt16, smtp: UInt16, _ notify: String) -> String {
            """
            workers: 1
            tailscale: off
            upstreams:
              mailbox:
                endpoints: [127.0.0.1]
                health: {interval: 1s, timeout: 2s, rise: 1, fall: 1}
                hostname: mail.example.org
            listeners:
              - {name: smtp, bind: ["127.0.0.1:\(smtp)"], protocol: smtp, to: "mailbox:\(mailbox)"}
            notify: \(notify)
            """
        }

        /// Keeps each notice as a line of `told`.
        private static func script(on host: TestHost, _ body: String = "cat >> told") throws -> TextFile {
            let file = host.folder.file("tell-me")
            try file.write("#!/bin/sh\ncd \(host.folder.path)\n\(body)\n")
            chmod(file.path, 0o755)
            return file
        }

        @Test func `a mailbox that goes is one message once it has lasted, and one when it is back`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    let smtp = try FreePort.take()
                    let script = try Self.script(on: host)
                    let told = host.folder.file("told")
                    let text = Self.configuration(
                        fake.port(.smtp), smtp: smtp,
                        "[{command: [\(script.path)], on: [unhealthy, healthy], after: 1s}]"
                    ).replacing("hostname:", with: "proxy_protocol: v2\n    hostname:")
                    let edge = try await EdgeProcess(on: host, ports: [smtp], text)
                    try await eventually("the mailbox is well") {
                        edge.process.output.text.contains("\"verdict\":\"") ? true : nil
                    }
                    #expect(told.text.isEmpty)
                    await fake.stop()
                    try await edge.event(containing: "is unhealthy")
                    try await edge.event(containing: "sent to \(script.path): unhealthy")
                    let begun = try #require(try Self.notices(told).first)
                    #expect(begun.notice == "unhealthy" && begun.state == "begun" && begun.lastedS == nil)
                    #expect(begun.title == "mail.example.org: the mailbox cannot be used")
                    #expect(begun.cause.hasPrefix("Nothing listens on any port of this host: is the mail server"))
                    #expect(begun.text.hasPrefix(begun.cause) && begun.fix?.isEmpty == false)
                    #expect(begun.places == ["mailbox 127.0.0.1:\(fake.port(.smtp)) (smtp)"])
                    try await fake.resume()
                    try await edge.event(containing: "sent to \(script.path): unhealthy, which is over")
                    let all = try Self.notices(told)
                    #expect(all.map(\.state) == ["begun", "over"])
                    #expect(all[0].id == all[1].id && all[1].lastedS.map { $0 >= 1 } == true)
                }
            }
        }

        @Test func `who hangs keeps nobody waiting: neither clients, nor others who are told, nor the end`()
            async throws
        {
            try await TestHost.run { host in
                let (gone, smtp) = (try FreePort.take(), try FreePort.take())
                let script = try Self.script(on: host)
                let text = Self.configuration(
                    gone, smtp: smtp,
                    "[{command: [/bin/sh, -c, \"echo $$ > pid; kill -STOP $$\"], after: 0s}, {command: [\(script.path)], after: 0s}]"
                ).replacing("> pid", with: "> \(host.folder.path)/pid").replacing("$$", with: "$$$$")
                let edge = try await EdgeProcess(on: host, ports: [smtp], text)
                try await edge.event(containing: "sent to \(script.path): unhealthy")
                let client = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: smtp))
                #expect(String(decoding: try client.receiveToEnd().bytes, as: UTF8.self).hasPrefix("421 "))
                client.close()
                let pid = try await eventually("the other command has started") {
                    Int32(host.folder.file("pid").text.trimmingCharacters(in: .whitespacesAndNewlines))
                }
                #expect(kill(pid, 0) == 0)
                edge.process.send(SIGTERM)
                #expect(try await edge.process.exitCode() == 0)
                try await eventually("the command has ended with the edge") { kill(pid, 0) != 0 ? true : nil }
            }
        }

        /// Answers 200 to a POST, and keeps its token and its body.
        private static let server = """
            import http.server, ssl, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                    with open("told", "a") as file: file.write(body)
                    with open("tokens", "a") as file: file.write(self.headers.get("Authorization", "") + "\\n")
                    self.send_response(200)
                    self.end_headers()
                def log_message(self, *arguments): pass
            server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[2])
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.serve_forever()
            """

        private static func startServer(_ authority: FakeAuthority, on host: TestHost, port: UInt16) async throws {
            let pem = host.folder.file("server.pem")
            try pem.write(try authority.issue(["localhost"]).serverPEM)
            let script = host.folder.file("server.py")
            try script.write("import os; os.chdir(\"\(host.folder.path)\")\n" + server)
            let python = try Program("python3", package: "python3")
            let process = try host.start("server", python, [script.path, "\(port)", pem.path])
            try await ListeningPorts.wait(for: [port], of: process)
        }

        @Test func `a server that is away is told later, and the token stays a secret`() async throws {
            try await TestHost.run { host in
                let (gone, smtp, https) = (try FreePort.take(), try FreePort.take(), try FreePort.take())
                let headers = host.folder.file("headers")
                try headers.write("Authorization: Bearer s3cret-token\n")
                chmod(headers.path, 0o600)
                let text = Self.configuration(
                    gone, smtp: smtp,
                    """
                    [{url: "https://localhost:\(https)/s3cret-topic", headers_file: \(headers.path), trust_roots: \
                    \(host.folder.path)/roots.pem, on: [unhealthy], after: 0s}]
                    """)
                let authority = try FakeAuthority()
                try host.folder.file("roots.pem").write(authority.pem)
                let edge = try await EdgeProcess(on: host, ports: [smtp], text)
                try await edge.event(
                    containing: "notice to https://localhost:\(https) failed: 127.0.0.1:\(https) refused")
                try await Self.startServer(authority, on: host, port: https)
                try await edge.event(containing: "sent to https://localhost:\(https): unhealthy")
                #expect(try Self.notices(host.folder.file("told")).map(\.notice) == ["unhealthy"])
                #expect(host.folder.file("tokens").text == "Bearer s3cret-token\n")

                let check = try await Answer.tailwart(["check", "--notify"], on: host)
                #expect(check.exitCode == 0, "\(check.output)\(check.errors)")
                #expect(try Self.notices(host.folder.file("told")).last?.notice == "test")
                chmod(headers.path, 0o644)
                let open = try await Answer.tailwart(["check", "--notify"], on: host)
                #expect(open.exitCode == 1 && open.output.contains("can be read by everybody"))
                let config = try await Answer.tailwart(["config"], on: host)
                let said = [
                    edge.process.output.text, edge.process.errors.text, check.output, check.errors, open.output,
                ]
                #expect((said + [config.output]).allSatisfy { !$0.contains("s3cret-token") })
                #expect(said.allSatisfy { !$0.contains("s3cret-topic") })
            }
        }

        @Test func `a reload names others, who are told what lasts`() async throws {
            try await TestHost.run { host in
                let (gone, smtp) = (try FreePort.take(), try FreePort.take())
                let script = try Self.script(on: host)
                let edge = try await EdgeProcess(
                    on: host, ports: [smtp],
                    Self.configuration(gone, smtp: smtp, "[{command: [/bin/true], on: [reload_failed]}]"))
                try await edge.event(containing: "is unhealthy")
                let file = host.folder.file("tailwart.yaml")
                try file.write(
                    Self.configuration(gone, smtp: smtp, "[{command: [\(script.path)], after: 1s}]")
                        + "\nlog: {format: json}\n")
                edge.process.send(SIGHUP)
                try await edge.event(containing: "notify: /bin/true (on reload_failed; after 5m) → \(script.path)")
                try await edge.event(containing: "sent to \(script.path): unhealthy")
            }
        }

        @Test func `a test shows whether notices arrive before one is needed`() async throws {
            try await TestHost.run { host in
                let script = try Self.script(on: host)
                let file = host.folder.file("tailwart.yaml")
                let mailbox = "mailbox: {address: 127.0.0.1, hostname: mail.example.org, ports: {2525: 25}}\n"
                try file.write(
                    "\(mailbox)notify: [{command: [\(script.path)]}, {command: [/bin/sh, -c, \"echo no network; exit 3\"]}]\n"
                )
                let answer = try await Answer.tailwart(["check", "--notify"], on: host)
                #expect(answer.exitCode == 1)
                #expect(answer.output.contains("pass"))
                #expect(answer.output.contains("It accepted the test notice."))
                #expect(answer.output.contains("/bin/sh ended with 3 and said 'no network\\n'."))
                #expect(try Self.notices(host.folder.file("told")).map(\.title) == ["mail.example.org: a test"])
                try file.write(mailbox)
                let nobody = try await Answer.tailwart(["check", "--notify"], on: host)
                #expect(nobody.exitCode == 0 && nobody.output.contains("The file has no 'notify'"))
            }
        }
    }
}
