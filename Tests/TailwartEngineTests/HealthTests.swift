import TailwartCore
import TailwartEngine
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct HealthTests {
    @Test func `a place that is unhealthy is passed over, and dialled again when it is healthy`() throws {
        let (first, second) = (try TestListener(), try TestListener())
        try withEngine(upstreams: [.test(try first.address, try second.address)]) { edge in
            let place = try edge.place()
            for (isUnhealthy, mailbox, endpoint) in [(false, first, 0), (true, second, 1), (false, first, 0)] {
                place.setUnhealthy(isUnhealthy)
                try Pair(edge, mailbox).finish()
                #expect(try edge.nextRecord().endpoint == endpoint)
            }
        }
    }

    @Test func `when all are unhealthy, one client now and then is a trial and the others are told at once`() throws {
        let mailbox = try TestListener()
        try withEngine(listeners: [.test(.smtp)], upstreams: [.test(mailbox.address)]) { edge in
            try edge.place().setUnhealthy(true)
            let trial = try Pair(edge, mailbox)
            for _ in 0..<3 {
                let client = try edge.connect()
                #expect(try client.receiveToEnd().bytes.starts(with: Array("421 4.3.2 ".utf8)))
                client.close()
                #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamUnhealthy))
            }
            #expect(try mailbox.accept(within: 50) == nil, "a second trial came too soon")
            try trial.exchange()
            try trial.finish()
            _ = try edge.nextRecord()
        }
    }

    @Test func `traffic tells what it found out`() throws {
        let mailbox = try TestListener()
        let upstream = Upstream.test(try closedAddress(), try mailbox.address)
        try withEngine(upstreams: [upstream]) { edge in
            let (refusing, serving) = (try edge.place(0), try edge.place(1))
            let pair = try Pair(edge, mailbox)
            try pair.exchange()
            #expect(refusing.takeTraffic() == (successes: 0, failures: 1))
            #expect(serving.takeTraffic() == (successes: 1, failures: 0))
            #expect(serving.takeTraffic() == (successes: 0, failures: 0))
            try pair.finish()
            _ = try edge.nextRecord()
        }
    }

    @Test func `connections to a place that became unhealthy end when the control plane says so`() throws {
        let (first, second) = (try TestListener(), try TestListener())
        var upstream = Upstream.test(try first.address, try second.address)
        upstream.policy = .roundRobin
        try withEngine(upstreams: [upstream]) { edge in
            let (one, two) = (try Pair(edge, first), try Pair(edge, second))
            try one.exchange()
            try two.exchange()
            edge.engine.close([try edge.place()])
            #expect(try edge.nextRecord().ending == Ending(.upstream, .upstreamUnhealthy))
            #expect(try one.client.receiveToEnd().bytes.isEmpty)
            try two.exchange()
            try two.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }

    @Test func `least connections are counted over all workers`() throws {
        let (first, second) = (try TestListener(), try TestListener())
        var upstream = Upstream.test(try first.address, try second.address)
        upstream.policy = .leastConnections
        try withEngine(upstreams: [upstream], workers: 2) { edge in
            var pairs: [Pair] = []
            for mailbox in [first, second, first, second] {
                pairs.append(try Pair(edge, mailbox))
                try #require(pairs.last).exchange()
            }
            for pair in pairs { try pair.finish() }
            _ = try edge.records(4)
            #expect(try edge.place(0).load == 0)
            #expect(try edge.place(1).load == 0)
        }
    }

    @Test func `a client that is held goes on as soon as its place is healthy`() throws {
        let mailbox = try TestListener()
        var upstream = Upstream.test(try mailbox.address)
        upstream.hold = .seconds(20)
        try withEngine(upstreams: [upstream]) { edge in
            let place = try edge.place()
            place.setUnhealthy(true)
            #expect(place.mayTry(now: .max - Place.trialInterval), "the trial is taken")
            let client = try edge.connect()
            try edge.waitForLive(1)
            #expect(try mailbox.accept(within: 100) == nil)
            place.setUnhealthy(false)
            let pair = Pair(client: client, upstream: try mailbox.accept())
            try pair.exchange()
            try pair.finish()
            #expect(try edge.nextRecord().ending.reason == .closed)
        }
    }
}
