import TailwartCore
import TailwartWire
import Testing

@Suite struct EventMemoryTests {
    private let place = ProbedPlace(upstream: "m", endpoint: "a", hasPort: false, port: 25, proto: .smtp)

    @Test func `since when things are so is known from what was said`() {
        var memory = EventMemory()
        memory.add(.verdict(place, ProbeResult(.refused, "x"), serverName: nil), at: 1)
        memory.add(.health([place], isHealthy: false, .probes), at: 2)
        memory.add(.verdict(place, ProbeResult(.well, "x"), serverName: nil), at: 3)
        #expect(memory.verdicts[.init(place, serverName: nil)] == 3)
        #expect(memory.verdicts[.init(place, serverName: "other")] == nil)
        #expect(memory.standings[place] == 2)
    }

    @Test func `a name that fails keeps what is dialled, or nothing`() {
        var memory = EventMemory()
        memory.add(.resolved(name: "a", [.loopbackV4], source: "DNS"), at: 1)
        memory.add(.unresolved(name: "a", failure: "away", keepsAddresses: true), at: 2)
        #expect(
            memory.names["a"]
                == EventMemory.Name(addresses: [.loopbackV4], source: "DNS", failure: "away", since: 2))
        memory.add(.unresolved(name: "a", failure: "gone", keepsAddresses: false), at: 3)
        #expect(memory.names["a"]?.addresses.isEmpty ?? false)
        memory.add(.resolved(name: "a", [.loopbackV6], source: nil), at: 4)
        #expect(memory.names["a"] == EventMemory.Name(addresses: [.loopbackV6], since: 4))
    }

    @Test func `of the tailnet the last word on each thing counts`() {
        var memory = EventMemory()
        for (change, time) in [(TailnetNews.Change.gone, 1), (.keyExpires, 2), (.back, 3)]
            as [(TailnetNews.Change, Int64)]
        {
            memory.add(.tailnet(TailnetNews(change: change, level: .info, sentence: "x", fix: nil)), at: time)
        }
        #expect(memory.tailnet.map(\.news.change) == [.back, .keyExpires])
        #expect(memory.tailnet.map(\.at) == [3, 2])
    }

    @Test func `what is so of one peer is neither over nor hidden by what is said of another`() {
        func news(_ change: TailnetNews.Change, _ level: EventLevel, of name: String) -> EdgeEvent {
            var news = TailnetNews(change: change, level: level, sentence: "x", fix: nil)
            news.name = name
            return .tailnet(news)
        }
        var memory = EventMemory()
        memory.add(news(.peerOffline, .error, of: "a"), at: 1)
        memory.add(news(.peerOffline, .error, of: "b"), at: 2)
        memory.add(news(.peerBack, .info, of: "b"), at: 3)
        // It has other addresses, and is away all the same.
        memory.add(news(.peerAddresses, .info, of: "a"), at: 4)
        memory.add(news(.keyExpires, .warning, of: "a"), at: 5)
        memory.add(news(.keyRenewed, .info, of: "b"), at: 6)
        #expect(memory.tailnet.filter { $0.news.level > .info }.map(\.news.change) == [.keyExpires, .peerOffline])
    }

    @Test func `what was grave is remembered, so much and no more`() {
        var memory = EventMemory()
        memory.add(.stopped(accepted: 0), at: 0)
        for number in 0..<EventMemory.limit + 5 { memory.add(.eventsLost(number), at: Int64(number)) }
        #expect(memory.grave.count == EventMemory.limit)
        #expect(memory.grave.first?.event == .eventsLost(5))
    }

    @Test func `no number of names and places fills it`() {
        var memory = EventMemory()
        for number in 0..<10_000 {
            let other = ProbedPlace(upstream: "\(number)", endpoint: "a", hasPort: false, port: 25, proto: .smtp)
            memory.add(.resolved(name: "\(number)", [], source: nil), at: 1)
            memory.add(.health([other], isHealthy: true, .probes), at: 1)
            memory.add(.verdict(other, ProbeResult(.well, "x"), serverName: nil), at: 1)
            var news = TailnetNews(change: .peerBack, level: .info, sentence: "x", fix: nil)
            news.name = "\(number)"
            memory.add(.tailnet(news), at: 1)
        }
        let counts = [memory.names.count, memory.standings.count, memory.verdicts.count, memory.tailnet.count]
        for count in counts { #expect(count <= 4096) }
    }
}
