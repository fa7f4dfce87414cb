/// How long to wait before the next attempt: soon at first, later as rarely as does not matter.
struct Backoff {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(2)

    private var step = first

    /// Up to a fifth more or less, so that the conditions of many gates that were started together do not stay together.
    mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        defer { step = min(step * 2, Self.longest) }
        return step * Double.random(in: 0.8...1.2, using: &random)
    }
}
