import NIOCore
import NIOPosix
import TailwartClient
package import TailwartWire

/// How it gets its certificate.
extension FakeStalwart {
    /// What it calls itself.
    package static let hostName = "mail.example.org"
    private static let challenge = "acme-tls/1"

    /// What a certificate of a domain is for: what Stalwart orders by TLS-ALPN-01, all in one order.
    package static func orderedNames(for domain: String) -> [String] {
        ["autoconfig", "autodiscover", "mta-sts", "ua-auto-config"].map { "\($0).\(domain)" } + [hostName]
    }

    /// Orders a certificate for all of these names (RFC 8555, RFC 8737): for each of them the authority comes to the world's 443, asks by ALPN, and
    /// has to find the challenge of this server there. One that it does not find fails the whole order, and the certificate that it makes up
    /// stays; else the new one is shown at once, without a restart.
    ///
    /// - Returns: the names under which the authority did not reach it.
    package func order(
        _ names: [String], at world: InternetAddress, of authority: FakeAuthority
    ) async throws -> [String] {
        var missed: [String] = []
        for name in names {
            let challenge = try FakeCertificate.selfSigned(subject: "challenge", names: [name])
            try core.setChallenge(challenge, applicationProtocol: Self.challenge)
            if try await Self.shown(at: world, for: name) != challenge.chain { missed.append(name) }
        }
        core.endChallenge()
        guard missed.isEmpty else { return missed }
        let issued = try authority.issue(names)
        try await configure { $0.certificate = issued }
        return []
    }

    /// What the authority is shown.
    private static func shown(at world: InternetAddress, for name: String) async throws -> [Certificate] {
        let connection = try await ClientConnection.open(
            to: try SocketAddress(world), patience: .each(.seconds(30)), group: MultiThreadedEventLoopGroup.singleton)
        let context = try TLSContext(trusting: .anybody, applicationProtocols: [challenge])
        try? await connection.startTLS(context, serverName: name)
        let chain = await connection.chain()
        await connection.end(saying: nil)
        return chain
    }

    /// Whether this is the hello of an authority.
    static func isChallenge(_ hello: ClientHello) -> Bool { hello.alpn.contains(challenge.utf8) }
}
