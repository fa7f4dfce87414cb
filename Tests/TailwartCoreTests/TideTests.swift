import TailwartCore
import Testing

@Suite struct TideTests {
    /// Looks at a number of connections after so many seconds, and says at which of them memory was given back.
    private func passes(_ looks: [(second: UInt64, live: Int, ended: Int)]) -> [UInt64] {
        var tide = Tide()
        return looks.filter { tide.looks(live: $0.live, ended: $0.ended, now: $0.second * 1_000_000) }.map(\.second)
    }

    @Test func `a storm that is over gives its memory back once, when the rest of it is gone too`() {
        #expect(passes([(1, 9000, 0), (2, 4000, 5000), (3, 0, 4000), (6, 0, 0), (7, 0, 0), (20, 0, 0)]) == [7])
    }

    @Test func `one that is first seen as it ends is seen all the same`() {
        #expect(passes([(1, 0, 2000), (6, 0, 0)]) == [6])
    }

    @Test func `one that falls slowly gives back again and again, each time half as much is left`() {
        let looks = (0...80).map { second in (second: UInt64(second), live: 8000 - second * 100, ended: 100) }
        #expect(passes(looks) == [45, 68])
    }

    @Test func `a load that comes and goes by less gives back nothing`() {
        for (low, high) in [(0, 999), (5000, 9000)] {
            var looks: [(second: UInt64, live: Int, ended: Int)] = []
            for round in 0..<50 as Range<UInt64> {
                looks.append((2 * round, high, 0))
                looks.append((2 * round + 1, low, high - low))
            }
            #expect(passes(looks).isEmpty)
        }
    }

    @Test func `nobody waits for a pass where there is nothing to give back`() {
        var tide = Tide()
        #expect(tide.timeout(now: 1) == -1)
        _ = tide.looks(live: 0, ended: 5000, now: 1)
        #expect(tide.timeout(now: 1) == 5001 && tide.timeout(now: 1 + Tide.calm) == 0)
        _ = tide.looks(live: 0, ended: 0, now: 1 + Tide.calm)
        #expect(tide.timeout(now: 1 + Tide.calm) == -1)
    }
}
