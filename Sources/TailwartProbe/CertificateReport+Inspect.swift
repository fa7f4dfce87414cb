import FoundationEssentials
import SwiftASN1
import TailwartCore
@_spi(FixedExpiryValidationTime) import X509

extension CertificateReport {
    /// Certificates of a server's list that are looked at. Public chains have up to four; the search tries every order of those
    /// that a hostile server makes alike, so its length grows with the factorial.
    private static let maximumChain = 6

    /// - Parameters:
    ///   - chain: DER, the server's own certificate first.
    ///   - names: that the certificate has to be for.
    ///   - now: seconds since 1970.
    /// - Throws: if the server's certificate cannot be read.
    init(
        chain: [[UInt8]], names: [String], roots: Result<TrustRoots.Authorities, TrustRoots.Missing>, now: Int
    ) async throws {
        let leaf = try Certificate(derEncoded: chain.first ?? [])
        let others = chain.dropFirst().prefix(Self.maximumChain - 1).compactMap { try? Certificate(derEncoded: $0) }
        let notBefore = Int(seconds: leaf.notValidBefore)
        let notAfter = Int(seconds: leaf.notValidAfter)
        let hosts = CertificateHosts(leaf)
        let isSelfSigned = leaf.issuer == leaf.subject
        self.init(
            subject: "\(leaf.subject)", issuer: "\(leaf.issuer)", names: hosts.texts, notBefore: notBefore,
            notAfter: notAfter, lifetimeLeft: Self.share(left: now, of: notBefore, notAfter),
            isSelfSigned: isSelfSigned,
            isFallback: isSelfSigned && ("\(leaf.subject)".contains("rcgen") || notAfter >= Self.year4000),
            chainProblem: await Self.chainProblem(leaf, others, roots, now: now),
            missingNames: names.filter { !hosts.contains($0) })
    }

    /// rcgen's own certificates end in 4096; no authority's do.
    private static let year4000 = 64_060_588_800

    private static func share(left now: Int, of notBefore: Int, _ notAfter: Int) -> Double {
        guard notAfter > notBefore else { return 0 }
        return min(max(Double(notAfter - now) / Double(notAfter - notBefore), 0), 1)
    }

    private static func chainProblem(
        _ leaf: Certificate, _ others: [Certificate], _ roots: Result<TrustRoots.Authorities, TrustRoots.Missing>,
        now: Int
    ) async -> String? {
        switch roots {
        case .failure(let missing): return missing.reason
        case .success(let authorities):
            // One that the operator has put among the authorities is trusted for itself, without being an authority.
            if authorities.certificates.contains(leaf) { return nil }
            var verifier = Verifier(rootCertificates: authorities.store) {
                RFC5280Policy(fixedExpiryValidationTime: Date(timeIntervalSince1970: Double(now)))
                ServerCertificatePolicy()
            }
            switch await verifier.validate(leaf: leaf, intermediates: CertificateStore(others)) {
            case .validCertificate: return nil
            case .couldNotValidate(let failures):
                if let failure = failures.first { return "\(failure.policyFailureReason)" }
                return others.isEmpty && leaf.issuer != leaf.subject
                    ? "the server sends no certificate of its issuer" : "no trusted authority has issued it"
            }
        }
    }
}

/// What RFC 5280's own policy leaves to the application: the certificate has to be one for servers. The names are compared
/// elsewhere, each by itself.
private struct ServerCertificatePolicy: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage,
    ]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        guard let usage = try? chain.leaf.extensions.extendedKeyUsage else { return .meetsPolicy }
        return usage.contains(.serverAuth) || usage.contains(.any)
            ? .meetsPolicy : .failsToMeetPolicy(reason: "the certificate is not for servers")
    }
}

extension Int {
    /// A certificate's dates end in year 9999, so nothing is lost.
    fileprivate init(seconds date: Date) {
        self = Int(exactly: date.timeIntervalSince1970.rounded()) ?? 0
    }
}
