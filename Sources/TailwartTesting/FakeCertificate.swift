package import Foundation
package import TailwartClient
package import TailwartWire

/// A server's certificate with its key, made for a test.
package struct FakeCertificate: Sendable {
    package let identity: Identity

    /// What the server sends, its own first.
    package var chain: [Certificate] { identity.chain }

    /// What Stalwart shows when it has no certificate: made by rcgen with its defaults, valid from 1975 to 4096.
    package static func fallback() throws -> FakeCertificate {
        try selfSigned(
            subject: "rcgen self signed cert", names: ["localhost"], from: Date(timeIntervalSince1970: 157_766_400),
            to: Date(timeIntervalSince1970: 67_090_118_400))
    }

    package static func selfSigned(
        subject: String, names: [String], from start: Date = .hoursFromNow(-1), to end: Date = .hoursFromNow(24)
    ) throws -> FakeCertificate {
        FakeCertificate(
            identity: try Identity(CertificateDraft(subject, names, from: start, to: end), key: PrivateKey()))
    }

    /// The server's own, for a file of authorities.
    package var pem: String { identity.certificate.pem }

    /// All that it sends, and the key, for the file of a server.
    package var serverPEM: String { chain.map(\.pem).joined() + identity.key.pem }
}

/// A certificate authority of a test's own.
package struct FakeAuthority: Sendable {
    private let root: Identity
    private let intermediate: Identity

    package init(_ name: String = "Tailwart test authority", key: PrivateKey.Kind = .p256) throws {
        var draft = CertificateDraft(name, [], from: .hoursFromNow(-1000), to: .hoursFromNow(1000))
        draft.isAuthority = true
        root = try Identity(draft, key: PrivateKey(key))
        draft.subject = "\(name) X1"
        intermediate = try Identity(draft, key: PrivateKey(key), issuer: root)
    }

    /// The root, for a file of authorities.
    package var pem: String { root.certificate.pem }

    package var certificate: Certificate { root.certificate }

    /// Signed by an intermediate authority, as public ones do.
    ///
    /// - Parameters:
    ///   - key: the server's own.
    ///   - isChainWhole: whether the server sends the intermediate certificate too.
    package func issue(
        _ names: [String], addresses: [IPAddress] = [], from start: Date = .hoursFromNow(-1),
        to end: Date = .hoursFromNow(24), key: PrivateKey.Kind = .p256, isChainWhole: Bool = true
    ) throws -> FakeCertificate {
        var draft = CertificateDraft(names[0], names, from: start, to: end)
        draft.addresses = addresses
        var identity = try Identity(draft, key: PrivateKey(key), issuer: intermediate)
        if isChainWhole { identity.chain.append(intermediate.certificate) }
        return FakeCertificate(identity: identity)
    }
}

extension CertificateDraft {
    fileprivate init(_ subject: String, _ names: [String], from start: Date, to end: Date) {
        self.init(
            subject: subject, names: names, notBefore: Int(start.timeIntervalSince1970.rounded(.down)),
            notAfter: Int(end.timeIntervalSince1970.rounded(.down)))
    }
}

extension Date {
    package static func hoursFromNow(_ hours: Double) -> Date { Date(timeIntervalSinceNow: hours * 3600) }
}
