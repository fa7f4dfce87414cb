import TailwartTesting
import Testing

@testable import TailwartCore

/// The bounded table below bans, strikes and owners, against one that looks at everything each time.
@Suite(.ownThreads) struct ExpiringTableTests {
    /// In the order in which they were set.
    private struct Plain {
        let limit: Int
        var entries: [(key: Int, value: Int, until: Int)] = []

        mutating func set(_ key: Int, _ value: Int, until: Int) -> Int? {
            entries.removeAll { $0.key == key }
            entries.append((key, value, until))
            guard entries.count > limit else { return nil }
            let first = entries.dropLast().enumerated().min {
                ($0.element.until, $0.offset) < ($1.element.until, $1.offset)
            }
            return first.map { entries.remove(at: $0.offset).key }
        }

        mutating func expire(now: Int) -> Set<Int> {
            let ended = entries.filter { $0.until <= now }
            entries.removeAll { $0.until <= now }
            return Set(ended.map(\.key))
        }
    }

    @Test(arguments: [1, 2, 7, 20]) func `it does what a plain list does`(limit: Int) {
        var random = SeededRandom(seed: UInt64(limit))
        var table = ExpiringTable<Int, Int>(limit: limit)
        var plain = Plain(limit: limit)
        var now = 0
        for _ in 0..<20_000 {
            let key = Int.random(in: 0..<60, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let until =
                    Bool.random(using: &random) && key < 3 ? Int.max : now + Int.random(in: 0..<50, using: &random)
                let value = Int.random(in: 0..<1000, using: &random)
                #expect(table.set(key, value, until: until) == plain.set(key, value, until: until))
            case 6:
                #expect((table.remove(key) != nil) == plain.entries.contains { $0.key == key })
                plain.entries.removeAll { $0.key == key }
            default:
                now += Int.random(in: 0..<20, using: &random)
                #expect(Set(table.expire(now: now).map(\.key)) == plain.expire(now: now))
            }
            #expect(table.count == plain.entries.count)
            #expect(plain.entries.allSatisfy { table[$0.key] == $0.value })
            // Never later than the next end.
            let next = plain.entries.map(\.until).filter { $0 < .max }.min()
            #expect(next == nil || table.nextDue ?? .max <= next ?? 0)
        }
        #expect(table.crowdedOut > 0, "the test reaches the limit")
    }

    @Test func `setting one key over and over takes no more room`() {
        var table = ExpiringTable<Int, Int>(limit: 10)
        for time in 0..<100_000 { table.set(1, time, until: 1_000_000 + time) }
        #expect(table.count == 1 && table[1] == 99_999)
        // All but a few of what was said before are gone: the next end is that of the last.
        #expect(table.nextDue ?? 0 >= 1_099_999 - 64)
    }
}
