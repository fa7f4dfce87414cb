import NIOPosix
import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

extension MailTests {
    /// The probes against real mail servers: what they find, and what those servers' logs say about them.
    @Suite(.serialized) struct ProbeMailTests {
        private static let patience = Duration.seconds(20)

        private func probe(
            _ mailbox: Mailbox, _ port: UInt16, _ proto: ListenerProtocol, _ version: ProxyProtocolOut.Version,
            timeout: Duration = patience, name: EdgeName = EdgeName(host: "edge.example.org", addresses: [])
        ) async -> ProbeResult {
            let question = ProbeQuestion(
                upstream: "mailbox", endpoint: PostfixServer.hostName,
                way: .direct(InternetAddress(.loopbackV4, port: port)), proto: proto, proxyProtocol: version,
                serverName: PostfixServer.hostName, trustRoots: mailbox.certificates.authority.path)
            let prober = Prober(group: MultiThreadedEventLoopGroup.singleton, name: { name })
            return await prober.probe(question, timeout: timeout, patience: timeout)
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
                #expect(smtp.server == .postfix)
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
        func `Postfix that waits for a header is recognised by its own words`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let smtps = try await postfix.add(
                    ["smtpd_tls_wrappermode = yes", "smtpd_upstream_proxy_protocol = haproxy"], on: host)
                // Postfix itself gives up after 5 seconds.
                let early = await probe(mailbox, postfix.port, .smtp, .none, timeout: .seconds(2))
                #expect(early.verdict == .silent, "\(early.detail)")
                let late = await probe(mailbox, postfix.port, .smtp, .none)
                #expect(late.verdict == .headerRequired, "\(late.detail)")
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
                #expect(smtp.server == .postfix && smtp.fix.contains("smtpd_upstream_proxy_protocol"))
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

        @Test(.timeLimit(.minutes(2)), arguments: [ProxyProtocolOut.Version.v2, .none])
        func `postscreen is waited for, and has nothing to say against the probe`(
            version: ProxyProtocolOut.Version
        ) async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try await postfix.addPostscreen(expectsHeader: version != .none, on: host)
                let first = await probe(mailbox, port, .smtp, version)
                #expect(first.verdict == .slow, "\(first.detail)")
                #expect(first.verdict.grade == .good && first.certificate?.chainProblem == nil)
                try await postfix.logLine(containing: "PASS NEW [127.0.0.1]")
                // It remembers who has waited.
                let second = await probe(mailbox, port, .smtp, version)
                #expect(second.verdict == .well, "\(second.detail)")
                try await postfix.logLine(containing: "PASS OLD [127.0.0.1]")
                for word in ["PREGREET", "HANGUP", "lost connection", "improper"] {
                    #expect(!postfix.log.text.contains(word), "\(postfix.log.text)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: [ProxyProtocolOut.Version.v2, .v1])
        func `postscreen that expects no header is recognised by its teaser, and waited for`(
            version: ProxyProtocolOut.Version
        ) async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try await postfix.addPostscreen(expectsHeader: false, on: host)
                let result = await probe(mailbox, port, .smtp, version)
                #expect(result.verdict == .headerNotTrusted, "\(result.detail)")
                #expect(!result.isCostly)
                try await postfix.logLine(containing: "disconnect from unknown[127.0.0.1] quit=1 commands=1")
                for word in ["PREGREET", "HANGUP", "lost connection", "improper"] {
                    #expect(!postfix.log.text.contains(word), "\(postfix.log.text)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `an edge on a host without a domain says a name that Postfix takes`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try await postfix.add(
                    [
                        "smtpd_helo_required = yes", "smtpd_delay_reject = no",
                        "smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname",
                    ], on: host)
                for name in [
                    EdgeName(host: "vm", addresses: [.v4(0xcb00_7105), .v4(0x0101_0105)]),
                    EdgeName(host: "vm", tailnet: "vm.tail1234.ts.net", addresses: []),
                ] {
                    let result = await probe(mailbox, port, .smtp, .none, name: name)
                    #expect(result.verdict == .well, "\(name): \(result.detail)")
                }
                let strict = try await postfix.add(
                    ["smtpd_helo_required = yes", "smtpd_delay_reject = no", "smtpd_helo_restrictions = reject"],
                    on: host)
                let refused = await probe(mailbox, strict, .smtp, .none)
                #expect(refused.verdict == .ehloRefused, "\(refused.detail)")
                #expect(refused.detail.contains("'EHLO edge.example.org'"), "\(refused.detail)")
                #expect(!refused.verdict.turnsOff(.reachability))
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `Postfix that has no STARTTLS to give at the moment is degraded`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try await postfix.add(["smtpd_tls_CAfile = /nowhere/authorities.pem"], on: host)
                let result = await probe(mailbox, port, .smtp, .none)
                #expect(result.verdict == .startTLSRefused, "\(result.detail)")
                #expect(result.detail.contains("454 4.7.0"), "\(result.detail)")
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
                    #expect(result.server == .dovecot)
                    #expect(result.certificate?.chainProblem == nil)
                }
                for login in ["imap", "pop3", "managesieve"] {
                    // What docs/faults.md says about fail2ban.
                    try await dovecot.logLine(
                        containing:
                            "\(login)-login: Info: Disconnected: Aborted login by logging out (no auth attempts in ",
                        "rip=127.0.0.1,", ", TLS")
                }
                for word in ["Error", "Warning", "haproxy", "SSL_accept", "unknown command"] {
                    #expect(!dovecot.log.text.contains(word), "\(dovecot.log.text)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `nginx on 443 that gets a header, or waits for one, is named with the key of the short form`() async throws
        {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let certificate = try await mailbox.certificates.issue([PostfixServer.hostName])
                let plain = try await NginxServer(on: host, name: "plain", certificate: certificate)
                let waiting = try await NginxServer(
                    on: host, name: "waiting", certificate: certificate, takesHeader: true)
                for (port, version, verdict, key) in [
                    (plain.port, ProxyProtocolOut.Version.none, Verdict.well, nil), (waiting.port, .v2, .well, nil),
                    (plain.port, .v2, .headerUnwanted, "`https: {proxy_protocol: none}`"),
                    (plain.port, .v1, .headerUnwanted, "`https: {proxy_protocol: none}`"),
                    (waiting.port, .none, .headerRequired, "`https: {proxy_protocol: v2}`"),
                ] as [(UInt16, ProxyProtocolOut.Version, Verdict, String?)] {
                    let result = await probe(mailbox, port, .https, version)
                    #expect(result.verdict == verdict, "\(version): \(result.detail)")
                    if let key { #expect(result.fix(.https).contains(key), "\(result.fix(.https))") }
                    #expect(!result.verdict.turnsOff(.reachability))
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `ports of Postfix and Dovecot in the wrong sort of TLS are named`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let smtps = try await postfix.add(
                    ["smtpd_tls_wrappermode = yes", "smtpd_upstream_proxy_protocol = haproxy"], on: host)
                let dovecot = try await mailbox.startDovecot()
                for (port, asked, words) in [
                    (smtps, .submission, "the protocol submissions"), (dovecot.imaps, .imap, "the protocol imaps"),
                    (postfix.port, .submissions, "an SMTP server without TLS"),
                ] as [(UInt16, ListenerProtocol, String)] {
                    let result = await probe(mailbox, port, asked, .v2, timeout: .seconds(3))
                    #expect(result.verdict == .wrongProtocol, "\(asked): \(result.detail)")
                    #expect(result.detail.contains(words), "\(result.detail)")
                }
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `Postfix says whether it takes mail, and of an address that it has not`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try await postfix.add(["queue_minfree = 999999999999"], on: host)
                let prober = Prober(
                    group: MultiThreadedEventLoopGroup.singleton,
                    name: { EdgeName(host: "edge.example.org", addresses: []) })
                let question = ProbeQuestion(
                    upstream: "mailbox", endpoint: PostfixServer.hostName,
                    way: .direct(InternetAddress(.loopbackV4, port: port)), proto: .smtp, proxyProtocol: .none)
                let met = await prober.meet(question, Self.patience, Self.patience) {
                    await $0.run(askingFor: "postmaster@example.org")
                }
                #expect(met?.recipient?.answer == .refusedNow, "\(String(describing: met))")
                #expect(met?.recipient?.detail.contains("with '452 4.3.1 ") == true)
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `Dovecot that waits for a header, mistrusts one or expects none is recognised`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let dovecot = try await mailbox.startDovecot()
                for (port, proto) in dovecot.ports {
                    let result = await probe(mailbox, port, proto, .none)
                    #expect(result.verdict == (proto == .sieve ? .silent : .tlsFailed), "\(proto): \(result.detail)")
                    #expect(result.detail.contains("PROXY header"), "\(proto): \(result.detail)")
                }
                try await dovecot.reconfigure(on: host) {
                    $0.replacing("haproxy_trusted_networks = 127.0.0.1", with: "haproxy_trusted_networks = 192.0.2.1")
                }
                for (port, proto) in dovecot.ports {
                    let result = await probe(mailbox, port, proto, .v2)
                    // It does not even read the header, so this looks like a ban, of a server that nobody knows; the fix names both.
                    #expect(result.verdict == .banned, "\(proto): \(result.detail)")
                    #expect(
                        result.fix.contains("ban of this edge's address") && result.fix.contains("`tailwart trust`"))
                }
                // However often and with whatever header it is asked, that stays so.
                for _ in 1...5 {
                    for (port, proto) in dovecot.ports {
                        for version in [ProxyProtocolOut.Version.v2, .v1] {
                            let again = await probe(mailbox, port, proto, version)
                            #expect(again.verdict == .banned, "\(proto) \(version): \(again.detail)")
                        }
                    }
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
