import TailwartClient
import TailwartCore
import TailwartTesting
import Testing

/// What Debian's servers do.
extension StagedFaultTests {
    @Test func `Postfix and Dovecot that are stopped are one line, which says how to start both`() async throws {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let (postfix, dovecot) = (try await mailbox.startPostfix(), try await mailbox.startDovecot())
            let ports: [(ListenerProtocol, UInt16)] = [
                (.smtp, postfix.port), (.submissions, postfix.submissions), (.imaps, dovecot.imaps),
                (.sieve, dovecot.sieve),
            ]
            let edge = try await StagedEdge(
                on: host,
                .init(
                    ", proxy_protocol: v2", health: ", trust_roots: \(mailbox.certificates.authority.path)",
                    ports: ports))
            try await edge.says(.healthy(on: ports.map(\.1)))
            async let first: Void = postfix.process.stop()
            async let second: Void = dovecot.process.stop()
            _ = await (first, second)
            try await edge.says(
                .verdict(
                    "refused", on: ports.map(\.1), "Nothing listens on any port of this host",
                    "`systemctl start postfix dovecot`"),
                .unhealthy(on: ports.map(\.1)))
            try await edge.saysNothing()
        }
    }

    /// A silent server is given the 35 seconds that a greeting may take.
    @Test func `ports in the wrong sort of TLS are named, and what their protocol would be`() async throws {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let (postfix, dovecot) = (try await mailbox.startPostfix(), try await mailbox.startDovecot())
            let edge = try await StagedEdge(
                on: host,
                .init(
                    ", proxy_protocol: v2",
                    ports: [(.submission, postfix.submissions), (.submissions, postfix.port), (.imap, dovecot.imaps)]))
            try await edge.says(
                .verdict("wrong_protocol", on: [postfix.submissions], "the protocol submissions"),
                .verdict("wrong_protocol", on: [postfix.port], "like an SMTP server without TLS"),
                .verdict("wrong_protocol", on: [dovecot.imaps], "the protocol imaps"))
            try await edge.saysNothing()
        }
    }

    @Test
    func `a certificate that ends is renewed on disk, and the server that has not loaded it is named with its command`()
        async throws
    {
        try await TestHost.run { host in
            let (mail, authority) = (try MailFolder(in: host.folder), try FakeAuthority())
            let roots = host.folder.file("roots.pem")
            try roots.write(authority.pem)
            // Twenty of ninety days are left.
            let old = try authority.issue([Self.name], from: .hoursFromNow(-70 * 24), to: .hoursFromNow(20 * 24))
            let files = try Self.files(old, in: host.folder)
            let postfix = try await PostfixServer(on: host, mail: mail, certificate: files)
            let dovecot = try await DovecotServer(on: host, mail: mail, certificate: files)
            let ports = [postfix.submissions, dovecot.imaps, dovecot.pop3s]
            let edge = try await StagedEdge(
                on: host,
                .init(
                    ", proxy_protocol: v2", health: ", trust_roots: \(roots.path)",
                    ports: [(.submissions, ports[0]), (.imaps, ports[1]), (.pop3s, ports[2])]))
            try await edge.says(
                .verdict("certificate_expiring", on: [ports[0]], "`certbot certificates`", "`postfix reload`"),
                .verdict(
                    "certificate_expiring", on: [ports[1], ports[2]], "`certbot certificates`", "`doveadm reload`"),
                .healthy(on: ports))
            try await edge.saysNothing()
            _ = try Self.files(
                try authority.issue([Self.name], to: .hoursFromNow(90 * 24)), in: host.folder)
            try await postfix.reload(on: host)
            try await edge.says(
                .verdict("well", on: [ports[0]]),
                .verdict(
                    "certificate_not_reloaded", on: [ports[1], ports[2]], "was not loaded here", "`doveadm reload`",
                    "certbot renew --deploy-hook"))
            try await edge.saysNothing()
            try await dovecot.reload(on: host)
            try await edge.says(.verdict("well", on: [ports[1], ports[2]]))
            try await edge.saysNothing()
        }
    }

    @Test func `a web server that is gone is told in words about a web server, and mail goes on`() async throws {
        try await TestHost.run { host in
            let authority = try FakeAuthority()
            let roots = host.folder.file("roots.pem")
            try roots.write(authority.pem)
            let certificate = try authority.issue([Self.name])
            try await FakeStalwart.with(.trusting(certificate: certificate)) { fake in
                let web = try await NginxServer(
                    on: host, name: "web", certificate: Self.files(certificate, in: host.folder), takesHeader: true)
                let (smtp, https) = (fake.port(.smtp), web.port)
                let edge = try await StagedEdge(
                    on: host,
                    .init(
                        ", proxy_protocol: v2", health: ", trust_roots: \(roots.path)",
                        ports: [(.smtp, smtp), (.https, https)]),
                    names: [Self.name])
                try await edge.says(.healthy(on: [smtp, https]))
                await web.process.stop()
                try await edge.says(.verdict("refused", on: [https], "web server"), .unhealthy(on: [https]))
                try await edge.saysNothing()
                #expect(try greeting(at: edge.door(smtp)).hasPrefix("220 "))
            }
        }
    }

    @Test func `a web server that refuses a name it has no site for is no fault`() async throws {
        try await TestHost.run { host in
            let certificates = try await TestCertificates(in: host.folder)
            let certificate = try await certificates.issue(["www.example.org"])
            let pem = host.folder.file("haproxy.pem")
            try pem.write(certificate.certificate.text + certificate.key.text)
            let web = try await HAProxyServer(
                on: host, name: "web", bind: "ssl crt \(pem.path) strict-sni", mode: "http",
                "http-request return status 200")
            let edge = try await StagedEdge(
                on: host,
                .init(
                    ", proxy_protocol: none", health: ", trust_roots: \(certificates.authority.path)",
                    ports: [(.https, web.port)]), names: ["www.example.org", "autoconfig.example.org"])
            try await edge.says(
                .healthy(on: [web.port]),
                .verdict("name_refused", on: [web.port], "autoconfig.example.org", "Nothing to do, unless"))
            try await edge.saysNothing(for: 8)
        }
    }

    /// A certificate in the files of a server.
    private static func files(
        _ certificate: FakeCertificate, in folder: TemporaryFolder
    ) throws -> TestCertificates.Certificate {
        let files = TestCertificates.Certificate(
            certificate: folder.file("server.pem"), key: folder.file("server.key"))
        try files.certificate.write(certificate.chain.map(\.pem).joined())
        try files.key.write(certificate.identity.key.pem)
        return files
    }
}
