import TailwartCore
import Testing

@Suite struct PlaceReportTests {
    private static func result(_ verdict: Verdict, until end: Int? = nil) -> ProbeResult {
        ProbeResult(
            verdict, "Seen.",
            certificate: end.map { end in
                CertificateReport(
                    subject: "CN=a", issuer: "CN=b", names: ["a.example"], notBefore: 1, notAfter: end,
                    lifetimeLeft: 0.5,
                    isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: [])
            })
    }

    @Test func `a certificate that was renewed is reported, though the verdict is the same and nothing is said`() {
        let subject = HealthWatchTests.subject(port: 443, proto: .https, names: ["a.example", "b.example"])
        let start = ContinuousClock.Instant.now
        var watch = HealthWatchTests.Watch([subject], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.reports == [PlaceReport(subject.place, .unknown, [:])])
        #expect(watch.reports[0].worst == nil && watch.reports[0].certificateEnd == nil)
        for (second, name, end) in [(1, "a.example", 100), (2, "b.example", 200), (3, "a.example", 300)] {
            let event = HealthWatchTests.Watch.Event.probed("smtp", serverName: name, Self.result(.well, until: end))
            let said = watch.take(event, now: start + .seconds(second), jitter: { 0 }).filter { effect in
                if case .say = effect { true } else { false }
            }
            #expect(said.count == (second == 1 ? 1 : 0))
        }
        let report = watch.reports[0]
        #expect(report.standing == .healthy)
        #expect(report.results.count == 2 && report.certificateEnd == 200)
        #expect(report.results["a.example"]?.certificate?.notAfter == 300)
    }

    @Test(
        arguments: [
            ([.well, .slow], .slow), ([.slow, .certificateExpiring, .well], .certificateExpiring),
            ([.certificateExpired, .refused, .slow], .refused), ([.timeout, .refused], .timeout),
        ] as [([Verdict], Verdict)])
    func `of several results the worst is shown, of equals the first by name`(verdicts: [Verdict], shown: Verdict) {
        let results = Dictionary(
            uniqueKeysWithValues: verdicts.enumerated().map { (Optional("host\($0.offset)"), Self.result($0.element)) })
        let report = PlaceReport(HealthWatchTests.subject().place, .healthy, results)
        #expect(report.worst?.verdict == shown)
    }
}
