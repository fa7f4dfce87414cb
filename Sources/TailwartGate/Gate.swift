import TailwartCore

/// Waits until all conditions hold.
package struct Gate: Sendable {
    /// One attempt at a condition, within a time.
    package typealias Attempt = @Sendable (Condition, Duration) async -> Finding

    /// Of one attempt. Longer than a resolver takes whose first name server is dead (5 s, resolv.conf(5)).
    package static let attemptLimit = Duration.seconds(10)
    /// A condition that was found ready before that is looked at once more when all others are: it may be gone again.
    package static let freshness = Duration.seconds(5)

    /// Beyond it is no waiting any more, and far below where times overflow.
    package static let longest = Duration.seconds(7 * 86_400)

    private let conditions: [Condition]
    private let timeout: Duration
    private let isOnce: Bool
    private let freshness: Duration
    private let attempt: Attempt
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - timeout: for all of it; nil for 60 s, or 5 s with one attempt each.
    ///   - isOnce: each condition is tried once.
    package init(
        _ conditions: [Condition], timeout: Duration?, isOnce: Bool = false, freshness: Duration = Self.freshness,
        attempt: @escaping Attempt
    ) {
        self.conditions = conditions
        self.timeout = timeout ?? .seconds(isOnce ? 5 : 60)
        self.isOnce = isOnce
        self.freshness = freshness
        self.attempt = attempt
    }

    /// Reads how long to wait, from the command line.
    package static func timeout(_ text: String) throws(WrongUse) -> Duration {
        guard let duration = Duration(configurationText: text), duration > .zero, duration <= longest else {
            throw WrongUse("write a number with a unit, such as 500ms, 90s or 2m, at most 7d")
        }
        return duration
    }

    /// - Parameter report: called, on any thread, when a condition's finding is another one than before.
    package func run(report: @escaping @Sendable (GateChange) -> Void) async -> GateResult {
        let start = clock.now
        var latest = conditions.map { Latest(condition: $0) }
        var due = Array(conditions.indices)
        repeat {
            await withTaskGroup(of: (Int, Latest).self) { group in
                for index in due {
                    let before = latest[index]
                    group.addTask { (index, await wait(for: before, from: start, report)) }
                }
                for await (index, outcome) in group { latest[index] = outcome }
            }
            guard !isOnce, latest.allSatisfy(\.isReady) else { break }
            let stale = clock.now - freshness
            due = latest.indices.filter { latest[$0].moment.map { $0 < stale } ?? true }
        } while !due.isEmpty
        return GateResult(
            elapsed: clock.now - start,
            findings: latest.compactMap { one in one.finding.map { (one.condition, $0) } })
    }

    /// A condition, and what was found last and when.
    private struct Latest: Sendable {
        let condition: Condition
        var finding: Finding?
        var moment: ContinuousClock.Instant?

        var isReady: Bool { finding?.isReady ?? false }
    }

    /// Attempts until the condition is ready or the time is over.
    private func wait(
        for condition: Latest, from start: ContinuousClock.Instant, _ report: @Sendable (GateChange) -> Void
    ) async -> Latest {
        var latest = condition
        var backoff = Backoff()
        var random = SystemRandomNumberGenerator()
        let deadline = start + timeout
        while true {
            let limit = isOnce ? timeout : min(Self.attemptLimit, max(.zero, deadline - clock.now))
            let finding = await attempt(latest.condition, limit)
            let now = clock.now
            let goesOn = !finding.isReady && !isOnce && now < deadline
            if finding != latest.finding {
                report(GateChange(latest.condition, finding, goesOn: goesOn))
            }
            latest.finding = finding
            latest.moment = now
            guard goesOn else { return latest }
            let left = deadline - now
            let pause = backoff.next(before: left, atLeast: finding.pause, using: &random)
            try? await Task.sleep(for: pause ?? left, clock: clock)
            guard pause != nil, clock.now < deadline else { return latest }
        }
    }
}

/// How long to wait before the next attempt: soon at first, later as rarely as does not matter.
struct Backoff {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(2)

    private var step = first
    private var isOver = false

    /// The same, for one who has so much time left: nil when there is no attempt any more. The last pause is cut short, so that one attempt is
    /// made in the time that is left.
    mutating func next(
        before end: Duration, atLeast least: Duration = .zero, using random: inout some RandomNumberGenerator
    ) -> Duration? {
        let pause = max(next(using: &random), least)
        guard pause >= end else { return pause }
        guard !isOver, least < end / 2 else { return nil }
        isOver = true
        return end / 2
    }

    /// Up to a fifth more or less, so that the conditions of many gates that were started together do not stay together.
    mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        defer { step = min(step * 2, Self.longest) }
        return step * Double.random(in: 0.8...1.2, using: &random)
    }
}
