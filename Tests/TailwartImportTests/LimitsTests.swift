import TailwartConfig
import TailwartCore
import Testing

@testable import TailwartImport

/// What an import clamps to must be what our file takes, to the last value.
@Suite struct LimitsTests {
    private func isGood(_ upstream: String = "", _ listener: String = "", _ top: String = "") -> Bool {
        let yaml = """
            \(top)
            upstreams: {mailbox: {endpoints: [{address: 10.0.0.1\(upstream.hasPrefix("weight") ? ", \(upstream)" : "")}]\
            \(upstream.isEmpty || upstream.hasPrefix("weight") ? "" : ", \(upstream)")}}
            listeners: [{name: a, bind: [":993"], to: mailbox\(listener.isEmpty ? "" : ", \(listener)")}]
            """
        return Configuration.load(text: yaml, file: "x", environment: [:]).configuration != nil
    }

    private func expectDurations(
        _ range: ClosedRange<Duration>, sourceLocation: SourceLocation = #_sourceLocation, _ isGood: (String) -> Bool
    ) {
        #expect(isGood(range.lowerBound.configurationText), sourceLocation: sourceLocation)
        #expect(isGood(range.upperBound.configurationText), sourceLocation: sourceLocation)
        #expect(!isGood((range.upperBound + .milliseconds(1)).configurationText), sourceLocation: sourceLocation)
        if range.lowerBound > .zero {
            #expect(!isGood((range.lowerBound - .milliseconds(1)).configurationText), sourceLocation: sourceLocation)
        }
    }

    private func expectNumbers(
        _ range: ClosedRange<Int>, sourceLocation: SourceLocation = #_sourceLocation, _ isGood: (Int) -> Bool
    ) {
        #expect(isGood(range.lowerBound) && isGood(range.upperBound), sourceLocation: sourceLocation)
        #expect(!isGood(range.lowerBound - 1) && !isGood(range.upperBound + 1), sourceLocation: sourceLocation)
    }

    @Test func `the ranges are those of our own checks`() {
        expectDurations(Limits.connect) { isGood("connect_timeout: \($0)") }
        expectDurations(Limits.hold) { isGood("hold: \($0)") }
        expectDurations(Limits.hello) { isGood("", "timeouts: {hello: \($0)}") }
        expectDurations(Limits.idle) { isGood("", "timeouts: {idle: \($0)}") }
        expectDurations(Limits.halfClosed) { isGood("", "timeouts: {half_closed: \($0)}") }
        expectDurations(Limits.proxyHeader) { isGood("", "proxy_protocol_in: {trusted: [10.0.0.0/8], timeout: \($0)}") }
        expectDurations(Limits.healthInterval) { isGood("health: {interval: \($0)}") }
        expectDurations(Limits.healthTimeout) { isGood("health: {interval: 1h, timeout: \($0)}") }
        expectNumbers(Limits.healthCount) { isGood("health: {rise: \($0)}") }
        expectNumbers(Limits.weight) { isGood("weight: \($0)") }
        expectNumbers(Limits.maxConnections) { isGood("", "max_connections: \($0)") }
        expectNumbers(Limits.maxConnections) { isGood("", "", "max_connections: \($0)") }
    }
}
