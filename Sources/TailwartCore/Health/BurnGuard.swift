/// Keeps the probes of one port from getting the edge banned by the mailbox that they look after.
///
/// Stalwart bans an address after 30 invalid commands in a day. A header that is taken for commands makes three or four of them, and
/// so does every client meanwhile; so the probes take no more than about two thirds: five in any day.
///
/// The first one is followed by probes that listen before they send a header, for longer than the mailbox took to greet: a mailbox that
/// still greets by itself counts nothing, so they need no pause, and one that was mended is seen at once. Only one that was costly all
/// the same makes them wait.
package struct BurnGuard: Sendable, Equatable {
    /// How long to wait after each costly probe but the first that found the header not trusted; the last holds from then on.
    package static let pauses: [Duration] = [.seconds(15 * 60), .seconds(4 * 3600), .seconds(12 * 3600)]
    /// Longer than a mailbox waits for a header (Dovecot and Exim 3 s) only where the mailbox has been that slow itself; postscreen
    /// greets after 6 s.
    private static let listening = Duration.milliseconds(2500)...Duration.seconds(10)

    /// Costly probes in a day, after which nobody's order makes another one: each may be four commands.
    static let limit = 7
    private static let day = Duration.seconds(24 * 60 * 60)

    private var costly = 0
    /// When those of the last day were made.
    private var spent: [ContinuousClock.Instant] = []
    private var next: ContinuousClock.Instant?
    /// How long a probe has to listen before it sends a header; nil: as long as it does by itself.
    package private(set) var listensFor: Duration?

    package init() {}

    /// Until when no probe should be made; nil: no limit.
    package var pausedUntil: ContinuousClock.Instant? { next }

    package func mayProbe(at now: ContinuousClock.Instant) -> Bool {
        next.map { now >= $0 } ?? true
    }

    /// Notes a probe that was made. One with a verdict that costs nothing lifts the pause.
    package mutating func record(_ result: ProbeResult, at now: ContinuousClock.Instant) {
        guard result.verdict.costsQuota else { return reset() }
        guard result.isCostly else { return next = nil }
        spent = spent.filter { now - $0 < Self.day } + [now]
        if result.verdict == .headerNotTrusted {
            let wanted = max(listensFor ?? .zero, (result.greeting ?? .zero) + .seconds(2))
            let isFirst = listensFor == nil
            listensFor = min(max(wanted, Self.listening.lowerBound), Self.listening.upperBound)
            if isFirst { return }
        }
        next = now + Self.pauses[min(costly, Self.pauses.count - 1)]
        costly = min(costly + 1, Self.pauses.count)
    }

    /// Somebody has mended something, and wants to know: the pause is over, unless so many probes were costly in the last day that the
    /// mailbox might ban the edge for one more.
    package mutating func lift(at now: ContinuousClock.Instant) {
        if spent.count(where: { now - $0 < Self.day }) < Self.limit { next = nil }
    }

    /// To be called when something may have changed: the place is asked in another way since a reload, or traffic got through.
    package mutating func reset() { self = BurnGuard() }
}
