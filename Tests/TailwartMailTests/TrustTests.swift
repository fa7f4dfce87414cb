import TailwartTesting
import Testing

extension MailTests {
    /// What `tailwart trust` prints is what these servers are set to.
    @Suite(.serialized) struct TrustTests {
        private static let name = "www.example.org"

        @Test(.timeLimit(.minutes(2)), arguments: ["v2", "v1"])
        func `nginx behind the edge sees the client's address`(version: String) async throws {
            try await TestHost.run { host in
                let certificates = try await TestCertificates(in: host.folder)
                let web = try await NginxServer(
                    on: host, name: "web", certificate: certificates.issue([Self.name]), takesHeader: true)
                let port = try FreePort.take()
                _ = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    upstreams:
                      web: {endpoints: ["127.0.0.1:\(web.port)"], proxy_protocol: \(version)}
                    listeners:
                      - {name: https, bind: ["127.0.0.1:\(port)"], protocol: https, to: web}
                    """)
                let curl = Curl(folder: host.folder, authority: certificates.authority)
                let page = try await curl.fetch("https://\(Self.name)/", port: port, from: "127.0.0.19")
                #expect(String(decoding: page, as: UTF8.self) == "web \(Self.name) 127.0.0.19")
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `Postfix's submissions port takes the header before TLS, and nobody without a login`() async throws {
            try await TestHost.run { host in
                let mailbox = try await Mailbox(on: host)
                let postfix = try await mailbox.startPostfix()
                let port = try FreePort.take()
                _ = try await EdgeProcess(
                    on: host, ports: [port],
                    """
                    upstreams:
                      mailbox: {endpoints: ["127.0.0.1:\(postfix.submissions)"], proxy_protocol: v2}
                    listeners:
                      - {name: submissions, bind: ["127.0.0.1:\(port)"], protocol: submissions, to: mailbox}
                    """)
                let session = try SecureSession(
                    to: port, from: "127.0.0.20", serverName: .name(PostfixServer.hostName),
                    authority: mailbox.certificates.authority, on: host)
                try await session.receive("220 \(PostfixServer.hostName)")
                try session.send("EHLO client.example.net")
                try await session.receive("250 ")
                try session.send("MAIL FROM:<ann@example.org>")
                try await session.receive("250 2.1.0")
                try session.send("RCPT TO:<stranger@example.net>")
                try await session.receive("554 5.7.1")
                try await postfix.logLine(containing: "postfix/edge-submissions")
                #expect(postfix.log.text.contains("unknown[127.0.0.20]"))
            }
        }
    }
}
