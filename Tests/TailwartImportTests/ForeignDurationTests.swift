import Testing

@testable import TailwartImport

@Suite struct ForeignDurationTests {
    @Test(arguments: [
        ("5s", Duration.seconds(5)), ("1h30m", .seconds(5400)), ("1.5h", .seconds(5400)), ("250ms", .milliseconds(250)),
        ("2d", .seconds(172_800)), ("1500µs", .milliseconds(2)),
    ])
    func `Caddy's durations have units`(text: String, expected: Duration) {
        #expect(ForeignDuration.caddy(text) == expected)
    }

    @Test(arguments: [
        ("60", Duration.seconds(60)), ("10m", .seconds(600)), ("1h 30m", .seconds(5400)), ("500ms", .milliseconds(500)),
        ("1M", .seconds(2_592_000)),
    ])
    func `nginx counts in seconds where there is no unit`(text: String, expected: Duration) {
        #expect(ForeignDuration.nginx(text) == expected)
    }

    @Test(arguments: [
        ("5000", Duration.seconds(5)), ("50s", .seconds(50)), ("1m", .seconds(60)), ("2h", .seconds(7200)),
    ])
    func `HAProxy counts in milliseconds where there is no unit`(text: String, expected: Duration) {
        #expect(ForeignDuration.haproxy(text) == expected)
    }

    @Test(arguments: [
        "", "s", "five", "5 parsecs", "-5s", "1e9s", "99999999999999999999s", "999999999999d", "1..2s", "+1s",
    ])
    func `what is no duration is none`(text: String) {
        #expect(ForeignDuration.caddy(text) == nil)
        #expect(ForeignDuration.nginx(text) == nil)
        #expect(ForeignDuration.haproxy(text) == nil)
    }
}
