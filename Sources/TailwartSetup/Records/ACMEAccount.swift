/// The account at a certificate authority that alone may have certificates issued (RFC 8657 section 3).
package struct ACMEAccount: Sendable, Equatable {
    /// The account's URL.
    package let uri: String
    /// The name of the authority in CAA records.
    package let issuer: String

    /// - Parameters:
    ///   - uri: the account's URL.
    ///   - issuer: the authority's name in CAA records; where it is nil it follows from the URL of the authorities that are known.
    package init(uri: String, issuer: String?) throws(Problem) {
        guard uri.hasPrefix("https://"), uri.utf8.count <= 400,
            // A semicolon or a space ends a parameter (RFC 8657 section 3 with RFC 8659 section 4.2).
            uri.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !uri.contains(where: { ";\"\\".contains($0) })
        else { throw .malformed(uri) }
        let authority = uri.dropFirst(8).prefix { $0 != "/" && $0 != ":" }.lowercased()
        guard !authority.isEmpty else { throw .malformed(uri) }
        guard let issuer = issuer ?? Self.issuers.first(where: { authority.isUnder($0.server) })?.issuer else {
            throw .unknownIssuer(authority)
        }
        self.uri = uri
        self.issuer = issuer
    }

    package enum Problem: Error, Equatable, CustomStringConvertible {
        case malformed(String)
        case unknownIssuer(String)

        package var description: String {
            switch self {
            case .malformed(let uri):
                "'\(uri)' is not an account URL; it looks like https://acme-v02.api.letsencrypt.org/acme/acct/123456789"
            case .unknownIssuer(let server):
                "the authority at '\(server)' is not known; name it as its documentation does for CAA, with --caa-issuer"
            }
        }
    }

    /// Where an authority's ACME servers are, and what it looks for in CAA records.
    private static let issuers: [(server: String, issuer: String)] = [
        ("letsencrypt.org", "letsencrypt.org"), ("zerossl.com", "sectigo.com"), ("sectigo.com", "sectigo.com"),
        ("pki.goog", "pki.goog"), ("ssl.com", "ssl.com"), ("buypass.com", "buypass.com"),
        ("actalis.it", "actalis.it"), ("digicert.com", "digicert.com"),
    ]

    var caaValue: String { "\(issuer); accounturi=\(uri)" }
}

extension String {
    /// Whether this is `domain` or a name under it; both in lower case, without a trailing dot.
    func isUnder(_ domain: String) -> Bool { self == domain || hasSuffix(".\(domain)") }
}
