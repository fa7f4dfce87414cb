import TailwartCore
import Testing

@Suite struct RecurrenceTests {
    @Test func `it is said at the first, and again after an hour in which none went uncounted`() {
        var watch = Recurrence()
        let looks = [(0, 0), (3, 60), (3, 120), (9, 180), (10, 3700), (10, 7200), (11, 7300), (12, 7360)]
        #expect(looks.map { watch.look($0.0, now: $0.1) } == [false, true, false, false, false, false, true, false])
    }

    @Test func `it is over once, an hour after the last`() {
        var watch = Recurrence()
        #expect(watch.end == nil && !watch.isOver(now: 10_000))
        _ = (watch.look(3, now: 60), watch.look(4, now: 600))
        #expect(watch.end == 4200)
        #expect([4199, 4200, 4201].map { watch.isOver(now: $0) } == [false, true, false])
        #expect(watch.end == nil)
        #expect(watch.look(5, now: 4300) && watch.end == 7900)
    }
}
