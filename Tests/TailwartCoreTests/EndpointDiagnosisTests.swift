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
}
