import TailwartTesting
import Testing

extension MailTests {
    /// One HTTPS port in front of two nginx, told apart by their certificates.
    @Suite(.serialized) struct HTTPSFanOutTests {
        private static let mailboxNames = ["mta-sts", "autoconfig", "autodiscover", "ua-auto-config"].map {
            "\($0).example.org"
        }
        private static let webName = "www.example.org"

        @Test(.timeLimit(.minutes(2)))
        func `each name reaches the nginx that holds its certificate`() async throws {
            try await run { host, certificates, port in
                for name in Self.mailboxNames + ["MTA-STS.Example.ORG"] {
                    let subject = try await Self.subject(.name(name), port: port, certificates, on: host)
                    #expect(subject == Self.mailboxNames[0], "\(name)")
                }
                for name in [Self.webName, "example.org", "mta-sts.example.net", "x.mta-sts.example.org"] {
                    let subject = try await Self.subject(.name(name), port: port, certificates, on: host)
                    #expect(subject == Self.webName, "\(name)")
                }
                let subject = try await Self.subject(.none, port: port, certificates, on: host)
                #expect(subject == Self.webName, "a client that asks for no name")
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: mailboxNames + [webName])
        func `curl fetches a page under each name and trusts its certificate`(name: String) async throws {
            try await run { host, certificates, port in
                let curl = Curl(folder: host.folder, authority: certificates.authority)
                let page = try await curl.fetch("https://\(name)/", port: port, from: "127.0.0.17")
                let server = name == Self.webName ? "web" : "mailbox"
                #expect(String(decoding: page, as: UTF8.self) == "\(server) \(name)")
            }
        }

        private func run(_ body: (TestHost, TestCertificates, _ port: UInt16) async throws -> Void) async throws {
            try await TestHost.run { host in
                let certificates = try await TestCertificates(in: host.folder)
                let mailbox = try await NginxServer(
                    on: host, name: "mailbox", certificate: certificates.issue(Self.mailboxNames))
                let web = try await NginxServer(
                    on: host, name: "web", certificate: certificates.issue([Self.webName]))
                let port = try FreePort.take()
                let (smtp, unused) = (try FreePort.take(), try FreePort.take())
                _ = try await EdgeProcess(
                    on: host, ports: [port, smtp],
                    """
                    mailbox:
                      address: 127.0.0.1
                      domains: [example.org]
                      ports: {\(smtp): \(unused)}
                      https: {listen: \(port), port: \(mailbox.port)}
                    web: 127.0.0.1:\(web.port)
                    """)
                try await body(host, certificates, port)
            }
        }

        /// The common name in the certificate that the server shows.
        private static func subject(
            _ serverName: SecureSession.ServerName, port: UInt16, _ certificates: TestCertificates, on host: TestHost
        ) async throws -> String? {
            let session = try SecureSession(
                to: port, from: "127.0.0.18", serverName: serverName, authority: certificates.authority, on: host)
            try await session.receive("Verify return code: 0 (ok)")
            await session.process.stop()
            let line = session.transcript.split(separator: "\n").first { $0.hasPrefix("subject=") }
            return line?.split(separator: "=").last?.trimmingPrefix(while: \.isWhitespace).description
        }
    }
}
