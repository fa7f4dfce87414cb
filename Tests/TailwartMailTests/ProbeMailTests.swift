import NIOPosix
import TailwartClient
import TailwartCore
import TailwartProbe
import TailwartTesting
import TailwartWire
import Testing

extension MailTests {
    /// The probes against real mail servers: what they find, and what those servers' logs say about them.
    @Suite(.serialized) struct ProbeMailTests {
        private static let patience = Duration.seconds(20)
        private static let prober = Prober(
            group: MultiThreadedEventLoopGroup.singleton,
            name: { EdgeName(host: "edge.example.org", addresses: []) })

        private func probe(
            _ mailbox: Mailbox, _ port: UInt16, _ proto: ListenerProtocol, _ version: ProxyProtocolOut.Version,
            timeout: Duration = patience
        ) async -> ProbeResult {
            let question = ProbeQuestion(
                upstream: "mailbox", endpoint: PostfixServer.hostName,
                way: .direct(InternetAddress(.loopbackV4, port: port)), proto: proto, proxyProtocol: version,
                serverName: PostfixServer.hostName, trustRoots: mailbox.certificates.authority.path)
            return await Self.prober.probe(question, timeout: timeout, patience: timeout)
        }

        @Test(.timeLimit(.minutes(2)), arguments: [ProxyProtocolOut.Version.v2, .v1])
        func `Postfix is well, and logs a client that knows its manners`(version: ProxyProtocolOut.Version) async throws
        {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let smtps = try await postfix.add(
                    ["smtpd_tls_wrappermode = yes", "smtpd_upstream_proxy_protocol = haproxy"], on: host)

                let smtp = await probe(mailbox, postfix.port, .smtp, version)
                #expect(smtp.verdict == .well, "\(smtp.detail)")
                #expect(smtp.certificate?.names == [PostfixServer.hostName])
                try await postfix.logLine(
                    containing: "disconnect from unknown[127.0.0.1] ehlo=1 starttls=1 quit=1 commands=3")

                let submissions = await probe(mailbox, smtps, .submissions, version)
                #expect(submissions.verdict == .well, "\(submissions.detail)")
                try await postfix.logLine(containing: "disconnect from unknown[127.0.0.1] quit=1 commands=1")
                for word in ["warning", "error", "lost connection", "improper", "timeout", "fatal"] {
                    #expect(!postfix.log.text.contains(word), "\(postfix.log.text)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `Postfix that waits for a header is recognised, however long the probe waits`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let smtps = try await postfix.add(
                    ["smtpd_tls_wrappermode = yes", "smtpd_upstream_proxy_protocol = haproxy"], on: host)
                // Postfix itself gives up after 5 seconds.
                for timeout in [Duration.seconds(2), Self.patience] {
                    let result = await probe(mailbox, postfix.port, .smtp, .none, timeout: timeout)
                    #expect(result.verdict == .headerRequired, "\(result.detail)")
                }
                let result = await probe(mailbox, smtps, .submissions, .none)
                #expect(result.verdict == .headerRequired, "\(result.detail)")
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: [ProxyProtocolOut.Version.v2, .v1])
        func `Postfix that expects no header is recognised before it has one to complain of`(
            version: ProxyProtocolOut.Version
        ) async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let plain = try await postfix.add([], on: host)
                let smtp = await probe(mailbox, plain, .smtp, version)
                #expect(smtp.verdict == .headerNotTrusted, "\(smtp.detail)")
                try await postfix.logLine(containing: "disconnect from unknown[127.0.0.1] quit=1 commands=1")

                // Slow to greet, it gets the header, and says what it thinks of it.
                let slow = try await postfix.add(
                    ["smtpd_client_restrictions = sleep 2", "smtpd_delay_reject = no"], on: host)
                let late = await probe(mailbox, slow, .smtp, version)
                #expect(late.verdict == .headerNotTrusted, "\(late.detail)")
                #expect(!late.detail.contains("before it has seen"), "\(late.detail)")

