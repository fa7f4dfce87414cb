import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// What a Stalwart does by default that is no fault of the edge's: what clients get through the edge then, and what the edge says of it.
    @Suite struct Stalwart {
        private static func configuration(_ ports: [(UInt16, String, UInt16)]) -> String {
            let listeners = ports.map { port, proto, mailbox in
                "  - {name: l\(port), bind: [\"127.0.0.1:\(port)\"], protocol: \(proto), to: \"mailbox:\(mailbox)\"}"
            }
            return """
                workers: 1
                tailscale: off
                upstreams:
                  mailbox:
                    endpoints: [127.0.0.1]
                    proxy_protocol: v2
                    health: {interval: 1s, timeout: 2s, rise: 1, fall: 1}
                listeners:
                \(listeners.joined(separator: "\n"))
                """
        }

        /// An edge before port 25 of the mailbox.
        private static func withEdge(
            _ settings: FakeStalwart.Settings = .trusting(), under wrapper: (TestHost) throws -> [String] = { _ in [] },
            _ body: (EdgeProcess, UInt16, FakeStalwart, TestHost) async throws -> Void
        ) async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(settings) { fake in
                    let port = try FreePort.take()
                    let edge = try await EdgeProcess(
                        on: host, ports: [port], under: try wrapper(host),
                        configuration([(port, "smtp", fake.port(.smtp))]))
                    try await edge.verdict("certificate_fallback", port: fake.port(.smtp))
                    try await body(edge, port, fake, host)
                }
            }
        }

        /// Replies to these words, the greeting first; as many as came.
        private static func talk(
            _ words: [String], to port: UInt16, from client: IPAddress? = nil
        ) throws -> [String] {
            let socket = try Echo.connect(to: port, from: client)
            defer { socket.close() }
            let text = words.map { "\($0)\r\n" }.joined() + "QUIT\r\n"
            try socket.send(Array(text.utf8))
            return String(decoding: try socket.receiveToEnd().bytes, as: UTF8.self)
                .split(separator: "\r\n").map(String.init)
        }

        @Test func `a client that comes too often reads 421 in place of nothing, others and the place are as before`()
            async throws
        {
            let (often, other) = (IPAddress.v4(0x7f00_0002), IPAddress.v4(0x7f00_0003))
            try await Self.withEdge { edge, port, fake, _ in
                // A minute in place of the second, so that a slow machine does not change what is seen.
                try await fake.configure {
                    $0.throttle = 5
                    $0.throttleTime = .seconds(3600)
                }
                var first: [String] = []
                for _ in 0..<6 { first.append(try Self.talk([], to: port, from: often).first ?? "") }
                #expect(first.prefix(5).allSatisfy { $0.hasPrefix("220 ") }, "\(first)")
                #expect(first.last?.hasPrefix("421 4.3.2 ") == true, "\(first)")
                #expect(try Self.talk([], to: port, from: other).first?.hasPrefix("220 ") == true)
                let record = try await edge.record(of: "\(often)", reason: "upstream_empty")
                #expect(record.endedBy == "upstream")
                // A client's fault turns nothing off.
                #expect(fake.counters.throttled > 0)
                #expect(!edge.process.output.text.contains("is unhealthy"))
            }
        }

        @Test func `check asks again where the throttle meant its own questions`() async throws {
            var settings = FakeStalwart.Settings.trusting()
            settings.throttle = 2
            try await TestHost.run { host in
                try await FakeStalwart.with(settings) { fake in
                    let ports = try [ListenerProtocol.smtp, .submission, .submissions].map {
                        (try FreePort.take(), $0.rawValue, fake.port($0))
                    }
                    try host.folder.file("tailwart.yaml").write(Self.configuration(ports))
                    let answer = try await Answer.tailwart(["check", "--host"], on: host)
                    let lines = answer.outputLines.filter { $0.contains("upstream  ") && $0.contains("(s") }
                    // One cause, one line for the three ports.
                    #expect(lines.count == 1 && lines.allSatisfy { $0.hasPrefix("warn ") }, "\(answer.output)")
                    for port in ["(smtp)", "(submission)", "(submissions)"] {
                        #expect(lines.first?.contains(port) == true, "\(answer.output)")
                    }
                    #expect(!answer.output.contains("banned:") && !answer.output.contains("busy:"), "\(answer.output)")
                }
            }
        }

        @Test func `check fails with one line for all ports where clients are told that the certificate has expired`()
            async throws
        {
            let authority = try FakeAuthority()
            let old = try authority.issue(["mail.example.org"], from: .hoursFromNow(-1000), to: .hoursFromNow(-1))
            try await TestHost.run { host in
                let roots = host.folder.file("roots.pem")
                try roots.write(authority.pem)
                try await FakeStalwart.with(.trusting(certificate: old)) { fake in
                    let ports = try [ListenerProtocol.smtp, .submissions, .imaps].map {
                        (try FreePort.take(), $0.rawValue, fake.port($0))
                    }
                    try host.folder.file("tailwart.yaml").write(
                        Self.configuration(ports).replacing("rise: 1", with: "rise: 1, trust_roots: \(roots.path)"))
                    let answer = try await Answer.tailwart(["check", "--host"], on: host)
                    let lines = answer.outputLines.filter { $0.contains("upstream  ") && $0.contains("(s") }
                    #expect(lines.count == 1 && lines.allSatisfy { $0.hasPrefix("fail ") }, "\(answer.output)")
                    for port in ["(smtp)", "(submissions)", "(imaps)"] {
                        #expect(lines.first?.contains(port) == true, "\(answer.output)")
                    }
                    #expect(answer.exitCode == 1)
                }
            }
        }

        @Test func `while the database is away RCPT is answered with the mailbox's own temporary words`() async throws {
            try await Self.withEdge { edge, port, fake, host in
                try await fake.configure { $0.isDatabaseAway = true }
                let replies = try Self.talk(
                    ["EHLO client.example.com", "MAIL FROM:<you@example.com>", "RCPT TO:<ann@example.org>"], to: port)
                #expect(
                    replies.suffix(3) == [
                        "250 2.0.0 OK", "451 4.4.3 Unable to verify address at this time.", "221 2.0.0 Bye.",
                    ])
                // A greeting is all that a probe asks for: it is said in docs/preflight.md.
                let answer = try await Answer.tailwart(["check", "--host"], on: host)
                #expect(answer.outputLines.contains { $0.hasPrefix("warn ") && $0.contains("certificate_fallback") })
                #expect(!edge.process.output.text.contains("is unhealthy"))
                try await fake.configure { $0.isDatabaseAway = false }
                #expect(
                    try Self.talk(["EHLO client.example.com", "MAIL FROM:<>", "RCPT TO:<ann@example.org>"], to: port)
                        .suffix(2) == ["250 2.0.0 OK", "221 2.0.0 Bye."])
            }
        }

        @Test func `on a host named vm the edge says a name that Stalwart takes, and clients hear what they said`()
            async throws
        {
            func named(_ host: TestHost) throws -> [String] {
                let script = host.folder.file("named.sh")
                try script.write("hostname vm\nexec \"$@\"\n")
                return [
                    try Program("unshare", package: "util-linux").path, "--uts",
                    try Program("sh", package: "dash").path, "-e", script.path,
                ]
            }
            try await Self.withEdge(under: { ["unshare"] + (try named($0)).dropFirst() }) { _, port, fake, host in
                let replies = try Self.talk(["EHLO vm"], to: port)
                #expect(replies.suffix(2) == ["550 5.5.0 Invalid EHLO domain.", "221 2.0.0 Bye."])
                let check = try await Answer.tailwart(["check", "--host"], on: host, under: try named(host))
                #expect(check.output.contains("certificate_fallback: ") && !check.output.contains("ehlo_refused"))
                let gate = try await Answer.tailwart(
                    ["gate", "--once", "--mail", "smtp://\(fake.address(.smtp))?proxy=v2"], on: host,
                    under: try named(host))
                #expect(gate.exitCode == 0, "\(gate.errors)")
                #expect(fake.counters.invalidCommands == 0)
            }
        }
    }
}
