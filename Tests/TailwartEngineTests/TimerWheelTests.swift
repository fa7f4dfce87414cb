import TailwartTesting
import Testing

@testable import TailwartEngine

@Suite(.ownThreads) struct TimerWheelTests {
    private static let tick: UInt64 = 1 << 16
    /// The farthest that the coarsest level reaches: 63 buckets of 512 ticks.
    private static let horizon: UInt64 = 63 * 512 * tick

    /// A deadline, and by when it must have fired: about an eighth of its distance later, and two ticks. A level is left for one
    /// with buckets eight times as long at 62 of its own at the earliest.
    private struct Entry {
        let setAt: UInt64
        let deadline: UInt64

        var mayFireEarly: Bool { deadline > setAt + horizon - 2 * tick }
        var distance: UInt64 { deadline > setAt ? deadline - setAt : 0 }
        var latest: UInt64 { max(deadline, setAt) + distance * 8 / 62 + 2 * tick }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `a deadline fires neither early nor late`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var now: UInt64 = random.next() >> 20
        var wheel = TimerWheel(now: now)
        var model: [UInt32: Entry] = [:]
        for step in 0..<20_000 {
            let index = UInt32.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                // From microseconds to hours, each scale as likely as the others.
                let distance = random.next() >> UInt64.random(in: 30..<64, using: &random)
                let deadline = random.oneIn(20) ? now - min(now, distance) : now + distance
                wheel.set(index, at: deadline)
                model[index] = Entry(setAt: now, deadline: deadline)
            case 2:
                wheel.clear(index)
                model[index] = nil
            default:
                let sleep = UInt64(max(0, wheel.timeout(now: now))) * 1000
                #expect((sleep == 0) == model.isEmpty || sleep > 0)
                now += random.oneIn(3) ? sleep : min(sleep, random.next() >> UInt64.random(in: 36..<64, using: &random))
            }
            while let fired = wheel.popDue(now: now) {
                guard let entry = model.removeValue(forKey: fired) else {
                    Issue.record("slot \(fired) fired without a deadline; seed \(seed), step \(step)")
                    return
                }
                if !entry.mayFireEarly, now < entry.deadline {
                    Issue.record("fired \(entry.deadline - now) µs early; seed \(seed), step \(step)")
                    return
                }
            }
            if let late = model.values.first(where: { now > $0.latest }) {
                Issue.record(
                    "\(late.distance) µs: \(now - late.latest) µs too late; seed \(seed), step \(step)")
                return
            }
        }
    }

    @Test func `a deadline beyond the last level fires early and can be set again until it is due`() {
        let start: UInt64 = 12_345_678
        let deadline = start + 3 * Self.horizon + 777
        var wheel = TimerWheel(now: start)
        wheel.set(7, at: deadline)
        var now = start
        var rounds = 0
        while true {
            now += UInt64(max(0, wheel.timeout(now: now))) * 1000
            guard let fired = wheel.popDue(now: now) else { continue }
            #expect(fired == 7)
            if now >= deadline { break }
            wheel.set(7, at: deadline)
            rounds += 1
        }
        #expect((3...5).contains(rounds))
        #expect(wheel.timeout(now: now) == -1)
    }

    @Test func `a deadline that is cleared or moved does not fire`() {
        var wheel = TimerWheel(now: 0)
        wheel.set(1, at: 100_000)
        wheel.set(2, at: 100_000)
        wheel.set(3, at: 100_000)
        wheel.clear(2)
        wheel.clear(2)
        wheel.set(3, at: 10_000_000)
        #expect(wheel.popDue(now: 1_000_000) == 1)
        #expect(wheel.popDue(now: 1_000_000) == nil)
        #expect(wheel.popDue(now: 12_000_000) == 3)
        #expect(wheel.timeout(now: 12_000_000) == -1)
    }

    @Test func `after a long sleep without deadlines a new one is as exact as ever`() {
        let hour: UInt64 = 3_600_000_000
        for sleep in [hour / 10, hour / 2, hour, 30 * hour] {
            var wheel = TimerWheel(now: 0)
            let now = sleep + 12_345
            wheel.advance(to: now)
            wheel.set(1, at: now + 10_000_000)
            #expect(wheel.popDue(now: now + 9_999_999) == nil, "after \(sleep)")
            #expect(wheel.popDue(now: now + 11_250_000 + 2 * Self.tick) == 1, "after \(sleep)")
        }
    }

    @Test func `where a level is left for the next one, a deadline is not much later than an eighth of its distance`() {
        for distance in 3900...4100 as ClosedRange<UInt64> {
            // Just behind the begin of a bucket of the coarsest level, so that it waits for the next.
            let deadline = (512 * 100 + 1) * Self.tick
            let entry = Entry(setAt: deadline - distance * Self.tick, deadline: deadline)
            var wheel = TimerWheel(now: entry.setAt)
            wheel.set(1, at: deadline)
            #expect(wheel.popDue(now: deadline - 1) == nil)
            #expect(wheel.popDue(now: entry.latest) == 1, "\(distance) ticks")
        }
    }
}
