import Testing

@testable import TailwartTailnet

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2025-11-24T01:57:03Z", 1_763_949_423),
        ("2024-02-29T23:59:60.123456789Z", 1_709_251_200),
        ("2025-11-24T03:57:03.5+02:00", 1_763_949_423),
        ("2025-11-23T20:27:03-05:30", 1_763_949_423),
        ("4096-01-01T00:00:00Z", 67_090_118_400),
    ])
    func `a time is seconds since 1970`(text: String, seconds: Int) {
        #expect(Timestamp.seconds(text) == seconds)
    }

    @Test(arguments: [
        "0001-01-01T00:00:00Z", "", "2025-11-24", "2025-11-24 01:57:03Z", "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-01-32T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:00",
        "2025-01-01T00:00:00+2:00", "2025-01-01T00:00:00Zx", "2025-01-01T00:00:00.Z9", "٢٠٢٥-01-01T00:00:00Z",
    ])
    func `anything else, and Go's zero time, is no time`(text: String) {
        #expect(Timestamp.seconds(text) == nil)
    }
}
