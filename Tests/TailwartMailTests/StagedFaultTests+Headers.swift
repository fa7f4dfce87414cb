import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// PROXY headers, with real servers that take them, do not, or add their own.
extension StagedFaultTests {
    /// An upstream of a mailbox with an authority of its own.
    private func upstream(
        _ mailbox: Mailbox, _ settings: String, _ ports: [(ListenerProtocol, UInt16)]
    ) -> StagedEdge.Upstream {
        .init(settings, health: ", trust_roots: \(mailbox.certificates.authority.path)", ports: ports)
    }

    @Test func `Dovecot that does not know the edge is one verdict, however often it is asked`() async throws {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let dovecot = try await mailbox.startDovecot()
            let ports = dovecot.ports.map(\.0)
            try await dovecot.reconfigure(on: host) {
                $0.replacing("haproxy_trusted_networks = 127.0.0.1", with: "haproxy_trusted_networks = 192.0.2.1")
            }
            let edge = try await StagedEdge(
                on: host, upstream(mailbox, ", proxy_protocol: v2", dovecot.ports.map { ($1, $0) }))
            try await edge.says(
                .verdict("banned", on: ports, "`tailwart trust` lists servers"))
            try await edge.saysNothing(for: 40)
            #expect(dovecot.log.text.ranges(of: "Client not trusted").count >= 3 * 6)
            // As the fix says.
            try await dovecot.reconfigure(on: host) {
                $0.replacing("haproxy_trusted_networks = 192.0.2.1", with: "haproxy_trusted_networks = 127.0.0.1")
            }
            try await edge.says(.verdict("well", on: ports))
            try await edge.saysNothing()
        }
    }

    @Test func `Dovecot whose listeners take no header is one other verdict, however often it is asked`() async throws {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let dovecot = try await mailbox.startDovecot()
            let ports = dovecot.ports.map(\.0)
            try await dovecot.reconfigure(on: host) { $0.replacing("haproxy = yes", with: "") }
            let edge = try await StagedEdge(
                on: host, upstream(mailbox, ", proxy_protocol: v2", dovecot.ports.map { ($1, $0) }))
            // The one that greets says who it is.
            try await edge.says(
                .verdict("header_not_trusted", on: Array(ports[..<2]), "does not expect a PROXY header"),
                .verdict("header_not_trusted", on: [ports[2]], "In Dovecot, set haproxy=yes"), .unhealthy(on: ports))
            try await edge.saysNothing(for: 40)
        }
    }

    @Test(arguments: [("none", true), ("v2", false)])
    func `nginx on 443 that waits for a header, or gets one, is named with the key of the short form`(
        header: String, takesHeader: Bool
    ) async throws {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let certificate = try await mailbox.certificates.issue([Self.name])
            let web = try await NginxServer(on: host, name: "web", certificate: certificate, takesHeader: takesHeader)
            let edge = try await StagedEdge(
                on: host, upstream(mailbox, ", proxy_protocol: \(header)", [(.https, web.port)]), names: [Self.name])
            let other = takesHeader ? "v2" : "none"
            try await edge.says(
                .verdict(
                    takesHeader ? "header_required" : "header_unwanted", on: [web.port],
                    "In the short form that is `https: {proxy_protocol: \(other)}` under 'mailbox'."))
            try await edge.saysNothing()
            try edge.reload { $0.replacing("proxy_protocol: \(header)", with: "proxy_protocol: \(other)") }
            try await edge.says(.event("reloaded"), .verdict("well", on: [web.port]))
            try await edge.saysNothing()
        }
    }

    @Test func `behind a proxy that sends a header of its own the edge's is one too many, and the fix is to send none`()
        async throws
    {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let postfix = try await mailbox.startPostfix()
            let smtp = try await HAProxyServer.passing(to: postfix.port, "send-proxy-v2", on: host)
            let submissions = try await HAProxyServer.passing(
                to: postfix.submissions, "send-proxy-v2", name: "submissions", on: host)
            let ports = [smtp.port, submissions.port]
            let edge = try await StagedEdge(
                on: host,
                upstream(mailbox, ", proxy_protocol: v2", [(.smtp, smtp.port), (.submissions, submissions.port)]))
            try await edge.says(
                .verdict(
                    "header_not_trusted", on: [smtp.port], "a proxy on the way sends a header of its own",
                    "Or set proxy_protocol: none for this upstream"),
                // Who answers there it does not say.
                .verdict("header_not_trusted", on: [submissions.port], "a proxy on the way sends a header of its own"),
                .unhealthy(on: ports))
            try await edge.saysNothing()
            #expect(try greeting(at: edge.door(smtp.port)).hasPrefix("421 4.3.2 "))
            try edge.reload { $0.replacing("proxy_protocol: v2", with: "proxy_protocol: none") }
            try await edge.says(.event("reloaded"), .healthy(on: ports))
            try await edge.saysNothing()
        }
    }

    @Test func `behind a proxy that keeps the edge's header it is said that the mailbox waits for it`() async throws {
        try await TestHost.run { host in
            let mailbox = try await Mailbox(on: host)
            let postfix = try await mailbox.startPostfix()
            let smtp = try await HAProxyServer.passing(to: postfix.port, bind: "accept-proxy", on: host)
            let submissions = try await HAProxyServer.passing(
                to: postfix.submissions, bind: "accept-proxy", name: "submissions", on: host)
            let edge = try await StagedEdge(
                on: host,
                upstream(mailbox, ", proxy_protocol: v2", [(.smtp, smtp.port), (.submissions, submissions.port)]))
            try await edge.says(
                .verdict(
                    "header_lost", on: [smtp.port, submissions.port], "does not reach it: a proxy on the way keeps it",
                    "Let the proxy on the way pass the header on"))
            try await edge.saysNothing()
        }
    }

    @Test(arguments: ["send-proxy", "send-proxy-v2"])
    func `a load balancer that sends the edge a header which it does not take is named with its address`(header: String)
        async throws
    {
        try await withStalwart([.smtp]) { stage in
            try await stage.edge.says(.healthy(on: stage.ports))
            let balancer = try await HAProxyServer.passing(
                to: stage.edge.door(stage.ports[0]).port, header, on: stage.host)
            for _ in 0..<5 {
                let words = try greeting(at: InternetAddress(.loopbackV4, port: balancer.port))
                #expect(words.hasPrefix("421 4.3.2 ") || words.hasPrefix("220 "), "\(words)")
            }
            try await stage.edge.says(
                .event(
                    "header_unexpected", "127.0.0.1 begins its connections with a PROXY header",
                    "set proxy_protocol_in: {trusted: [\"127.0.0.1\"]}"))
            try await stage.edge.saysNothing()
            #expect(stage.fake.counters.invalidCommands == 0)
        }
    }

    @Test func `a load balancer that sends its header to the wrong side is named, and not the mailbox`() async throws {
        try await TestHost.run { host in
            let wrong = try FakeMailbox { connection, _ in
                try connection.send(Array("PROXY TCP4 192.0.2.1 192.0.2.2 40000 25\r\n220 mail.example.org\r\n".utf8))
                _ = try? connection.receiveToEnd()
            }
            defer { wrong.close() }
            let edge = try await StagedEdge(
                on: host, .init(", proxy_protocol: v2", ports: [(.smtp, wrong.address.port)]))
            try await edge.says(
                .verdict("wrong_protocol", on: [wrong.address.port], "In place of a greeting came a PROXY header"))
            try await edge.saysNothing()
        }
    }
}
