import TailwartConfig
import TailwartCore
import Testing

struct DurationTextTests {
    @Test(arguments: [
        ("500ms", 500), ("5s", 5000), ("35m", 2_100_000), ("1h30m", 5_400_000), ("1d", 86_400_000), ("0s", 0),
        ("1s500ms", 1500), ("90s", 90_000), ("007s", 7000), ("1d2h3m4s5ms", 93_784_005),
    ]) func `whole numbers with units are durations`(text: String, milliseconds: Int) {
        #expect(Duration(configurationText: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "5S", "5sec", "1m1h", "1s1s", "5s5", "5µs", "٥s",
        "1e3s",
        "99999999999999999999s", "1234567890s", "5ms5",
    ]) func `anything else is none`(text: String) {
        #expect(Duration(configurationText: text) == nil)
    }

    @Test(arguments: [
        (0, "0s"), (1, "1ms"), (1500, "1s500ms"), (60_000, "1m"), (90_000, "1m30s"), (5_400_000, "1h30m"),
        (86_400_000, "1d"),
    ]) func `the text of a duration is short`(milliseconds: Int, text: String) {
        #expect(Duration.milliseconds(milliseconds).configurationText == text)
        #expect(Duration(configurationText: text) == .milliseconds(milliseconds))
    }
}
