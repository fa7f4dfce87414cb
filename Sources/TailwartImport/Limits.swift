/// Which values our configuration takes, for what other programs take in other ranges. The same as in its own checks, which a
/// test holds them against.
enum Limits {
    static let connect = Duration.milliseconds(100)...Duration.seconds(60)
    static let hello = Duration.milliseconds(100)...Duration.seconds(60)
    static let idle = Duration.seconds(1)...Duration.seconds(24 * 60 * 60)
    static let halfClosed = Duration.seconds(1)...Duration.seconds(60 * 60)
    static let hold = Duration.zero...Duration.seconds(5 * 60)
    static let proxyHeader = Duration.seconds(3)...Duration.seconds(30)
    static let healthInterval = Duration.seconds(1)...Duration.seconds(60 * 60)
    static let healthTimeout = Duration.milliseconds(100)...Duration.seconds(60)
    static let healthCount = 1...100
    static let weight = 1...256
    static let maxConnections = 1...500_000
    /// Addresses of all listeners together.
    static let binds = 1000
}

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
