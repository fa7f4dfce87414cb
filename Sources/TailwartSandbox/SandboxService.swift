/// What the sandbox offers, each on a port of its own.
package enum SandboxService: String, Sendable, CaseIterable {
    case smtp
    case submission
    case submissions
    case imaps
    /// The mailbox's own web side: policies and client configuration.
    case https
    /// Another web server of the same host, which owns every other name.
    case web
    /// Sends back what it gets: the plain stream that shows half-close.
    case echo

    /// A web server behind the edge is usually not told about clients; everything else is, as on a real mailbox.
    package var requiresProxyHeader: Bool { self != .https && self != .web }

    /// TLS from the first byte on (RFC 8314 section 3).
    var isImplicitTLS: Bool {
        switch self {
        case .submissions, .imaps, .https, .web: true
        case .smtp, .submission, .echo: false
        }
    }
}
