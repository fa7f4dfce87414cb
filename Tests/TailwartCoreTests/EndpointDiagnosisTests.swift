import TailwartCore
import Testing

@Suite struct EndpointDiagnosisTests {
    private func results(_ verdicts: [UInt16: Verdict]) -> [UInt16: ProbeResult] {
        verdicts.mapValues { ProbeResult($0, "seen") }
    }

    @Test(
        arguments: [
            ([25: .refused, 465: .refused, 993: .refused], true),
            ([25: .refused, 587: .refused, 2525: .unprobed], true),
            ([25: .booting, 993: .refused], true),
            // A new Stalwart has no listener there, however well it is.
            ([587: .refused], false), ([143: .refused, 110: .refused, 587: .refused], false),
            ([25: .refused, 993: .well], false), ([25: .refused, 993: .timeout], false),
            ([2525: .unprobed], false), ([:], false),
        ] as [([UInt16: Verdict], Bool)])
    func `a mail server may be booting when everything is refused`(verdicts: [UInt16: Verdict], answer: Bool) {
        #expect(EndpointDiagnosis.mayBeBooting(results(verdicts)) == answer)
        let joined = EndpointDiagnosis.joined(results(verdicts), isSetupPortOpen: true)
        for (port, verdict) in verdicts {
            #expect(joined[port]?.verdict == (answer && verdict == .refused ? .booting : verdict))
        }
        #expect(EndpointDiagnosis.joined(results(verdicts), isSetupPortOpen: false) == results(verdicts))
    }

    @Test func `addresses that differ in why they lead nowhere are each named with fault and fix`() throws {
        let faults = [
            ("100.64.0.7", ProbeResult(.refused, "100.64.0.7:25 refused the connection.")),
            ("fd7a:115c:a1e0::7", ProbeResult(.timeout, "[fd7a:115c:a1e0::7]:25 did not answer.")),
        ]
        for order in [faults, faults.reversed()] {
            let joined = try #require(ProbeResult.joined(order.map { ($0.0, $0.1) }))
            #expect(joined.verdict == .refused)
            for (address, result) in faults {
                #expect(joined.cause.contains("\(address): \(result.verdict.cause)"))
                #expect(joined.fix.contains("\(address): \(result.verdict.fix)"))
                #expect(joined.detail.contains(result.detail))
            }
        }
        let same = ProbeResult.joined([("a", faults[0].1), ("b", faults[0].1)])
        #expect(same == faults[0].1)
        #expect(ProbeResult.joined([]) == nil)
    }
}
