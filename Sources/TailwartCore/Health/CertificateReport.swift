/// What a server's certificate says, and what is wrong with it. Times are seconds since 1970.
package struct CertificateReport: Sendable, Equatable {
    package var subject: String
    package var issuer: String
    /// The DNS names and addresses that it is for, at most `Certificate.maximumNames`.
    package var names: [String]
    package var notBefore: Int
    package var notAfter: Int
    /// 0 to 1: how much of the time from `notBefore` to `notAfter` is left.
    package var lifetimeLeft: Double
    /// Subject and issuer are the same.
    package var isSelfSigned: Bool
    /// It is the one that Stalwart makes up when it has none.
    package var isFallback: Bool
    /// Why it does not lead to a trusted authority; nil if it does.
    package var chainProblem: String?
    /// Names that clients ask for and that it is not for.
    package var missingNames: [String]

    /// Below this share of its lifetime a certificate's renewal is overdue.
    ///
    /// Stalwart and most ACME clients renew when a third is left, and try again for some time. A share and not a number of days,
    /// because lifetimes shrink: a quarter is 22 days of 90, and a day and a half of a six-day certificate.
    package static let overdueShare = 0.25

    package init(
        subject: String, issuer: String, names: [String], notBefore: Int, notAfter: Int, lifetimeLeft: Double,
        isSelfSigned: Bool, isFallback: Bool, chainProblem: String?, missingNames: [String]
    ) {
        self.subject = subject
        self.issuer = issuer
        self.names = names
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.lifetimeLeft = lifetimeLeft
        self.isSelfSigned = isSelfSigned
        self.isFallback = isFallback
        self.chainProblem = chainProblem
        self.missingNames = missingNames
    }
}
