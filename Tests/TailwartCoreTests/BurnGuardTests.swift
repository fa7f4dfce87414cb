import TailwartCore
import Testing

@Suite struct BurnGuardTests {
    private let start = ContinuousClock.now

    private func result(
        _ verdict: Verdict, isCostly: Bool = true, greeting: Duration? = nil
    ) -> ProbeResult {
        ProbeResult(verdict, "Seen.", greeting: greeting, isCostly: isCostly && verdict.costsQuota)
    }

    /// Probes as often as the guard allows, every five seconds at most, for a day.
    private func probesInADay(_ verdict: Verdict) -> Int {
        var guardian = BurnGuard()
        return (0..<24 * 720).filter { number in
            let now = start + .seconds(5 * number)
            guard guardian.mayProbe(at: now) else { return false }
            guardian.record(result(verdict), at: now)
            return true
        }.count
    }

    @Test(arguments: [(Verdict.headerNotTrusted, 5), (.wrongProtocol, 4)])
    func `a day of costly probes stays far below the thirty commands that Stalwart allows`(
        verdict: Verdict, count: Int
    ) {
        #expect(probesInADay(verdict) == count, "each may cost four commands")
        #expect(count * 4 <= 20)
    }

    @Test func `verdicts that cost nothing do not slow the probes`() {
        for verdict in Verdict.allCases where !verdict.costsQuota { #expect(probesInADay(verdict) == 24 * 720) }
    }

    @Test(
        arguments: [
            (nil, 2.5), (0.4, 2.5), (1.5, 3.5), (2, 4), (6, 8), (20, 10),
        ] as [(Double?, Double)])
    func `after a header that was taken for commands a probe listens for longer than the greeting took`(
        greeting: Double?, listens: Double
    ) {
        var guardian = BurnGuard()
        #expect(guardian.listensFor == nil)
        guardian.record(result(.headerNotTrusted, greeting: greeting.map { .seconds($0) }), at: start)
        #expect(guardian.listensFor == .seconds(listens))
        #expect(guardian.mayProbe(at: start), "a mended mailbox need not wait")
        for number in 1...1000 {
            let now = start + .seconds(number * 5)
            guardian.record(result(.headerNotTrusted, isCostly: false, greeting: .seconds(1)), at: now)
            #expect(guardian.mayProbe(at: now))
        }
        #expect(guardian.listensFor == .seconds(listens))
        guardian.record(result(.well), at: start + .seconds(6000))
        #expect(guardian == BurnGuard())
    }

    @Test func `one that was costly although the probe listened makes the next wait`() {
        var guardian = BurnGuard()
        guardian.record(result(.headerNotTrusted, greeting: .seconds(2)), at: start)
        guardian.record(result(.headerNotTrusted, greeting: .seconds(4.5)), at: start)
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[0])
        #expect(guardian.listensFor == .seconds(6.5))
        #expect(!guardian.mayProbe(at: start + .seconds(60)))
    }

    @Test func `probes that only read a greeting go on, and what was spent before is not forgotten`() {
        var guardian = BurnGuard()
        guardian.record(result(.wrongProtocol), at: start)
        guardian.record(result(.wrongProtocol, isCostly: false), at: start + BurnGuard.pauses[0])
        #expect(guardian.mayProbe(at: start + BurnGuard.pauses[0]))
        guardian.record(result(.wrongProtocol), at: start + BurnGuard.pauses[0])
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[0] + BurnGuard.pauses[1])
    }

    @Test func `another verdict, or a new configuration, lifts the pause`() {
        var guardian = BurnGuard()
        guardian.record(result(.wrongProtocol), at: start)
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[0])
        #expect(!guardian.mayProbe(at: start + .seconds(60)))
        guardian.reset()
        #expect(guardian.mayProbe(at: start + .seconds(60)))

        guardian.record(result(.headerNotTrusted), at: start)
        guardian.record(result(.wrongProtocol), at: start)
        guardian.record(result(.headerNotTrusted), at: start)
        #expect(guardian.pausedUntil == start + BurnGuard.pauses[1], "both take from the same quota")
        guardian.record(result(.certificateExpiring), at: start)
        #expect(guardian == BurnGuard())
    }
}