                let smtps = try await postfix.add(["smtpd_tls_wrappermode = yes"], on: host)
                let submissions = await probe(mailbox, smtps, .submissions, version)
                #expect(submissions.verdict == .headerNotTrusted, "\(submissions.detail)")
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: [ProxyProtocolOut.Version.v2, .v1])
        func `Dovecot is well, and logs a client that knows its manners`(version: ProxyProtocolOut.Version) async throws
        {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let dovecot = try await mailbox.startDovecot()
                for (port, proto) in dovecot.ports {
                    let result = await probe(mailbox, port, proto, version)
                    #expect(result.verdict == .well, "\(proto): \(result.detail)")
                    #expect(result.certificate?.chainProblem == nil)
                }
                for login in ["imap", "pop3", "managesieve"] {
                    try await dovecot.logLine(containing: "\(login)-login: Info: ", "rip=127.0.0.1,", ", TLS")
                }
                for word in ["Error", "Warning", "haproxy", "SSL_accept", "unknown command"] {
                    #expect(!dovecot.log.text.contains(word), "\(dovecot.log.text)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `Dovecot that waits for a header, mistrusts one or expects none is recognised`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let dovecot = try await mailbox.startDovecot()
                for (port, proto) in dovecot.ports {
                    let result = await probe(mailbox, port, proto, .none)
                    #expect(result.verdict == .headerRequired, "\(proto): \(result.detail)")
                }
                try await dovecot.reconfigure(on: host) {
                    $0.replacing("haproxy_trusted_networks = 127.0.0.1", with: "haproxy_trusted_networks = 192.0.2.1")
                }
                for (port, proto) in dovecot.ports {
                    let result = await probe(mailbox, port, proto, .v2)
                    // It does not even read the header, so this looks like a ban; the fix names both.
                    #expect(result.verdict == .banned, "\(proto): \(result.detail)")
                    #expect(result.verdict.fix.contains("haproxy_trusted_networks"))
                }
                try await dovecot.logLine(containing: "Client not trusted")
                try await dovecot.reconfigure(on: host) { $0.replacing("haproxy = yes", with: "") }
                for (port, proto) in dovecot.ports {
                    for version in [ProxyProtocolOut.Version.v2, .v1] {
                        let result = await probe(mailbox, port, proto, version)
                        #expect(result.verdict == .headerNotTrusted, "\(proto): \(result.detail)")
                    }
                    let well = await probe(mailbox, port, proto, .none)
                    #expect(well.verdict == .well, "\(proto): \(well.detail)")
                }
            }
        }
    }
}

extension PostfixServer {
    /// Opens one more port with these options.
    fileprivate func add(_ options: [String], on host: TestHost) async throws -> UInt16 {
        let port = try FreePort.take()
        let services = host.folder.file("postfix/master.cf")
        let lines = options.map { "  -o { \($0) }\n" }.joined()
        try services.write(services.text + "127.0.0.1:\(port) inet n - n - - smtpd\n\(lines)")
        let postfix = try Program("postfix", package: "postfix")
        let configuration = host.folder.file("postfix").path
        let reload = try ChildProcess(
            "postfix-reload-\(port)", postfix, ["-c", configuration, "reload"], in: host.folder)
        guard try await reload.exitCode() == 0 else { throw TestFailure("postfix reload: \(reload.tail)") }
        try await ListeningPorts.wait(for: [port], of: process)
        return port
    }
}

extension DovecotServer {
    fileprivate var ports: [(UInt16, ListenerProtocol)] { [(imaps, .imaps), (pop3s, .pop3s), (sieve, .sieve)] }

    /// Restarts the login services with another configuration.
    fileprivate func reconfigure(on host: TestHost, _ change: (String) -> String) async throws {
        let configuration = host.folder.file("dovecot.conf")
        let before = configuration.text
        let after = change(before)
        guard after != before else { throw TestFailure("the change finds nothing in\n\(before)") }
        try configuration.write(after)
        let count = { log.text.components("SIGHUP received") }
        let earlier = count()
        let doveadm = try Program("doveadm", package: "dovecot-core")
        let reload = try ChildProcess(
            "doveadm-reload-\(earlier)", doveadm, ["-c", configuration.path, "reload"], in: host.folder)
        guard try await reload.exitCode() == 0 else { throw TestFailure("doveadm reload: \(reload.tail)") }
        try await eventually("Dovecot has reloaded") { count() > earlier ? true : nil }
    }
}

extension String {
    /// How often a text is in this one.
    fileprivate func components(_ text: String) -> Int { ranges(of: text).count }
}
