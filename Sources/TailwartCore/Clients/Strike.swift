import TailwartWire

/// Something that no mail program does, and somebody who tries doors does all day. Few are no matter, many within a short time are a ban.
package enum Strike: String, Sendable, CaseIterable {
    /// Said no TLS hello within its time, where one is needed.
    case noHello
    /// Said something else in its place.
    case badHello
    /// Came without a PROXY header where one is required, or with one where none is.
    case badHeader
    /// Asked for a server name that no route has.
    case unknownName
    /// Said something else than SMTP to a mail server that had not greeted yet.
    case noSMTP
    /// Failed to log in, as the mailbox says.
    case login
    /// Was turned away by the mailbox, which has banned it, as the mailbox says.
    case turnedAway
    /// Came so far beyond its limits that it was not even told so.
    case flood

    /// For people: what it did so and so often.
    package var words: String {
        switch self {
        case .noHello: "no TLS hello"
        case .badHello: "something other than a TLS hello"
        case .badHeader: "a PROXY header that is missing or unexpected"
        case .unknownName: "server names without a route"
        case .noSMTP: "something other than SMTP before the banner"
        case .login: "failed logins"
        case .turnedAway: "being turned away by the mailbox"
        case .flood: "a connection far beyond its limits"
        }
    }

    /// What a whole strike weighs.
    static let whole = 60

    /// A third of a strike is what somebody does without evil: a program with an old password, a browser that opens several connections for
    /// one page, or ahead of time and without a word, a club behind one address. A mail server with much to deliver opens some dozens of connections
    /// at once, and no more for minutes when it is told to come later: it takes hundreds to be a flood.
    var weight: Int {
        switch self {
        case .badHello, .badHeader, .noSMTP, .turnedAway: Self.whole
        case .noHello, .unknownName, .login: Self.whole / 3
        case .flood: 1
        }
    }
}

extension CloseReason {
    /// What of a connection's ending is a strike against its client; the one table. A wrong strike is worse than none.
    ///
    /// - Parameters:
    ///   - isNamed: whether the client asked for a server name.
    ///   - isTold: whether it was told why.
    package func strike(isNamed: Bool, isTold: Bool) -> Strike? {
        switch self {
        case .helloTimeout: .noHello
        case .helloInvalid: .badHello
        case .proxyHeaderUntrusted, .proxyHeaderUnexpected: .badHeader
        // Their client is a trusted proxy, with everybody behind it.
        case .proxyHeaderTimeout, .proxyHeaderInvalid: nil
        case .noRoute: isNamed ? .unknownName : nil
        // Who is told comes later, as a mail server does that has much to deliver after an outage.
        case .clientRate, .clientLimit: isTold ? nil : .flood
        // Who connects and leaves may be a health check.
        case .clientLeft: nil
        case .closed, .reset, .lost, .idleTimeout, .halfClosedTimeout, .routeClose, .upstreamUnresolved,
            .upstreamRefused, .upstreamUnreachable, .connectTimeout, .upstreamProxyFailed, .upstreamUnhealthy,
            .headerNotTrusted, .upstreamEmpty, .upstreamBacklog, .pendingLimit, .clientDenied,
            .clientBanned, .clientBannedUpstream, .edgeLimit, .listenerLimit, .portLimit,
            .descriptorLimit, .drained, .closedByOperator:
            nil
        }
    }
}

extension Record {
    /// What its ending says against the client.
    package var strike: Strike? {
        if spokeNoSMTP { return .noSMTP }
        let name = hello?.takeUnretainedValue().hello.serverName
        return ending.reason.strike(isNamed: name != nil, isTold: wasRefused)
    }

    /// Seconds. The longest that a mail server keeps a client who has not logged in is three minutes (Dovecot's `CLIENT_LOGIN_TIMEOUT_MSECS`,
    /// doc: login_proxy_timeout; Stalwart's `imap.timeout.anonymous` is one minute): who stays longer has.
    static let sessionOfOwner = 5 * 60

    /// Whether it shows that somebody has a mailbox here: a long IMAP session, in which both sides spoke.
    ///
    /// - Parameter age: microseconds.
    package func isOfOwner(age: UInt64) -> Bool {
        let proto = frontend.takeUnretainedValue().listener.proto
        return (proto == .imap || proto == .imaps) && age >= UInt64(Self.sessionOfOwner) * 1_000_000
            && inboundBytes > 0 && outboundBytes > 0
    }
}
