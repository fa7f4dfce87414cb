package import TailwartWire

/// Who speaks on a listener: decides which side sends the first byte, which deadlines hold and which ports are usual.
package enum ListenerProtocol: String, CaseIterable, Sendable {
    case smtp
    case submission
    case submissions
    case imap
    case imaps
    case pop3
    case pop3s
    case sieve
    case https
    case tcp

    package enum FirstSpeaker: Sendable {
        /// Waiting for the client's bytes would hang it: it waits for the server's greeting.
        case server
        /// Implicit TLS: the ClientHello may be peeked.
        case client
        /// Never peeked.
        case unknown
    }

    package var firstSpeaker: FirstSpeaker {
        switch self {
        case .smtp, .submission, .imap, .pop3, .sieve: .server
        case .submissions, .imaps, .pop3s, .https: .client
        case .tcp: .unknown
        }
    }

    /// Its place in `allCases`, for what is counted by protocol.
    package var number: Int {
        switch self {
        case .smtp: 0
        case .submission: 1
        case .submissions: 2
        case .imap: 3
        case .imaps: 4
        case .pop3: 5
        case .pop3s: 6
        case .sieve: 7
        case .https: 8
        case .tcp: 9
        }
    }

    /// The protocol of a well-known port (RFC 6335 service names), nil for any other.
    package init?(wellKnownPort port: UInt16) {
        switch port {
        case 25: self = .smtp
        case 587: self = .submission
        case 465: self = .submissions
        case 143: self = .imap
        case 993: self = .imaps
        case 110: self = .pop3
        case 995: self = .pop3s
        case 4190: self = .sieve
        case 443: self = .https
        default: return nil
        }
    }

    /// How long both sides may be silent.
    ///
    /// Above what the standards make servers allow: RFC 5321 section 4.5.3.2.6 (10 minutes after the final dot), RFC 9051
    /// section 5.4 and RFC 2177 section 3 (30 and 29 minutes), RFC 1939 section 3, RFC 5804 section 1.2.
    package var defaultIdle: Duration {
        switch self {
        case .smtp, .submission, .submissions: .seconds(11 * 60)
        case .imap, .imaps: .seconds(35 * 60)
        case .pop3, .pop3s, .sieve: .seconds(31 * 60)
        case .https: .seconds(15 * 60)
        case .tcp: .seconds(60 * 60)
        }
    }
}

extension BindAddress {
    /// Nil for any other port, and for a Unix socket.
    package var wellKnownProtocol: ListenerProtocol? { port.flatMap { ListenerProtocol(wellKnownPort: $0) } }
}
