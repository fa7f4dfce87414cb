import Glibc
import TailwartCore
import TailwartSystem
import TailwartTesting
import Testing

@Suite(.ownThreads) struct DeadlineTests {
    @Test func `two silent sides are parted with a reset`() throws {
        let mailbox = try TestListener()
        let timeouts = Timeouts(idle: .milliseconds(200))
        try withEngine(listeners: [.test(timeouts: timeouts)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            #expect(try pair.client.receiveToEnd().end == .reset)
            #expect(try pair.upstream.receiveToEnd().end == .reset)
            #expect(try edge.nextRecord().ending == Ending(.edge, .idleTimeout))
        }
    }

    @Test(arguments: [Side.client, .upstream])
    func `after one side has finished, silence is borne for a shorter time`(side: Side) throws {
        let mailbox = try TestListener()
        let timeouts = Timeouts(idle: .seconds(600), halfClosed: .milliseconds(200))
        try withEngine(listeners: [.test(timeouts: timeouts)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            pair.socket(side).finish()
            #expect(try pair.other(side).receive().isEmpty)
            #expect(try pair.socket(side).receiveToEnd().end == .reset)
            // A reset after the end of the stream is EPIPE to the kernel (tcp_reset in net/ipv4/tcp_input.c).
            #expect(pair.other(side).wait(for: 0))
            #expect(pair.other(side).socket.takeError() == .brokenPipe)
            #expect(try edge.nextRecord().ending == Ending(.edge, .halfClosedTimeout))
        }
    }

    @Test(arguments: [Side.client, .upstream])
    func `one side that speaks is enough to keep the connection`(side: Side) throws {
        let mailbox = try TestListener()
        let timeouts = Timeouts(idle: .seconds(1))
        try withEngine(listeners: [.test(timeouts: timeouts)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            // Longer in all than the deadline, with pauses far shorter.
            for _ in 0..<16 {
                usleep(80_000)
                try pair.socket(side).send([1])
                #expect(try pair.other(side).receive(exactly: 1) == [1])
            }
            #expect(edge.hasNoRecord)
            #expect(try pair.other(side).receiveToEnd().end == .reset)
            #expect(try edge.nextRecord().ending == Ending(.edge, .idleTimeout))
        }
    }

    @Test func `a receiver that takes nothing is silent`() throws {
        let mailbox = try TestListener(receiveBuffer: 32 * 1024)
        let timeouts = Timeouts(idle: .milliseconds(500))
        try withEngine(listeners: [.test(timeouts: timeouts)], upstreams: [.test(mailbox.address)]) { edge in
            let pair = try Pair(edge, mailbox)
            _ = try pair.client.fill(with: [UInt8](repeating: 1, count: mebibyte), quiet: 100)
            #expect(try pair.client.receiveToEnd().end == .reset)
            #expect(try edge.nextRecord().ending == Ending(.edge, .idleTimeout))
        }
    }
}
