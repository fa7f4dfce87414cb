/// What one client network may have at a listener.
package struct ListenerLimits: Sendable, Equatable {
    /// So many connections in so long, on average.
    package struct Rate: Sendable, Equatable {
        package var count: Int
        package var period: Duration

        package init(_ count: Int, per period: Duration) {
            self.count = count
            self.period = period
        }
    }

    /// Connections at the same time; nil: any number.
    package var concurrent: Int?
    /// Nil: as fast as it likes.
    package var rate: Rate?
    /// Connections that may come at once after a while without any; then the rate holds. Nil: ``Rate/usualBurst``.
    package var burst: Int?

    package init(concurrent: Int? = nil, rate: Rate? = nil, burst: Int? = nil) {
        self.concurrent = concurrent
        self.rate = rate
        self.burst = burst
    }

    package static let none = ListenerLimits()

    /// What holds where the file says nothing.
    ///
    /// On 25 as Postfix (`smtpd_client_connection_count_limit` = 50, half of its processes) and mox (300 connections a minute from one
    /// address). Dovecot allows 10 for each user and address, and behind one address there are several: a family's mail programs hold
    /// five connections each, and sixty members of a club behind their carrier's NAT come back at once after an outage. Browsers open
    /// six to a host. What speaks `tcp` is not known.
    package init(for proto: ListenerProtocol) {
        switch proto {
        case .smtp, .submission, .submissions, .pop3, .pop3s, .sieve:
            self.init(concurrent: 50, rate: Rate(300, per: .seconds(60)), burst: 60)
        case .imap, .imaps: self.init(concurrent: 300, rate: Rate(600, per: .seconds(60)), burst: 300)
        case .https: self.init(concurrent: 300, rate: Rate(1200, per: .seconds(60)), burst: 300)
        case .tcp: self = .none
        }
    }
}

extension ListenerLimits.Rate: CustomStringConvertible {
    /// A fifth of what may come in the period, and a mail program's handful at least.
    package var usualBurst: Int { min(count, max(10, count / 5)) }

    /// `300/1m`.
    package var description: String { "\(count)/\(period.configurationText)" }

    /// Nil if the text is none, or out of range.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ (48...57).contains($0) }),
            parts[0].first != "0", let count = Int(parts[0]), Allowed.rateCount.contains(count),
            let period = Duration(configurationText: String(parts[1])), Allowed.ratePeriod.contains(period)
        else { return nil }
        self.init(count, per: period)
    }
}
