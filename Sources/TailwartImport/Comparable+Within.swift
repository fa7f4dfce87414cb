extension Comparable {
    /// The nearest value of a range; says so where it is another one.
    func within(
        _ range: ClosedRange<Self>, _ what: String, at place: SourcePlace, _ findings: Findings,
        text: (Self) -> String
    ) -> Self {
        let nearest = min(max(self, range.lowerBound), range.upperBound)
        if nearest != self {
            let allowed = "\(text(range.lowerBound)) to \(text(range.upperBound))"
            findings.note("\(what) of \(text(self)) becomes \(text(nearest)); here it may be \(allowed)", at: place)
        }
        return nearest
    }
}
