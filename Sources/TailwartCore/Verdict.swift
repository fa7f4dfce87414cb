/// What a probe of one endpoint on one port found out.
///
/// Closed, as each one has a row in docs/faults.md, with what the client sees and what to do.
package enum Verdict: String, CaseIterable, Sendable {
    case well

    // On the way there.
    case nameUnknown = "name_unknown"
    case ownAddress = "own_address"
    case refused
    case timeout
    case unreachable
    case proxyFailed = "proxy_failed"

    // The PROXY header.
    case headerNotTrusted = "header_not_trusted"
    case headerRequired = "header_required"
    case headerLost = "header_lost"
    case headerUnwanted = "header_unwanted"

    // The server.
    case silent
    case banned
    case booting
    case wrongProtocol = "wrong_protocol"
    case mtuBlackHole = "mtu_black_hole"
    case busy
    case slow
    case ehloRefused = "ehlo_refused"
    case takesNoMail = "takes_no_mail"
    case recipientUnknown = "recipient_unknown"

    // TLS.
    case tlsFailed = "tls_failed"
    case nameRefused = "name_refused"
    case startTLSMissing = "starttls_missing"
    case startTLSRefused = "starttls_refused"
    case certificateFallback = "certificate_fallback"
    case certificateLost = "certificate_lost"
    case certificateSelfSigned = "certificate_self_signed"
    case certificateExpired = "certificate_expired"
    case certificateNotReloaded = "certificate_not_reloaded"
    case certificateNotYetValid = "certificate_not_yet_valid"
    case certificateExpiring = "certificate_expiring"
    case certificateNameMismatch = "certificate_name_mismatch"
    case certificateUntrusted = "certificate_untrusted"

    case unprobed

    package enum Grade: String, CaseIterable, Sendable {
        /// Nothing is known against it.
        case good
        /// Connections pass, but some clients turn away by themselves, or will.
        case degraded
        /// A probe got no use out of it. Whether clients are turned away is another question: ``Verdict/turnsOff(_:)``.
        case failed
    }

    /// For logs, JSON and documentation.
    package var name: String { rawValue }

    package var grade: Grade {
        switch self {
        case .well, .slow, .nameRefused, .recipientUnknown, .unprobed: .good
        case .ehloRefused, .takesNoMail, .startTLSMissing, .startTLSRefused, .certificateFallback, .certificateLost,
            .certificateSelfSigned, .certificateExpired, .certificateNotReloaded, .certificateNotYetValid,
            .certificateExpiring, .certificateNameMismatch, .certificateUntrusted:
            .degraded
        case .nameUnknown, .ownAddress, .refused, .timeout, .unreachable, .proxyFailed, .headerNotTrusted,
            .headerRequired, .headerLost, .headerUnwanted, .silent, .banned, .booting, .wrongProtocol, .mtuBlackHole,
            .busy, .tlsFailed:
            .failed
        }
    }

    /// Whether it turns a place off.
    ///
    /// What can be reached is turned off by nothing but ``headerNotTrusted``: a mailbox that takes the header for commands gives all
    /// clients a permanent error, and mail bounces. Whatever else a probe finds wrong, a client may get on with, or be told of by the
    /// mailbox itself; and a connection that is closed without a byte ends in a temporary refusal anyway.
    package func turnsOff(_ affects: HealthSettings.Affects) -> Bool {
        switch affects {
        case .nothing: return false
        case .all: return grade == .failed
        case .reachability:
            return switch self {
            case .nameUnknown, .ownAddress, .refused, .timeout, .unreachable, .proxyFailed, .booting, .headerNotTrusted:
                true
            case .well, .headerRequired, .headerLost, .headerUnwanted, .silent, .banned, .wrongProtocol, .mtuBlackHole,
                .busy, .slow, .ehloRefused, .takesNoMail, .recipientUnknown, .tlsFailed, .nameRefused, .startTLSMissing,
                .startTLSRefused, .certificateFallback,
                .certificateLost, .certificateSelfSigned, .certificateExpired, .certificateNotReloaded,
                .certificateNotYetValid, .certificateExpiring, .certificateNameMismatch, .certificateUntrusted,
                .unprobed:
                false
            }
        }
    }

    /// Whether asking again soon can do harm: a mailbox may count what led to it against the edge's address, and ban the edge.
    package var costsQuota: Bool {
        switch self {
        case .headerNotTrusted, .wrongProtocol: true
        default: false
        }
    }
}
