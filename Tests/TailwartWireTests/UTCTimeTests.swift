import TailwartWire
import Testing

@Suite struct UTCTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2025-11-24T01:57:03Z", 1_763_949_423),
        ("2024-02-29T23:59:60.123456789Z", 1_709_251_200),
        ("2025-11-24T03:57:03.5+02:00", 1_763_949_423),
        ("2025-11-23T20:27:03-05:30", 1_763_949_423),
        ("4096-01-01T00:00:00Z", 67_090_118_400),
    ])
    func `a time is seconds since 1970`(text: String, seconds: Int) {
        #expect(UTCTime(rfc3339: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "0001-01-01T00:00:00Z", "", "2025-11-24", "2025-11-24 01:57:03Z", "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-01-32T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:00",
        "2025-01-01T00:00:00+2:00", "2025-01-01T00:00:00Zx", "2025-01-01T00:00:00.Z9", "٢٠٢٥-01-01T00:00:00Z",
    ])
    func `anything else, and Go's zero time, is no time`(text: String) {
        #expect(UTCTime(rfc3339: text)?.seconds == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z", 4), (1_763_949_423, "2025-11-24T01:57:03Z", 1),
        (951_782_400, "2000-02-29T00:00:00Z", 2), (4_107_542_399, "2100-02-28T23:59:59Z", 0),
        (4_107_542_400, "2100-03-01T00:00:00Z", 1), (67_090_118_400, "4096-01-01T00:00:00Z", 0),
        (-1, "1969-12-31T23:59:59Z", 3),
    ])
    func `a moment has a date`(seconds: Int, text: String, weekday: Int) {
        let time = UTCTime(seconds: seconds)
        #expect("\(time)" == text)
        #expect(time.calendar.weekday == weekday)
        #expect(UTCTime(rfc3339: text) == time)
    }

    @Test func `every day of 400 years has a date of its own, and back`() {
        for day in 0..<146_097 {
            let time = UTCTime(seconds: day * 86_400)
            let date = time.calendar
            #expect(UTCTime(year: date.year, month: date.month, day: date.day) == time)
        }
    }
}
