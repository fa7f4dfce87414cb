/// What is known of one place that is probed.
package struct PlaceReport: Sendable, Equatable {
    package let place: ProbedPlace
    package let standing: Health.Standing
    /// The last result for each name that was asked for; the only one is under nil where none is.
    package let results: [String?: ProbeResult]

    package init(_ place: ProbedPlace, _ standing: Health.Standing, _ results: [String?: ProbeResult]) {
        self.place = place
        self.standing = standing
        self.results = results
    }

    /// The one that the operator should know of, if only one is shown; nil before the first probe.
    package var worst: ProbeResult? {
        results.max { left, right in
            (Self.rank(left.value.verdict), right.key ?? "") < (Self.rank(right.value.verdict), left.key ?? "")
        }?.value
    }

    /// When the first of its certificates ends, in seconds since 1970; nil where none was seen.
    package var certificateEnd: Int? { results.values.compactMap { $0.certificate?.notAfter }.min() }

    private static func rank(_ verdict: Verdict) -> Int {
        switch verdict.grade {
        case .good: verdict == .well ? 0 : 1
        case .degraded: 2
        case .failed: 3
        }
    }
}
