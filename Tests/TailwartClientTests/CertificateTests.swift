import Foundation
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartClient

@Suite struct CertificateTests {
    private static let now = Int(Date.now.timeIntervalSince1970)

    @Test(arguments: [
        (PrivateKey.Kind.p256, "EC", 256), (.p521, "EC", 521), (.ed25519, "ED25519", 256), (.rsa, "RSA", 2048),
        (.rsaPSS, "RSA-PSS", 2048),
    ])
    func `a certificate of every kind of key leads to its authority`(
        kind: PrivateKey.Kind, algorithm: String, bits: Int
    ) throws {
        let authority = try FakeAuthority(key: kind)
        let chain = try authority.issue(["mail.example.org"], key: kind).chain
        #expect(chain[0].keyAlgorithm == algorithm)
        #expect(chain[0].keyBits == bits)
        let roots = try Authorities([authority.certificate])
        #expect(chain[0].faults(with: [chain[1]], trusting: roots, at: Self.now) == [])
    }

    @Test func `a certificate tells what it says, and is the same after a journey as DER and as PEM`() throws {
        let certificate = try FakeAuthority("Some authority").issue(
            ["mail.example.org", "*.example.org"], addresses: [.loopbackV4, .loopbackV6],
            from: Date(timeIntervalSince1970: 1_000_000_000), to: Date(timeIntervalSince1970: 67_090_118_400)
        ).chain[0]
        #expect(certificate.subject == "CN=mail.example.org")
        #expect(certificate.issuer == "CN=Some authority X1")
        #expect(certificate.notBefore == 1_000_000_000)
        #expect(certificate.notAfter == 67_090_118_400)
        #expect(certificate.hosts.texts == ["mail.example.org", "*.example.org", "127.0.0.1", "::1"])
        #expect(!certificate.isSelfSigned)
        #expect(try Certificate(der: certificate.der) == certificate)
        let spoiled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let cut = "-----BEGIN CERTIFICATE-----\nMIIB"
        #expect(Certificate.all(inPEM: Array((spoiled + certificate.pem + cut).utf8)) == [certificate])
        #expect(Certificate.all(inPEM: []) == [])
    }

    /// Each with what is wrong with it only.
    private func faulty() throws -> [(FakeCertificate, [CertificateFault])] {
        let names = ["mail.example.org"]
        return try [
            (authority.issue(names), []),
            (authority.issue(names, from: .hoursFromNow(-48), to: .hoursFromNow(-1)), [.expired]),
            (authority.issue(names, from: .hoursFromNow(1), to: .hoursFromNow(48)), [.notYetValid]),
            (authority.issue(names, isChainWhole: false), [.missingIssuer]),
            (FakeAuthority("Nobody").issue(names), [.unknownIssuer]),
            (.selfSigned(subject: "home", names: names), [.selfSigned]),
            (
                FakeAuthority("Nobody").issue(names, from: .hoursFromNow(-48), to: .hoursFromNow(-1)),
                [.unknownIssuer, .expired]
            ),
        ]
    }

    private let authority: FakeAuthority

    init() throws { authority = try FakeAuthority() }

    @Test func `each fault has its name, and none hides another`() throws {
        let roots = try Authorities([authority.certificate])
        for (certificate, faults) in try faulty() {
            let found = certificate.chain[0].faults(
                with: Array(certificate.chain.dropFirst()), trusting: roots, at: Self.now)
            #expect(found == faults)
        }
    }

    @Test func `what only an authority may do is a fault of everybody else`() throws {
        let other = try authority.issue(["other.example.org"])
        let draft = CertificateDraft(
            subject: "forged", names: ["forged.example.org"], notBefore: Self.now - 60, notAfter: Self.now + 3600)
        let forged = try Identity(draft, key: PrivateKey(), issuer: other.identity)
        let faults = forged.certificate.faults(
            with: other.chain, trusting: try Authorities([authority.certificate]), at: Self.now)
        #expect(faults.contains(.notAnAuthority))
    }

    @Test func `a signature of another key is wrong`() throws {
        let draft = CertificateDraft(
            subject: "x", names: ["x.example.org"], notBefore: Self.now - 60, notAfter: Self.now + 3600)
        var root = draft
        root.isAuthority = true
        let real = try Identity(root, key: PrivateKey())
        var der = try Identity(draft, key: PrivateKey(), issuer: real).certificate.der
        der[der.count - 1] ^= 1
        let faults = try Certificate(der: der).faults(
            with: [], trusting: Authorities([real.certificate]), at: Self.now)
        #expect(faults == [.badSignature])
    }

    @Test func `a key that can be guessed is weak`() async throws {
        try await TestHost.run { host in
            let (key, file) = (host.folder.file("weak.key"), host.folder.file("weak.pem"))
            let openssl = try host.start(
                "openssl", try Program("openssl", package: "openssl"),
                [
                    "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "1", "-subj", "/CN=weak", "-keyout",
                    key.path,
                    "-out", file.path, "-addext", "basicConstraints=critical,CA:TRUE",
                ])
            #expect(try await openssl.exitCode() == 0, "\(openssl.tail)")
            let weak = try #require(Certificate.all(inPEM: Array(file.text.utf8)).first)
            #expect(weak.keyBits == 1024)
            let faults = weak.faults(with: [], trusting: try Authorities([]), at: Self.now)
            #expect(faults.contains(.weak))
        }
    }

    @Test func `a certificate that is for something else is not for servers`() throws {
        var draft = CertificateDraft(subject: "x", notBefore: Self.now - 60, notAfter: Self.now + 3600)
        draft.isForServers = true
        #expect(try Identity(draft, key: PrivateKey()).certificate.isForServers)
        draft.isForServers = false
        #expect(try Identity(draft, key: PrivateKey()).certificate.isForServers, "it says nothing about that")
    }
}
