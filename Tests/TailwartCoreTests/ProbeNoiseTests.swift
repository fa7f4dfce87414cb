import TailwartCore
import TailwartTesting
import Testing

/// How many lines probes leave in the log of a mail server.
@Suite(.ownThreads) struct ProbeNoiseTests {
    typealias Watch = HealthWatch<String>

    enum Failing {
        case none, some, all
    }

    /// Probes in each of the first hours, if each is answered at once.
    ///
    /// - Parameter failing: what each look at traffic finds: none, or connections that failed; of some every second one was served.
    private func probes(
        _ subject: Watch.Subject, hours: Int = 2, failing: Failing = .none, answer: (Int) -> ProbeResult
    ) -> [Int] {
        let start = ContinuousClock.now
        var watch = Watch([subject], reachable: [subject.key], now: start, jitter: { 0.5 })
        var counts = Array(repeating: 0, count: hours)
        var looks = 0
        while let due = watch.nextDue, due < start + .seconds(3600 * hours) {
            var effects = watch.take(.tick, now: due, jitter: { 0.5 })
            while !effects.isEmpty {
                switch effects.removeFirst() {
                case .probe(let key, let name, _):
                    let hour = Int((due - start) / .seconds(3600))
                    counts[hour] += 1
                    let result = answer(counts.reduce(0, +))
                    effects += watch.take(.probed(key, serverName: name, result), now: due, jitter: { 0.5 })
                case .askSetupPage(let key):
                    effects += watch.take(.setupPage(key, isOpen: false), now: due, jitter: { 0.5 })
                case .lookAtTraffic where failing != .none:
                    looks += 1
                    let isServed = failing == .some && looks % 2 == 0
                    let traffic = HealthWatchTests.traffic(isServed ? 1 : 0, isServed ? 0 : 1)
                    effects += watch.take(traffic, now: due, jitter: { 0.5 })
                default: break
                }
            }
        }
        return counts
    }

    /// Where nothing connects, so that nobody logs a probe.
    private static let unreached: [Verdict] = [
        .nameUnknown, .ownAddress, .refused, .timeout, .unreachable, .proxyFailed, .booting,
    ]

    @Test(arguments: unreached)
    func `a mailbox that cannot be reached is asked every five seconds, for however long`(verdict: Verdict) {
        let counts = probes(HealthWatchTests.subject(), hours: 1) { _ in HealthWatchTests.result(verdict) }
        #expect(counts.allSatisfy { (715...722).contains($0) }, "\(counts)")
    }

    @Test(
        arguments: Verdict.allCases.filter { ![.unprobed, .headerNotTrusted].contains($0) && !unreached.contains($0) })
    func `a server that was reached logs no more than sixty lines in an hour, whatever is wrong with it`(
        verdict: Verdict
    ) {
        // What is failed turns a place off under `all`.
        for affects in verdict.grade == .failed ? [HealthSettings.Affects.reachability, .all] : [.reachability] {
            let counts = probes(HealthWatchTests.subject(affects: affects), hours: verdict.grade == .failed ? 2 : 1) {
                _ in ProbeResult(verdict, "Seen.")
            }
            // Postfix has two for each.
            #expect(counts.allSatisfy { (23...30).contains($0) }, "\(affects): \(counts)")
        }
    }

    @Test(arguments: [HealthSettings.Affects.reachability, .all])
    func `connections that fail where a fault was found bring a few probes forward`(affects: HealthSettings.Affects) {
        let counts = probes(HealthWatchTests.subject(affects: affects), failing: .all) { _ in
            ProbeResult(.silent, "Seen.")
        }
        // In the first minute that may be another fault.
        #expect(counts[0] <= 40 && counts[1] <= 30, "\(counts)")
    }

    @Test func `connections that fail at a place that is well bring a probe forward once a minute`() {
        let counts = probes(HealthWatchTests.subject(), failing: .some) { _ in HealthWatchTests.result(.well) }
        #expect(counts.allSatisfy { $0 <= 180 }, "\(counts)")
    }

    @Test func `a header that is not trusted is looked at every twenty seconds, as it turns every client away`() {
        let free = ProbeResult(.headerNotTrusted, "Seen.")
        let counts = probes(HealthWatchTests.subject()) { _ in free }
        #expect(
            (180...192).contains(counts[0]) && counts.dropFirst().allSatisfy { (179...181).contains($0) }, "\(counts)")
        // At one address of several, or where the file says that nothing counts, nobody is turned away.
        var ofOne = free
        ofOne.isOfOneAddress = true
        for counts in [
            probes(HealthWatchTests.subject()) { _ in ofOne },
            probes(HealthWatchTests.subject(affects: .nothing)) { _ in free },
        ] {
            #expect(counts.allSatisfy { (23...30).contains($0) }, "\(counts)")
        }
    }

    @Test(arguments: [Verdict.headerNotTrusted, .wrongProtocol])
    func `what the mailbox counts is asked hardly ever`(verdict: Verdict) {
        #expect(
            probes(HealthWatchTests.subject(), hours: 24) { _ in HealthWatchTests.result(verdict) }.reduce(0, +) <= 5)
    }

    @Test func `a fault that another one follows is not asked for more often`() {
        let verdicts = [Verdict.silent, .busy, .banned]
        let counts = probes(HealthWatchTests.subject()) { HealthWatchTests.result(verdicts[$0 % 3]) }
        #expect(counts.allSatisfy { $0 <= 30 }, "\(counts)")
    }
}
