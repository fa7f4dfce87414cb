import TailwartTesting
import Testing

extension NetworkTests {
    @Test
    func `a port without a grant is a timeout, one on which nobody listens is refused, and the log names the mending`()
        async throws
    {
        try await TestNetwork.run { network in
            let certificate = try await HomeCertificate(on: network.host)
            _ = try await HomeMailbox(in: network, certificate: certificate, [.smtp: 25, .smtp: 587])
            try await network.drop([587])
            let edge = try await NetworkEdge(
                in: network, ports: [25, 587, 143],
                """
                tailscale: off
                upstreams:
                  mailbox:
                    endpoints: [\(TestNetwork.mailbox)]
                    proxy_protocol: v2
                    connect_timeout: 1s
                    health: {interval: 1s, timeout: 1s, trust_roots: \(certificate.certificate.path)}
                listeners:
                  - {name: smtp, bind: [":25"], to: mailbox}
                  - {name: submission, bind: [":587"], to: mailbox}
                  - {name: imap, bind: [":143"], to: mailbox}
                """)
            try await edge.verdict("well", on: 25)
            let dropped = try await edge.verdict("timeout", on: 587)
            #expect(dropped.cause?.contains("drops this port") == true)
            #expect(dropped.fix?.contains("Add the port to the grant") == true)
            #expect(dropped.message.contains("mailbox \(TestNetwork.mailbox):587 (submission)"), "\(dropped.message)")
            let closed = try await edge.verdict("refused", on: 143)
            #expect(closed.cause?.contains("nothing listens on this port") == true)
            #expect(closed.fix?.contains("Enable the port in the mail server") == true)
            #expect(closed.message.contains("mailbox \(TestNetwork.mailbox):143 (imap)"), "\(closed.message)")

            #expect(try network.visit(.smtp).isServed)
            #expect(try network.visit(.submission) == .told)
            #expect(try network.visit(.imap) == .told)

            // Each is mended as the log says.
            try await network.drop([])
            _ = try await HomeMailbox("mailbox-imap", in: network, certificate: certificate, [.imap: 143])
            for port: UInt16 in [587, 143] { try await edge.verdict("well", on: port) }
            for manner: Visit.Manner in [.submission, .imap] {
                try await eventually("\(manner) is served") { try network.visit(manner).isServed ? true : nil }
            }
        }
    }
}
