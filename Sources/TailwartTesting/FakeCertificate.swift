import Crypto
package import Foundation
package import NIOSSL
import SwiftASN1
import X509

/// A server's certificate with its key, made for a test.
package struct FakeCertificate: Sendable {
    /// What the server sends, its own first.
    package var chain: [NIOSSLCertificate]
    package let key: NIOSSLPrivateKey

    /// What Stalwart shows when it has no certificate: made by rcgen with its defaults, valid from 1975 to 4096.
    package static func fallback() throws -> FakeCertificate {
        try selfSigned(
            subject: "rcgen self signed cert", names: ["localhost"], from: Date(timeIntervalSince1970: 157_766_400),
            to: Date(timeIntervalSince1970: 67_090_118_400))
    }

    package static func selfSigned(
        subject: String, names: [String], from start: Date = .hoursFromNow(-1), to end: Date = .hoursFromNow(24)
    ) throws -> FakeCertificate {
        let issuer = try FakeAuthority.Issuer(
            subject, names: names, from: start, to: end, isAuthority: false, parent: nil)
        return try FakeCertificate([issuer.certificate], issuer.privateKey)
    }

    /// The server's own, for a file of authorities.
    package var pem: String {
        get throws { try Certificate(derEncoded: try chain[0].toDERBytes()).serializeAsPEM().pemString + "\n" }
    }

    init(_ chain: [Certificate], _ key: P256.Signing.PrivateKey) throws {
        self.chain = try chain.map { try NIOSSLCertificate(bytes: $0.derBytes, format: .der) }
        self.key = try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
    }
}

/// A certificate authority of a test's own.
package struct FakeAuthority: Sendable {
    private let root: Issuer
    private let intermediate: Issuer

    package init(_ name: String = "Tailwart test authority") throws {
        root = try Issuer(name, from: .hoursFromNow(-1000), to: .hoursFromNow(1000), isAuthority: true, parent: nil)
        intermediate = try Issuer(
            "\(name) X1", from: .hoursFromNow(-1000), to: .hoursFromNow(1000), isAuthority: true, parent: root)
    }

    /// The root, for a file of authorities.
    package var pem: String {
        get throws { try root.certificate.serializeAsPEM().pemString + "\n" }
    }

    /// Signed by an intermediate authority, as public ones do.
    ///
    /// - Parameters:
    ///   - addresses: 4 or 16 bytes each.
    ///   - isChainWhole: whether the server sends the intermediate certificate too.
    package func issue(
        _ names: [String], addresses: [[UInt8]] = [], from start: Date = .hoursFromNow(-1),
        to end: Date = .hoursFromNow(24), isChainWhole: Bool = true
    ) throws -> FakeCertificate {
        let leaf = try Issuer(
            names[0], names: names, addresses: addresses, from: start, to: end, isAuthority: false, parent: intermediate
        )
        return try FakeCertificate(
            isChainWhole ? [leaf.certificate, intermediate.certificate] : [leaf.certificate], leaf.privateKey)
    }

    /// A certificate with its key.
    struct Issuer {
        let certificate: Certificate
        let privateKey = P256.Signing.PrivateKey()

        /// - Parameter parent: nil: signs itself.
        init(
            _ subject: String, names: [String] = [], addresses: [[UInt8]] = [], from start: Date, to end: Date,
            isAuthority: Bool, parent: Issuer?
        ) throws {
            let key = Certificate.PrivateKey(privateKey)
            let name = try DistinguishedName { CommonName(subject) }
            certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: start,
                notValidAfter: end, issuer: parent?.certificate.subject ?? name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    if isAuthority {
                        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                        Critical(KeyUsage(keyCertSign: true))
                    } else {
                        SubjectAlternativeNames(
                            names.map { .dnsName($0) }
                                + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) })
                    }
                },
                issuerPrivateKey: parent.map { .init($0.privateKey) } ?? key)
        }
    }
}

extension Date {
    package static func hoursFromNow(_ hours: Double) -> Date { Date(timeIntervalSinceNow: hours * 3600) }
}

extension Certificate {
    fileprivate var derBytes: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }
}
