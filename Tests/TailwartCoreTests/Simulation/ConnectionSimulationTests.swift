import Glibc
import TailwartCore
import TailwartTesting
import Testing

/// Whole lives of connections in an order of events that one seed decides; see ``SimulatedWorker``.
@Suite(.ownThreads) struct ConnectionSimulationTests {
    /// `SEED=` replays one, `SEEDS=` says how many; else a thousand, from a new place each time.
    static let seeds: [UInt64] = {
        func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
        if let seed = number("SEED") { return [seed] }
        let first = UInt64.random(in: 0...(.max / 2))
        return (0..<(number("SEEDS") ?? 1000)).map { first + $0 }
    }()

    @Test func `in any order of events all that must hold of a connection holds`() {
        var seen: [CloseReason: Int] = [:]
        var refused = 0
        for seed in Self.seeds {
            let worker = SimulatedWorker(seed: seed)
            worker.run()
            #expect(worker.faults.isEmpty, "replay with SEED=\(seed)")
            for record in worker.records {
                seen[record.ending.reason, default: 0] += 1
                if record.wasRefused { refused += 1 }
            }
        }
        // The simulation goes everywhere: each way to end a connection that does not need a worker's own shortage.
        guard Self.seeds.count >= 1000 else { return }
        let unseen = CloseReason.allCases.filter { seen[$0] == nil }
        #expect(unseen.isEmpty)
        #expect(refused > 0)
    }
}
