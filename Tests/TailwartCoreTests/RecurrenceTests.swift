import TailwartCore
import Testing

@Suite struct RecurrenceTests {
    @Test func `it is said at the first, and again after an hour in which none went uncounted`() {
        var watch = Recurrence()
        let looks = [(0, 0), (3, 60), (3, 120), (9, 180), (10, 3700), (10, 7200), (11, 7300), (12, 7360)]
        #expect(looks.map { watch.look($0.0, now: $0.1) } == [false, true, false, false, false, false, true, false])
    }
}
