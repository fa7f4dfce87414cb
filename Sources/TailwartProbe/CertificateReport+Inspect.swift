import TailwartClient
import TailwartCore

extension CertificateReport {
    /// Why there is no report.
    enum Unreadable: Error, CustomStringConvertible {
        case noCertificate
        case noDates

        var description: String {
            switch self {
            case .noCertificate: "the server has shown none"
            case .noDates: "it has no dates"
            }
        }
    }

    /// - Parameters:
    ///   - chain: the server's own certificate first.
    ///   - names: that the certificate has to be for.
    ///   - now: seconds since 1970.
    init(
        chain: [Certificate], names: [String], roots: Result<Authorities, Authorities.Missing>, now: Int
    ) throws(Unreadable) {
        guard let leaf = chain.first else { throw .noCertificate }
        guard let notBefore = leaf.notBefore, let notAfter = leaf.notAfter else { throw .noDates }
        let (hosts, isSelfSigned) = (leaf.hosts, leaf.isSelfSigned)
        let chainProblem: String? =
            switch roots {
            case .failure(let missing): missing.reason
            case .success(let authorities):
                leaf.faults(with: Array(chain.dropFirst()), trusting: authorities, at: now).first?.description
            }
        self.init(
            subject: leaf.subject, issuer: leaf.issuer, names: hosts.texts, notBefore: notBefore, notAfter: notAfter,
            lifetimeLeft: Self.share(left: now, of: notBefore, notAfter), isSelfSigned: isSelfSigned,
            isFallback: isSelfSigned && (leaf.subject.contains("rcgen") || notAfter >= Self.year4000),
            chainProblem: chainProblem, missingNames: names.filter { !hosts.contains($0) })
    }

    /// rcgen's own certificates end in 4096; no authority's do.
    private static let year4000 = 64_060_588_800

    private static func share(left now: Int, of notBefore: Int, _ notAfter: Int) -> Double {
        guard notAfter > notBefore else { return 0 }
        return min(max(Double(notAfter - now) / Double(notAfter - notBefore), 0), 1)
    }
}
