import TailwartTesting
import Testing

/// How a certificate authority proves a name: it connects to 443 with that name and `acme-tls/1`, and must meet the mail server that ordered
/// (RFC 8737 section 3). Stalwart orders one certificate for all of these names; where one leads elsewhere there is none for any.
extension NetworkTests {
    @Test func `what init writes brings an authority to the mailbox by each name that Stalwart orders`() async throws {
        try await TestNetwork.run { network in
            let openssl = try Program("openssl", package: "openssl")
            let folder = network.host.folder
            let written = try network.host.start(
                "init", Program.edge(),
                [
                    "init", "--domain", "example.org", "--mailbox", "\(TestNetwork.mailbox)", "--web", "--form",
                    "binary", "--into",
                    folder.file("edge").path,
                ])
            #expect(try await written.exitCode() == 0, "\(written.tail)")
            let home = try await HomeCertificate(on: network.host)
            let web = try await HomeCertificate(on: network.host, name: "www.example.org", file: "web")
            for (namespace, port, certificate) in [(network.home, 443, home), (network.edge, 8443, web)] {
                let server = try namespace.start(
                    "s_server-\(port)", openssl,
                    [
                        "s_server", "-accept", "\(port)", "-cert", certificate.certificate.path, "-key",
                        certificate.key.path,
                        "-alpn", "acme-tls/1", "-quiet",
                    ])
                try await ListeningPorts.wait(for: [UInt16(port)], of: server)
            }
            let edge = try await NetworkEdge(
                in: network, ports: [25, 443, 465, 993], folder.file("edge/tailwart.yaml").text)
            try await edge.line(containing: "is healthy")

            let prefixes = ["mail", "mta-sts", "autoconfig", "autodiscover", "ua-auto-config"]
            for (name, owner) in prefixes.map({ ("\($0).example.org", HomeCertificate.name) })
                + [("www.example.org", "www.example.org")]
            {
                let client = try await network.internet.run(
                    "s_client-\(name)", openssl,
                    [
                        "s_client", "-connect", "\(TestNetwork.edge[0]):443", "-servername", name, "-alpn",
                        "acme-tls/1",
                    ])
                let lines = client.output.lines
                #expect(lines.contains("ALPN protocol: acme-tls/1"), "\(name)")
                #expect(lines.contains { $0.hasPrefix("subject=") && $0.hasSuffix(owner) }, "\(name): \(lines)")
            }
        }
    }
}
