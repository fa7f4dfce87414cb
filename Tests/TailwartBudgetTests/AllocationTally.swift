import CTailwartAllocations
import TailwartCore
import TailwartTesting

/// Counts the heap allocations of threads by who started them.
final class AllocationTally {
    private let tally = tw_tally_make()

    var count: UInt64 { tw_tally_count(tally) }

    /// Threads that `body` starts are counted, until they end.
    func countingThreads<Result>(_ body: () throws -> Result) rethrows -> Result {
        begin()
        defer { stop() }
        return try body()
    }

    /// How many allocations the counted threads make while `body` runs: the least of three times, since Swift's runtime makes tables
    /// of its own when code runs for the first time, which may be at the first tick of a timer.
    func during(_ body: () throws -> Void) rethrows -> UInt64 {
        var least = UInt64.max
        for _ in 1...3 {
            let before = count
            try body()
            least = min(least, count - before)
        }
        return least
    }

    fileprivate func begin() { tw_tally_started_threads(tally) }
    fileprivate func stop() { tw_tally_started_threads(nil) }

    deinit { tw_tally_free(tally) }
}

/// Runs a test against an engine with one worker, whose allocations are counted.
func withCountedEngine(
    listeners: [Listener] = [.test()], upstreams: [Upstream],
    _ body: (EngineHarness, AllocationTally) throws -> Void
) throws {
    let tally = AllocationTally()
    tally.begin()
    // If the engine does not start, this thread must not go on to tell its next threads from others.
    defer { tally.stop() }
    try withEngine(listeners: listeners, upstreams: upstreams) { edge in
        tally.stop()
        try body(edge, tally)
    }
}
