import TailwartCore
import Testing

@Suite struct BurnGuardTests {
    private let start = ContinuousClock.now

    /// Probes as often as the guard allows, every minute at most, for a day.
    private func probesInADay(_ verdict: Verdict) -> Int {
        var guardian = BurnGuard()
        return (0..<24 * 60).filter { minute in
            let now = start + .seconds(60 * minute)
            guard guardian.mayProbe(at: now) else { return false }
            guardian.record(verdict, at: now)
            return true
        }.count
    }

    @Test func `a day of costly probes stays far below the thirty commands that Stalwart allows`() {
        for verdict in Verdict.allCases where verdict.costsQuota {
            #expect(probesInADay(verdict) == 4, "\(verdict): each may cost four commands")
        }
    }

    @Test func `verdicts that cost nothing do not slow the probes`() {
        for verdict in Verdict.allCases where !verdict.costsQuota { #expect(probesInADay(verdict) == 24 * 60) }
    }

    @Test func `probes that only read a greeting go on, and what was spent before is not forgotten`() {
        var guardian = BurnGuard()
        guardian.record(.headerNotTrusted, isCostly: true, at: start)
        guardian.record(.headerNotTrusted, isCostly: false, at: start + BurnGuard.pauses[0])
        #expect(guardian.mayProbe(at: start + BurnGuard.pauses[0]))
        guardian.record(.headerNotTrusted, isCostly: true, at: start + BurnGuard.pauses[0])
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[0] + BurnGuard.pauses[1])
    }

    @Test func `another verdict, or a new configuration, lifts the pause`() {
        var guardian = BurnGuard()
        guardian.record(.headerNotTrusted, at: start)
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[0])
        #expect(!guardian.mayProbe(at: start + .seconds(60)))
        guardian.reset()
        #expect(guardian.mayProbe(at: start + .seconds(60)))

        guardian.record(.headerNotTrusted, at: start)
        guardian.record(.wrongProtocol, at: start)
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[1], "both take from the same quota")
        guardian.record(.certificateExpiring, at: start)
        #expect(guardian == BurnGuard())
    }
}
