import Glibc
import TailwartCore
import TailwartTesting
import Testing

@Suite struct RelayTests {
    /// `SEED=` replays one; else several hundred, from a new place each time.
    static let seeds: [UInt64] = {
        if let text = getenv("SEED").map({ String(cString: $0) }), let seed = UInt64(text) { return [seed] }
        let first = UInt64.random(in: 0...(.max / 2))
        return (0..<600).map { first + $0 }
    }()

    @Test func `in any order of events no byte is lost, doubled or turned around, and there is one ending`() {
        for seed in Self.seeds {
            var simulation = RelaySimulation(seed: seed)
            simulation.run()
            let comment = Comment(rawValue: "replay with SEED=\(seed)")
            let endings = simulation.endings
            #expect(endings.count == 1, comment)
            let (client, upstream) = (simulation.client, simulation.upstream)
            #expect(Array(client.script.prefix(upstream.sent.count)) == upstream.sent, comment)
            #expect(Array(upstream.script.prefix(client.sent.count)) == client.sent, comment)
            if endings.first?.reason == .closed {
                #expect(upstream.sent.count == client.script.count, comment)
                #expect(client.sent.count == upstream.script.count, comment)
            }
            #expect(!client.isOpen && !upstream.isOpen && simulation.pipesHeld.isEmpty, comment)
        }
    }

    @Test func `most simulations end in order, some with a reset, some with a deadline`() {
        var seen: [CloseReason: Int] = [:]
        for seed in Self.seeds {
            var simulation = RelaySimulation(seed: seed)
            simulation.run()
            if let reason = simulation.endings.first?.reason { seen[reason, default: 0] += 1 }
        }
        guard Self.seeds.count > 1 else { return }
        #expect(seen[.closed, default: 0] > Self.seeds.count / 3)
        #expect(seen[.reset, default: 0] > 0)
        #expect(seen[.idleTimeout, default: 0] + seen[.halfClosedTimeout, default: 0] > 0)
    }

    @Test func `an end with bytes pending is passed on only after the bytes`() {
        var relay = Relay()
        #expect(relay.next(.inbound) == .fill(.buffer))
        relay[.inbound].filled(10, short: false)
        #expect(relay.next(.inbound) == .drain(.buffer))
        relay[.inbound].drainBlocked()
        #expect(relay.next(.inbound) == .wait)
        relay[.inbound].sinkBecameWritable()
        relay[.inbound].drained(10)
        relay.sourceEnded(.inbound)
        #expect(relay.next(.inbound) == .shutDownSink)
        relay.sinkShutDown(.inbound)
        #expect(relay.next(.inbound) == .wait)
        relay.sourceEnded(.outbound)
        #expect(relay.next(.outbound) == .close(Ending(.client, .closed)))
    }

    @Test func `two full reads in a row move a flow to the pipe, and a small burst brings it back`() {
        var relay = Relay()
        for _ in 0..<Flow.fullReadsBeforePipe {
            #expect(relay.next(.outbound) == .fill(.buffer))
            relay[.outbound].filled(1000, short: false)
            relay[.outbound].drained(1000)
        }
        #expect(relay.next(.outbound) == .fill(.pipe))
        relay[.outbound].fillBlocked()
        relay[.outbound].sourceBecameReadable()
        #expect(relay.next(.outbound) == .fill(.buffer))
    }

    @Test func `the first to finish is named whoever finishes last`() {
        var relay = Relay()
        relay.sourceEnded(.outbound)
        #expect(relay.next(.outbound) == .shutDownSink)
        relay.sinkShutDown(.outbound)
        relay.sourceEnded(.inbound)
        #expect(relay.next(.inbound) == .close(Ending(.upstream, .closed)))
    }

    @Test func `only the first ending counts`() {
        var relay = Relay()
        let first = relay.abort(Ending(.client, .reset))
        let second = relay.abort(Ending(.edge, .idleTimeout))
        #expect(first == .close(Ending(.client, .reset)))
        #expect(second == first)
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

extension Relay {
    /// `#expect` takes no values that cannot be copied: asks outside of it.
    fileprivate mutating func next(_ direction: Direction) -> Action { step(direction) }
}
