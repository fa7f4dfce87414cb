import Glibc
package import TailwartClient

/// A certificate authority that lives as long as the sandbox, and what it has issued.
///
/// The mailbox and the web server have different certificates, so that a client can tell which of them ended its TLS.
package struct SandboxCertificates: Sendable {
    package let authority: Certificate
    package let mailbox: Certificate
    package let web: Certificate
    let mailboxContext: TLSContext
    let webContext: TLSContext

    /// For clients that read a file, such as `curl --cacert`.
    package var authorityPEM: String { authority.pem }

    static let mailboxNames = [
        "mail.example.org", "mta-sts.example.org", "autoconfig.example.org", "autodiscover.example.org",
        "ua-auto-config.example.org", "localhost",
    ]
    static let webNames = ["www.example.org", "example.org", "localhost"]

    /// The authority's key is needed only here.
    init() throws {
        var draft = Self.draft("Tailwart sandbox authority")
        draft.isAuthority = true
        let root = try Identity(draft, key: PrivateKey())
        let mailbox = try Self.server(Self.mailboxNames, root)
        let web = try Self.server(Self.webNames, root)
        authority = root.certificate
        self.mailbox = mailbox.certificate
        self.web = web.certificate
        mailboxContext = try TLSContext(serving: mailbox)
        webContext = try TLSContext(serving: web)
    }

    /// For names only: some TLS clients take an address in a certificate for proof enough, whatever name they asked for.
    private static func server(_ names: [String], _ issuer: Identity) throws -> Identity {
        var draft = draft(names[0])
        draft.names = names
        draft.isForServers = true
        return try Identity(draft, key: PrivateKey(), issuer: issuer)
    }

    /// From an hour ago, for clients whose clock is behind, to a week ahead.
    private static func draft(_ subject: String) -> CertificateDraft {
        let now = Int(time(nil))
        return CertificateDraft(subject: subject, notBefore: now - 3600, notAfter: now + 7 * 86_400)
    }
}
