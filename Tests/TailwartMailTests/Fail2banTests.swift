import Foundation
import TailwartTesting
import TailwartWire
import Testing

extension MailTests {
    /// Debian's fail2ban with what deploy/fail2ban has for it.
    @Suite(.serialized) struct Fail2banTests {
        private static let files = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../deploy/fail2ban").standardized.path

        /// An edge that has seen who does what no mail program does, and others.
        private static func edge(on host: TestHost, _ format: String) async throws -> EdgeProcess {
            let (smtp, https) = (try FreePort.take(), try FreePort.take())
            let mailbox = try FakeMailbox { connection, _ in
                try connection.send(Array("220 mailbox ESMTP\r\n".utf8))
                _ = try connection.receive()
            }
            defer { mailbox.close() }
            let edge = try await EdgeProcess(
                on: host, ports: [smtp, https], log: "{format: \(format)}",
                """
                admin: {socket: \(host.folder.path)/admin.sock}
                limits: off
                bans: {file: off, strikes: off}
                upstreams:
                  mailbox: {endpoints: ["127.0.0.1:\(mailbox.address.port)"], proxy_protocol: none, health: off}
                defaults: {proxy_protocol_in: {trusted: [127.0.0.1]}}
                listeners:
                  - {name: smtp, bind: ["127.0.0.1:\(smtp)"], protocol: smtp, routes: [{to: mailbox}]}
                  - name: https
                    bind: ["127.0.0.1:\(https)"]
                    protocol: https
                    routes: [{match: {sni: [www.example.org]}, to: mailbox}]
                """)
            func visit(_ port: UInt16, _ header: String, _ text: [UInt8], from source: IPAddress? = nil) throws {
                let socket = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: port), from: source)
                defer { socket.close() }
                try socket.send(Array(header.utf8) + text)
                _ = try? socket.receive()
            }
            func header(_ client: String) -> String {
                client.contains(":")
                    ? "PROXY TCP6 \(client) 2001:db8:1::1 40212 25\r\n" : "PROXY TCP4 \(client) 192.0.2.1 40212 25\r\n"
            }
            // A handshake record with a hello in it that is none (RFC 8446 section 4).
            let broken: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00]
            try visit(https, header("203.0.113.7"), broken)
            try visit(https, header("2001:db8:7::7"), broken)
            try visit(
                https, header("203.0.113.9"), ClientHelloBuilder(serverName: "nobody.example").bytes)
            try visit(smtp, header("203.0.113.10"), [])
            try visit(smtp, "EHLO a\r\n", [], from: .v4(0x7f00_0009))
            try await eventually("the edge has written of all five") {
                let text = edge.process.output.text
                return ["203.0.113.7:", "[2001:db8:7::7]:", "203.0.113.9:", "203.0.113.10:", "127.0.0.9:"]
                    .allSatisfy { text.contains($0) } ? true : nil
            }
            return edge
        }

        private static func found(in log: String, _ filter: String, on host: TestHost) async throws -> Set<String> {
            let regex = try Program("fail2ban-regex", package: "fail2ban")
            let run = try ChildProcess("fail2ban-regex", regex, ["-o", "<ip>", log, filter], in: host.folder)
            _ = try await run.exitCode()
            return Set(run.output.lines.map(String.init))
        }

        @Test(.timeLimit(.minutes(2)), arguments: ["text", "json"])
        func `the filter finds in the edge's own log who did what no mail program does`(format: String) async throws {
            try await TestHost.run { host in
                let edge = try await Self.edge(on: host, format)
                let filter = "\(Self.files)/filter.d/tailwart.conf"
                let syslog = host.folder.file("syslog")
                try syslog.write(
                    edge.process.output.lines.map { "Nov 29 10:49:00 edge tailwart[77]: \($0)\n" }.joined())
                for log in [edge.process.output.path, syslog.path] {
                    let usual: Set = ["203.0.113.7", "2001:db8:7::7", "127.0.0.9"]
                    #expect(try await Self.found(in: log, filter, on: host) == usual)
                    #expect(
                        try await Self.found(in: log, "\(filter)[mode=aggressive]", on: host)
                            == usual.union(["203.0.113.9"]))
                }
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func `filters find in the log of Postfix and Dovecot which client of the edge failed to log in`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let (postfix, dovecot) = (try await mailbox.startPostfix(), try await mailbox.startDovecot())
                let (submissions, imaps) = (try FreePort.take(), try FreePort.take())
                _ = try await EdgeProcess(
                    on: host, ports: [submissions, imaps],
                    """
                    upstreams:
                      mailbox: {endpoints: [127.0.0.1], proxy_protocol: v2, health: off}
                    listeners:
                      - name: submissions
                        bind: ["127.0.0.1:\(submissions)"]
                        protocol: submissions
                        routes: [{to: "mailbox:\(postfix.submissions)"}]
                      - name: imaps
                        bind: ["127.0.0.1:\(imaps)"]
                        protocol: imaps
                        routes: [{to: "mailbox:\(dovecot.imaps)"}]
                    """)
                let mail = try SecureSession(
                    to: submissions, from: "127.0.0.21", serverName: .name(PostfixServer.hostName),
                    authority: mailbox.certificates.authority, on: host)
                try await mail.receive("220 \(PostfixServer.hostName)")
                try mail.send("EHLO client.example.net")
                try await mail.receive("250 ")
                // ann and a wrong password (RFC 4616).
                try mail.send("AUTH PLAIN AGFubgB3cm9uZw==")
                try await mail.receive("535 5.7.8")
                let session = try SecureSession(
                    to: imaps, from: "127.0.0.22", serverName: .name(PostfixServer.hostName),
                    authority: mailbox.certificates.authority, on: host)
                try await session.receive("* OK")
                try session.send("a LOGIN ann wrong")
                try await session.receive("a NO")
                try session.send("b LOGOUT")
                try await dovecot.logLine(containing: "auth failed", "rip=127.0.0.22")
                try await postfix.logLine(containing: "SASL PLAIN authentication failed")

                let folder = try host.folder.makeFolder("filter.d")
                let ours = "\(folder)/tailwart-postfix.conf"
                for (name, origin) in [
                    (ours, "\(Self.files)/filter.d/tailwart-postfix.conf"),
                    ("\(folder)/postfix.conf", "/etc/fail2ban/filter.d/postfix.conf"),
                    ("\(folder)/common.conf", "/etc/fail2ban/filter.d/common.conf"),
                ] { try FileManager.default.copyItem(atPath: origin, toPath: name) }
                let usual = try await Self.found(in: postfix.log.path, "postfix[mode=extra]", on: host)
                #expect(usual.isEmpty, "Debian's own has learned it; ours can go")
                #expect(
                    try await Self.found(in: postfix.log.path, "\(ours)[mode=extra]", on: host) == ["127.0.0.21"])
                #expect(try await Self.found(in: dovecot.log.path, "dovecot", on: host) == ["127.0.0.22"])
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `a jail bans at the edge, and takes back its own ban alone`() async throws {
            try await TestHost.run { host in
                let edge = try await Self.edge(on: host, "json")
                let folder = try host.folder.makeFolder("fail2ban")
                for name in ["action.d", "filter.d"] {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(folder)/\(name)", withDestinationPath: "\(Self.files)/\(name)")
                }
                let tailwart = "env TAILWART_ADMIN_SOCKET=\(host.folder.path)/admin.sock \(try Program.edge().path)"
                try host.folder.file("fail2ban/fail2ban.conf").write(
                    """
                    [Definition]
                    loglevel = INFO
                    logtarget = \(folder)/fail2ban.log
                    syslogsocket = auto
                    socket = \(folder)/socket
                    pidfile = \(folder)/pid
                    dbfile = None

                    """)
                try host.folder.file("fail2ban/jail.conf").write(
                    """
                    [edge]
                    enabled = true
                    backend = polling
                    filter = tailwart
                    logpath = \(edge.process.output.path)
                    action = tailwart[tailwart="\(tailwart)"]
                    ignoreself = false
                    maxretry = 1
                    findtime = 1h
                    bantime = 1h

                    """)
                func bans() async throws -> String {
                    let list = try ChildProcess(
                        "bans", Program.edge(), ["ban", "list", "--socket", "\(host.folder.path)/admin.sock"],
                        in: host.folder)
                    _ = try await list.exitCode()
                    return list.output.text
                }
                func order(_ program: String, _ words: String...) async throws {
                    let program = try Program(program, package: "fail2ban")
                    let run = try ChildProcess("order", program, ["-c", folder] + words, in: host.folder)
                    #expect(try await run.exitCode() == 0, "\(run.tail)")
                }
                _ = try host.start(
                    "fail2ban", Program("fail2ban-server", package: "fail2ban"), ["-f", "-c", folder, "start"])
                var text = ""
                for _ in 0..<300 where !(text.contains("203.0.113.7") && text.contains("2001:db8:7::/64")) {
                    text = try await bans()
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(text.contains("203.0.113.7") && text.contains("2001:db8:7::/64"), "\(text)")
                #expect(text.contains("fail2ban-edge") && !text.contains("203.0.113.10"))
                try await order("fail2ban-client", "set", "edge", "unbanip", "203.0.113.7")
                let after = try await bans()
                #expect(!after.contains("203.0.113.7") && after.contains("2001:db8:7::/64"), "\(after)")
            }
        }
    }
}
