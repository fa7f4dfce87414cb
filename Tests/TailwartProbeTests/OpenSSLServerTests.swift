import NIOPosix
import TailwartClient
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartProbe

/// Servers as they are met: `openssl s_server` with keys, key exchanges and versions of all kinds.
@Suite struct OpenSSLServerTests {
    private static let host = "mail.example.org"

    /// Probes a server that is started with these options.
    private func probe(_ options: [String], key: PrivateKey.Kind = .p256) async throws -> ProbeResult {
        var result: ProbeResult?
        try await TestHost.run { host in
            let authority = try FakeAuthority(key: key)
            let certificate = try authority.issue([Self.host], key: key)
            let (file, roots) = (host.folder.file("server.pem"), host.folder.file("roots.pem"))
            try file.write(certificate.serverPEM)
            try roots.write(authority.pem)
            let address = InternetAddress(.loopbackV4, port: try FreePort.take())
            let server = try host.start(
                "openssl", try Program("openssl", package: "openssl"),
                [
                    "s_server", "-accept", "\(address)", "-cert", file.path, "-cert_chain", file.path, "-key",
                    file.path,
                    "-www",
                ] + options)
            try await eventually("the server listens") { try? TestSocket.connect(to: address).close() }
            let question = ProbeQuestion.test(
                .direct(address), .https, serverName: Self.host, names: [Self.host], roots: roots.path)
            result = await prober.probe(question, timeout: patience)
            await server.stop()
        }
        return try #require(result)
    }

    @Test(arguments: PrivateKey.Kind.allCases)
    func `a certificate with any key that mail servers use is judged`(key: PrivateKey.Kind) async throws {
        let result = try await probe([], key: key)
        #expect(result.verdict == .well, "\(result.detail)")
        #expect(result.certificate?.names == [Self.host])
    }

    @Test(arguments: [
        ["-tls1_2"], ["-tls1_3"],
        // Diffie-Hellman over numbers, the only exchange that some old appliances have.
        ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "AES128-SHA"],
        // Asks for a client's certificate, and goes on without.
        ["-verify", "1"], ["-tls1_2", "-verify", "1"],
        ["-no_etm", "-no_ticket"], ["-legacy_renegotiation", "-tls1_2"],
    ])
    func `a server that mail programs get on with is well`(options: [String]) async throws {
        let result = try await probe(options, key: .rsa)
        #expect(result.verdict == .well, "\(result.detail)")
    }

    @Test(arguments: [("-tls1_1", "TLSv1.1"), ("-tls1", "TLSv1")])
    func `a server that speaks only what is retired is told by its version, with its certificate`(
        option: String, version: String
    ) async throws {
        let result = try await probe([option, "-cipher", "DEFAULT:@SECLEVEL=0"], key: .rsa)
        #expect(result.verdict == .tlsFailed)
        #expect(result.detail == "The server speaks \(version) and nothing newer, which mail programs refuse.")
        #expect(result.certificate?.names == [Self.host])
        #expect(!result.verdict.turnsOff(.reachability))
    }

    @Test func `a server that insists on a client's certificate is told by its alert`() async throws {
        let result = try await probe(["-tls1_2", "-Verify", "1"])
        #expect(result.verdict == .tlsFailed)
        #expect(result.detail.contains("alert"), "\(result.detail)")
        #expect(!result.verdict.turnsOff(.reachability))
    }
}
