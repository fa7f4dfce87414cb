import Crypto
import FoundationEssentials
package import NIOSSL
import SwiftASN1
import X509

/// A certificate authority that lives as long as the sandbox, and what it has issued.
///
/// The mailbox and the web server have different certificates, so that a client can tell which of them ended its TLS.
package struct SandboxCertificates: Sendable {
    package let authority: NIOSSLCertificate
    /// For clients that read a file, such as `curl --cacert`.
    package let authorityPEM: String
    package let mailbox: NIOSSLCertificate
    package let web: NIOSSLCertificate
    let mailboxContext: NIOSSLContext
    let webContext: NIOSSLContext

    static let mailboxNames = [
        "mail.example.org", "mta-sts.example.org", "autoconfig.example.org", "autodiscover.example.org",
        "ua-auto-config.example.org", "localhost",
    ]
    static let webNames = ["www.example.org", "example.org", "localhost"]

    init() throws {
        let root = try Issuer()
        let (mailbox, mailboxContext) = try Self.server(names: Self.mailboxNames, issuer: root)
        let (web, webContext) = try Self.server(names: Self.webNames, issuer: root)
        authority = try NIOSSLCertificate(bytes: Self.bytes(of: root.certificate), format: .der)
        authorityPEM = try root.certificate.serializeAsPEM().pemString + "\n"
        self.mailbox = mailbox
        self.mailboxContext = mailboxContext
        self.web = web
        self.webContext = webContext
    }

    private static func server(
        names: [String], issuer: Issuer
    ) throws -> (certificate: NIOSSLCertificate, context: NIOSSLContext) {
        let key = P256.Signing.PrivateKey()
        let issued = try issuer.issue(names: names, key: Certificate.PrivateKey(key).publicKey)
        let certificate = try NIOSSLCertificate(bytes: bytes(of: issued), format: .der)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)))
        // RFC 8996 retires what is older.
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = ChannelEnding.lingering
        return (certificate, try NIOSSLContext(configuration: configuration))
    }

    private static func bytes(of certificate: Certificate) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }
}

/// The authority with its key, needed only while the certificates are made.
private struct Issuer {
    let certificate: Certificate
    private let key: Certificate.PrivateKey
    private let keyIdentifier: SubjectKeyIdentifier

    init() throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let identifier = SubjectKeyIdentifier(hash: key.publicKey)
        keyIdentifier = identifier
        let name = try DistinguishedName { CommonName("Tailwart sandbox authority") }
        certificate = try Self.certificate(
            subject: name, key: key.publicKey, issuer: name, issuerKey: key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                identifier
            })
    }

    /// For names only: some TLS clients take an address in a certificate for proof enough, whatever name they asked for.
    func issue(names: [String], key: Certificate.PublicKey) throws -> Certificate {
        return try Self.certificate(
            subject: DistinguishedName { CommonName(names[0]) }, key: key, issuer: certificate.subject,
            issuerKey: self.key,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectKeyIdentifier(hash: key)
                AuthorityKeyIdentifier(keyIdentifier: keyIdentifier.keyIdentifier)
                SubjectAlternativeNames(names.map(GeneralName.dnsName))
            })
    }

    /// From an hour ago, for clients whose clock is behind, to a week ahead.
    private static func certificate(
        subject: DistinguishedName, key: Certificate.PublicKey, issuer: DistinguishedName,
        issuerKey: Certificate.PrivateKey,
        extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key, notValidBefore: Date(timeIntervalSinceNow: -3600),
            notValidAfter: Date(timeIntervalSinceNow: 7 * 86_400), issuer: issuer, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: issuerKey)
    }
}
