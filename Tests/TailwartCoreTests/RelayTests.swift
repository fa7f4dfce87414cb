import TailwartCore
import Testing

@Suite struct RelayTests {
    @Test func `an end with bytes pending is passed on only after the bytes`() {
        var relay = Relay()
        #expect(relay.step(.inbound) == .fill(.buffer))
        relay[.inbound].filled(10, short: false)
        #expect(relay.step(.inbound) == .flush(.buffer))
        relay[.inbound].flushBlocked()
        #expect(relay.step(.inbound) == .wait)
        relay[.inbound].sinkBecameWritable()
        relay[.inbound].flushed(10)
        relay.sourceEnded(.inbound)
        #expect(relay.step(.inbound) == .shutDownSink)
        relay.sinkShutDown(.inbound)
        #expect(relay.step(.inbound) == .wait)
        relay.sourceEnded(.outbound)
        #expect(relay.step(.outbound) == .close(Ending(.client, .closed)))
    }

    @Test func `two full reads in a row move a flow to the pipe, and a small burst brings it back`() {
        var relay = Relay()
        for _ in 0..<Flow.fullReadsBeforePipe {
            #expect(relay.step(.outbound) == .fill(.buffer))
            relay[.outbound].filled(1000, short: false)
            relay[.outbound].flushed(1000)
        }
        #expect(relay.step(.outbound) == .fill(.pipe))
        relay[.outbound].fillBlocked()
        relay[.outbound].sourceBecameReadable()
        #expect(relay.step(.outbound) == .fill(.buffer))
    }

    @Test func `the first to finish is named whoever finishes last`() {
        var relay = Relay()
        relay.sourceEnded(.outbound)
        #expect(relay.step(.outbound) == .shutDownSink)
        relay.sinkShutDown(.outbound)
        relay.sourceEnded(.inbound)
        #expect(relay.step(.inbound) == .close(Ending(.upstream, .closed)))
    }

    @Test func `a side that had sent its end and then resets has closed, and no other`() {
        var relay = Relay()
        #expect(relay.ending(of: .client, .reset) == Ending(.client, .reset))
        relay.sourceEnded(.inbound)
        // Not passed on yet: the upstream would take what it has for whole.
        #expect(relay.ending(of: .client, .reset) == Ending(.client, .reset))
        relay.sinkShutDown(.inbound)
        #expect(relay.ending(of: .client, .reset) == Ending(.client, .closed))
        #expect(relay.ending(of: .client, .timedOut) == Ending(.client, .lost))
        #expect(relay.ending(of: .upstream, .reset) == Ending(.upstream, .reset))
    }

    @Test func `half-closed connections get the shorter deadline`() {
        let limits = SilenceLimits(idle: 600, halfClosed: 60)
        var relay = Relay()
        let before = relay.allowedSilence(limits)
        relay.sourceEnded(.inbound)
        let after = relay.allowedSilence(limits)
        #expect(before.0 == 600 && before.1 == .idleTimeout)
        #expect(after.0 == 60 && after.1 == .halfClosedTimeout)
    }
}
