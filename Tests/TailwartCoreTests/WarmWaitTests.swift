import TailwartCore
import TailwartTesting
import Testing

@Suite struct WarmWaitTests {
    private static let second: UInt64 = 1_000_000

    @Test(arguments: [
        // Age of the socket that the mailbox closed, and what the next one gets: three quarters of it.
        (1, 1),
        (3, 2.25),
        (5, 3.75),
        (60, 45),
        (80, 50),
    ])
    func `a socket that the mailbox closed teaches to replace the next one earlier`(age: UInt64, next: Double) {
        var wait = WarmWait()
        wait.spoiled(age: age * Self.second, at: 100 * Self.second)
        #expect(wait.lifetime == UInt64(next * Double(Self.second)))
        #expect(wait.mayConnect(at: 100 * Self.second))
    }

    @Test func `a socket that was closed late does not undo what an earlier one has taught`() {
        var wait = WarmWait()
        wait.spoiled(age: 4 * Self.second, at: 0)
        wait.spoiled(age: 40 * Self.second, at: 0)
        #expect(wait.lifetime == 3 * Self.second)
    }

    @Test(arguments: [nil, 0, WarmWait.shortest - 1])
    func `a place that closes at once, or cannot be dialled, rests and has taught nothing`(age: UInt64?) {
        let start = 7 * Self.second
        var closed = WarmWait()
        closed.spoiled(age: age, at: start)
        var undialled = WarmWait()
        undialled.failed(at: start)
        #expect(closed == undialled)
        #expect(closed.lifetime == WarmWait.longest)
        #expect(!closed.mayConnect(at: start))
        #expect(!closed.mayConnect(at: start + WarmWait.rest - 1))
        #expect(closed.mayConnect(at: start + WarmWait.rest))
    }

    @Test func `sockets that outlive their time let the next ones wait longer, by a sixteenth, up to the first`() {
        var wait = WarmWait()
        wait.outlived()
        #expect(wait.lifetime == WarmWait.longest)
        wait.spoiled(age: WarmWait.shortest, at: 0)
        #expect(wait.lifetime == WarmWait.shortest)
        wait.outlived()
        #expect(wait.lifetime == WarmWait.shortest / 16 * 17)
        for _ in 0..<70 { wait.outlived() }
        #expect(wait.lifetime == WarmWait.longest)
    }

    @Test func `the slots of a pool differ, by less than a quarter`() {
        let wait = WarmWait()
        let ends = (0..<8).map { slot in
            (1...WarmWait.longest / 1000).first { wait.isOver(age: $0 * 1000, slot: slot) }
        }
        #expect(Set(ends).count == 8)
        #expect(ends.first == WarmWait.longest / 1000)
        #expect(ends.allSatisfy { ($0 ?? 0) > WarmWait.longest / 4 * 3 / 1000 })
        #expect(wait.isOver(age: WarmWait.longest, slot: 80) && !wait.isOver(age: WarmWait.longest - 1, slot: 80))
    }

    /// What a mailbox does that gives up after so many seconds: one socket is spent on learning and few on trying again.
    @Test(arguments: [3, 5, 10, 30] as [UInt64])
    func `a mailbox with a limit of its own closes few sockets once it is known`(limit: UInt64) {
        var wait = WarmWait()
        var closed = 0
        let sockets = 1000
        for _ in 0..<sockets {
            if wait.lifetime < limit * Self.second {
                wait.outlived()
            } else {
                closed += 1
                wait.spoiled(age: limit * Self.second, at: 0)
            }
        }
        // From three quarters back to the whole it takes five steps of a sixteenth.
        #expect(closed == (sockets + 5) / 6)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever happens, the lifetime keeps its bounds and every rest ends`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var wait = WarmWait()
        var now: UInt64 = 0
        var restsUntil: UInt64 = 0
        for _ in 0..<500 {
            now += UInt64.random(in: 0...2 * WarmWait.rest, using: &random)
            let before = wait.lifetime
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let age = UInt64.random(in: WarmWait.shortest...2 * WarmWait.longest, using: &random)
                wait.spoiled(age: age, at: now)
                #expect(wait.lifetime <= before && wait.lifetime < max(age, WarmWait.shortest + 1))
            case 1:
                wait.outlived()
                #expect(wait.lifetime > before || before == WarmWait.longest)
            case 2:
                wait.failed(at: now)
                restsUntil = now + WarmWait.rest
                #expect(wait.lifetime == before)
            default:
                wait.spoiled(
                    age: random.oneIn(2) ? nil : UInt64.random(in: 0..<WarmWait.shortest, using: &random), at: now)
                restsUntil = now + WarmWait.rest
                #expect(wait.lifetime == before)
            }
            #expect((WarmWait.shortest...WarmWait.longest).contains(wait.lifetime))
            #expect(wait.mayConnect(at: now) == (now >= restsUntil))
            #expect(wait.mayConnect(at: now + WarmWait.rest))
            let slot = Int.random(in: 0..<64, using: &random)
            #expect(wait.isOver(age: wait.lifetime, slot: slot))
            #expect(!wait.isOver(age: wait.lifetime / 4 * 3, slot: slot))
        }
    }
}
