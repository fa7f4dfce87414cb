/// Keeps the probes of one port from getting the edge banned by the mailbox that they look after.
///
/// Stalwart bans an address after 30 invalid commands in a day. A header that is taken for commands makes three or four of them, and
/// so does every client meanwhile; so the probes take no more than about half: four in any day.
package struct BurnGuard: Sendable, Equatable {
    /// How long to wait after the first, second and each later costly probe in a row.
    package static let pauses: [Duration] = [.seconds(15 * 60), .seconds(4 * 3600), .seconds(12 * 3600)]

    private var costly = 0
    private var next: ContinuousClock.Instant?

    package init() {}

    /// Until when no probe should be made; nil: no limit.
    package var pausedUntil: ContinuousClock.Instant? { next }

    package func mayProbe(at now: ContinuousClock.Instant) -> Bool {
        next.map { now >= $0 } ?? true
    }

    /// Notes a probe that was made. One with a verdict that costs nothing lifts the pause.
    ///
    /// - Parameter isCostly: of the result; nil: as the verdict usually is.
    package mutating func record(_ verdict: Verdict, isCostly: Bool? = nil, at now: ContinuousClock.Instant) {
        guard verdict.costsQuota else { return reset() }
        guard isCostly ?? true else { return next = nil }
        next = now + Self.pauses[min(costly, Self.pauses.count - 1)]
        costly = min(costly + 1, Self.pauses.count)
    }

    /// To be called when something may have changed: the configuration was loaded anew, or traffic got through.
    package mutating func reset() {
        costly = 0
        next = nil
    }
}
