import TailwartCore
import TailwartTesting
import Testing

@Suite struct TotalsTests {
    @Test func `every record is in each number once`() throws {
        let sample = MetricSample(
            listeners: [("smtp", .smtp), ("imaps", .imaps)], upstreams: ["mailbox", "backup"], routes: 2)
        var totals = Totals()
        for number in 0..<1000 {
            sample.add(
                to: &totals, listener: number % 2, route: number % 4 == 3 ? nil : number % 2,
                ending: Ending(.client, number % 3 == 0 ? .reset : .closed), bytes: (3, 5), isRefused: number % 10 == 0)
        }
        #expect(totals.connections.values.reduce(0, +) == 1000)
        #expect(totals.groups.rows.map(\.value).reduce(0, +) == 1000)
        #expect(totals.inboundBytes == 3000 && totals.outboundBytes == 5000)
        #expect(totals.lasting(.smtp).count == 500 && totals.lasting(.imaps).count == 500)
        #expect(totals.refusals(.closed) + totals.refusals(.reset) == 100)
        // Two listeners with a route each, one of them without in half of the cases, and two endings.
        #expect(totals.groups.rows.count == 6)
        #expect(totals.folded == 0)
    }

    @Test func `an object in the place of another one that is gone is not taken for it`() throws {
        var totals = Totals()
        // Each topology is freed before the next one is made, so they may well lie at the same addresses.
        for round in 0..<200 {
            MetricSample(listeners: [("listener\(round % 7)", .smtp)], upstreams: ["upstream\(round % 3)"])
                .add(to: &totals)
        }
        for number in 0..<7 {
            let expected = (0..<200).count { $0 % 7 == number }
            #expect(totals.connections[Totals.Key(listener: "listener\(number)", reason: .closed)] == expected)
        }
        for (group, count) in totals.groups.rows {
            let expected = (0..<200).count {
                "listener\($0 % 7)" == group.origin.listener && "upstream\($0 % 3)" == group.upstream
            }
            #expect(count == expected)
        }
    }

    @Test func `times are counted from one step to the next`() throws {
        let sample = MetricSample()
        var totals = Totals()
        sample.add(
            to: &totals, times: MetricSample.times(route: 100, connect: 2_100, firstByte: 12_101, total: 1_000_000))
        // Connected, but never a byte; and never connected.
        sample.add(
            to: &totals, times: MetricSample.times(route: 0, connect: 6_000_000, firstByte: nil, total: 7_300_000_000))
        sample.add(to: &totals, times: MetricSample.times(route: 0, connect: nil, firstByte: nil, total: 5))
        let times = try #require(totals.upstreams.rows.first { $0.key == "mailbox" }?.value)
        #expect((0...6).map(times.connecting.upTo) == [1, 1, 1, 1, 1, 1, 2])
        #expect(times.connecting.sum == 6_002_000)
        #expect((0...6).map(times.firstByte.upTo) == [0, 1, 1, 1, 1, 1, 1])
        #expect((0...6).map(totals.lasting(.smtp).upTo) == [2, 2, 2, 2, 2, 2, 3])
    }

    @Test func `what has no row of its own is counted with the others, and in no row twice`() {
        var rows = LimitedRows<String, Int>(limit: 3, empty: 0)
        for round in 0..<2 {
            for number in 0..<10 {
                rows[rows.row(of: "name\(number)", rest: "other")] += 1
                #expect(rows.folded == (round == 0 ? max(0, number - 2) : 7))
            }
        }
        #expect(rows.rows.map(\.key) == ["name0", "name1", "name2", "other"])
        #expect(rows.rows.map(\.value) == [2, 2, 2, 14])
        rows[rows.row(of: "other", rest: "other")] += 1
        #expect(rows.rows.map(\.value) == [2, 2, 2, 15] && rows.folded == 7)
    }

    @Test func `very many names cost no more memory, and are counted all the same`() {
        var rows = LimitedRows<Int, Int>(limit: 3, empty: 0)
        for number in 0..<50_000 { rows[rows.row(of: number, rest: -1)] += 1 }
        #expect(rows.rows.map(\.value) == [1, 1, 1, 49_997])
        #expect(rows.folded < 10_001)
    }

    @Test func `the last word on a path counts, and none when tailscaled is gone`() {
        func news(_ change: TailnetNews.Change, _ peer: String?, _ path: TailnetNews.Path?) -> EdgeEvent {
            var news = TailnetNews(change: change, level: .info, sentence: "x", fix: nil)
            (news.name, news.path) = (peer, path)
            return .tailnet(news)
        }
        var events = EventTotals()
        events.add(news(.path, "a.example", .derp))
        events.add(news(.path, "b.example", .direct))
        events.add(news(.path, "a.example", .direct))
        events.add(news(.peerOffline, nil, nil))
        #expect(events.paths.map(\.peer) == ["a.example", "b.example"])
        #expect(events.paths.map(\.path) == [.direct, .direct])
        events.add(news(.gone, nil, nil))
        #expect(events.paths.isEmpty)
    }

    @Test func `reloads are counted by how they ended`() {
        var events = EventTotals()
        let nothing = ConfigurationDifference(from: Configuration(), to: Configuration())
        events.add(.reloaded(nothing, warnings: []))
        events.add(.reloadFailed([]))
        events.add(.reloadFailed([]))
        #expect(events.reloads.succeeded == 1)
        #expect(events.reloads.failed == 2)
    }
}
