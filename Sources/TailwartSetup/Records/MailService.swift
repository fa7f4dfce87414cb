import TailwartCore

/// A service that mail programs find by SRV record.
struct MailService: Sendable {
    let label: String
    let proto: ListenerProtocol
    /// Lower is preferred, across services too (RFC 6186 section 3.4): IMAP over POP3, TLS from the first byte over STARTTLS
    /// (RFC 8314 section 3).
    let priority: UInt16
    /// Whether a domain without the service says so with the target `.` (RFC 6186 section 3.4). ManageSieve's RFC 5804
    /// does not ask for it.
    let isDenied: Bool

    static let all = [
        MailService(label: "_submissions", proto: .submissions, priority: 0, isDenied: true),
        MailService(label: "_submission", proto: .submission, priority: 10, isDenied: true),
        MailService(label: "_imaps", proto: .imaps, priority: 0, isDenied: true),
        MailService(label: "_imap", proto: .imap, priority: 10, isDenied: true),
        MailService(label: "_pop3s", proto: .pop3s, priority: 20, isDenied: true),
        MailService(label: "_pop3", proto: .pop3, priority: 30, isDenied: true),
        MailService(label: "_sieve", proto: .sieve, priority: 0, isDenied: false),
    ]
}
