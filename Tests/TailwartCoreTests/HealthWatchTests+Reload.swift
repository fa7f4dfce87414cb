import TailwartCore
import Testing

/// When other places are watched from now on.
extension HealthWatchTests {
    private func watch(_ subjects: Watch.Subject...) -> (Watch, ContinuousClock.Instant) {
        let start = ContinuousClock.now
        return (Watch(subjects, reachable: Set(subjects.map(\.key)), now: start, jitter: { 0.5 }), start)
    }

    private func change(_ subjects: [Watch.Subject], asked: Set<String> = []) -> Watch.Event {
        .subjects(subjects, asked: asked, reachable: Set(subjects.map(\.key)))
    }

    /// Who is probed when, in seconds from the start, if each probe answers so at once.
    private func probes(
        _ watch: inout Watch, from start: ContinuousClock.Instant, until end: Double, _ verdict: Verdict
    ) -> [String] {
        var probes: [String] = []
        while let due = watch.nextDue, due <= start + .seconds(end) {
            for case .probe(let key, let name, _) in watch.take(.tick, now: due, jitter: { 0.5 }) {
                probes.append("\(key) \((due - start) / .seconds(1))")
                _ = watch.take(.probed(key, serverName: name, Self.result(verdict)), now: due, jitter: { 0.5 })
            }
        }
        return probes
    }

    @Test func `what stays keeps its standing and its count, and is not probed for it; what is new is`() {
        var (watch, start) = watch(Self.subject("a", fall: 3), Self.subject("b", port: 26))
        #expect(probes(&watch, from: start, until: 6, .timeout) == ["a 0.5", "b 0.5", "a 5.5", "b 5.5"])
        let changed = change([Self.subject("c", port: 27), Self.subject("a", fall: 3)])
        #expect(watch.take(changed, now: start + .seconds(7), jitter: { 0.5 }) == [])
        // Its third bad probe, at its own time.
        let effects = watch.take(
            .probed("a", serverName: nil, Self.result(.timeout)), now: start + .seconds(7), jitter: { 0.5 })
        #expect(effects == [.mark("a", isUnhealthy: true, trialsAreCostly: false, forgetsTraffic: false)])
        #expect(probes(&watch, from: start, until: 11, .timeout) == ["c 7.5"])
    }

    @Test func `a hundred changes of nothing ask nothing and say nothing`() {
        var (watch, start) = watch(Self.subject())
        #expect(probes(&watch, from: start, until: 1, .well).count == 1)
        for number in 1...100 {
            let now = start + .seconds(1) + .milliseconds(200 * number)
            let effects = watch.take(change([Self.subject()]), now: now, jitter: { 0.5 })
            #expect(effects.filter { $0 != .lookAtTraffic } == [])
        }
        #expect(probes(&watch, from: start, until: 31, .well).count == 1)
    }

    @Test func `what is asked in another way is asked soon, also where probes had to rest`() {
        var (watch, start) = watch(Self.subject())
        for _ in 0..<2 {
            _ = watch.take(
                .probed("smtp", serverName: nil, Self.result(.headerNotTrusted)), now: start, jitter: { 0.5 })
        }
        #expect(probes(&watch, from: start, until: 60, .well) == [])
        let changed = change([Self.subject()], asked: ["smtp"])
        _ = watch.take(changed, now: start + .seconds(60), jitter: { 0.5 })
        #expect(probes(&watch, from: start, until: 62, .well) == ["smtp 60.5"])
    }

    @Test func `what is no longer watched says nothing, and does not stay unhealthy for ever`() {
        var (watch, start) = watch(Self.subject("a", fall: 1), Self.subject("b", port: 26, fall: 1))
        for key in ["a", "b"] {
            _ = watch.take(.probed(key, serverName: nil, Self.result(.timeout)), now: start, jitter: { 0.5 })
        }
        let healthy = { (key: String) in
            Watch.Effect.mark(key, isUnhealthy: false, trialsAreCostly: false, forgetsTraffic: true)
        }
        // The other one can be turned off by nothing from now on.
        let changed = change([Self.subject("b", port: 26, affects: .nothing)])
        #expect(watch.take(changed, now: start, jitter: { 0.5 }) == [healthy("a"), healthy("b")])
        let late = watch.take(.probed("a", serverName: nil, Self.result(.well)), now: start, jitter: { 0.5 })
        #expect(late == [])
        #expect(watch.take(change([]), now: start, jitter: { 0.5 }) == [])
        #expect(watch.nextDue == nil)
    }
}
