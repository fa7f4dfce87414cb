import TailwartConfig
import TailwartCore
import Testing

/// What the model allows is what the file takes, to the last value.
@Suite struct RangeTests {
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

    @Test func `a value at the edge of its range is taken, and one outside is not`() {
        expectDurations(Allowed.connect) { isGood("connect_timeout: \($0)") }
        expectDurations(Allowed.hold) { isGood("hold: \($0)") }
        expectDurations(Allowed.hello) { isGood("", "timeouts: {hello: \($0)}") }
        expectDurations(Allowed.idle) { isGood("", "timeouts: {idle: \($0)}") }
        expectDurations(Allowed.halfClosed) { isGood("", "timeouts: {half_closed: \($0)}") }
        expectDurations(ProxyProtocolIn.timeoutRange) {
            isGood("", "proxy_protocol_in: {trusted: [10.0.0.0/8], timeout: \($0)}")
        }
        expectDurations(Allowed.healthInterval) { isGood("health: {interval: \($0)}") }
        expectDurations(Allowed.healthTimeout) { isGood("health: {interval: 1h, timeout: \($0)}") }
        expectNumbers(Allowed.healthCount) { isGood("health: {rise: \($0)}") }
        expectNumbers(Allowed.weight) { isGood("weight: \($0)") }
        expectNumbers(Allowed.maxConnections) { isGood("", "max_connections: \($0)") }
        expectNumbers(Allowed.maxConnections) { isGood("", "", "max_connections: \($0)") }
        expectDurations(Allowed.noticeAfter) { isGood("", "", "notify: [{command: [/bin/a], after: \($0)}]") }
        expectNumbers(1...Allowed.messengers.upperBound) { count in
            let members = (0..<count).map { "{command: [/bin/a, \"\($0)\"]}" }.joined(separator: ", ")
            return isGood("", "", "notify: [\(members)]")
        }
        expectNumbers(Allowed.commandWords) { count in
            let words = Array(repeating: "/bin/a", count: count).joined(separator: ", ")
            return isGood("", "", "notify: [{command: [\(words)]}]")
        }
    }

    @Test func `a value of the bans at the edge of its range is taken, and one outside is not`() {
        func areGood(_ bans: String) -> Bool { isGood("", "", "bans: {\(bans)}") }
        expectNumbers(Allowed.banV6Prefix) { areGood("v6_prefix: \($0)") }
        expectNumbers(Allowed.strikeCount) { areGood("strikes: {count: \($0)}") }
        expectNumbers(Allowed.strikeFactor) { areGood("strikes: {factor: \($0)}") }
        expectDurations(Allowed.strikeWithin) { areGood("strikes: {within: \($0)}") }
        expectDurations(Allowed.banTime) { areGood("strikes: {for: \($0), max: 30d}") }
        expectDurations(Allowed.banTime) { areGood("strikes: {for: 1m, max: \($0)}") }
        expectNumbers(1...Allowed.neverNetworks.upperBound) { count in
            areGood("never: [\((0..<count).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: ", "))]")
        }
    }
}
