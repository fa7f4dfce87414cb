import TailwartWire
import Testing

@testable import TailwartResolve

@Suite struct NameTableTests {
    private static let second: UInt64 = 1_000_000
    private static let v4 = IPAddress.v4(0x6440_0003)
    private static let moved = IPAddress.v4(0x6440_0004)
    private static let v6 = IPAddress.v6(0xfd7a_115c_a1e0_0000, 3)

    /// A table of one name, with a clock to turn.
    private struct Desk {
        let name = "stalwart.tail1234.ts.net"
        var now: UInt64 = 1000 * second
        var table: NameTable
        var isInTailnet = true

        init(isInTailnet: Bool = true, awaitsTailscaled: Bool = false) {
            table = NameTable([name], awaitsTailscaled: awaitsTailscaled, at: now)
            self.isInTailnet = isInTailnet
        }

        /// Turns the clock and takes the questions out.
        mutating func asks(after seconds: UInt64 = 0) -> Set<NameSource> {
            now += seconds * second
            return Set(table.questions(at: now, isInTailnet: isInTailnet).keys)
        }

        mutating func answer(
            _ source: NameSource, _ addresses: [IPAddress], timeToLive: Int = 5, after duration: UInt64 = 1000
        ) -> Resolver.Entry? {
            let answer = LookupAnswer(name: name, outcome: .addresses(addresses, timeToLive: timeToLive))
            return table.take(answer, from: source, after: duration, at: now)?.entry
        }

        mutating func fail(_ source: NameSource, _ reason: String = "no such name", silence: Bool = false) -> Resolver
            .Entry?
        {
            let answer = LookupAnswer(name: name, outcome: .failed(reason, silence ? .silence : .other))
            return table.take(answer, from: source, after: 1000, at: now)?.entry
        }

        mutating func learn(_ addresses: [IPAddress]?) -> Resolver.Entry? {
            table.learn(addresses.map { $0.isEmpty ? [:] : [name: $0] }, at: now).first?.entry
        }

        mutating func learnNothing() -> Resolver.Entry? { table.learn(nil, at: now).first?.entry }
    }

    @Test func `names that stay keep their addresses and their time, others are asked for or forgotten`() {
        var desk = Desk(isInTailnet: false)
        #expect(desk.asks() == [.system])
        #expect(desk.answer(.system, [Self.v4], timeToLive: 60) != nil)
        desk.table.follow(["other.example", desk.name], at: desk.now)
        #expect(desk.table.questions(at: desk.now, isInTailnet: false) == [.system: ["other.example"]])
        #expect(desk.table.addresses == [desk.name: [Self.v4]])
        #expect(desk.asks(after: 59) == [])
        desk.table.follow([desk.name], at: desk.now)
        // The answer to a question about a name that is forgotten.
        let late = LookupAnswer(name: "other.example", outcome: .addresses([Self.v4], timeToLive: 60))
        #expect(desk.table.take(late, from: .system, after: 0, at: desk.now) == nil)
        #expect(desk.asks(after: 1) == [.system])
        desk.table.follow([], at: desk.now)
        #expect(desk.table.addresses == [:])
        #expect(desk.table.nextDue == nil)
    }

    @Test func `without a tailnet only the system is asked, again when its answer has lived`() {
        var desk = Desk(isInTailnet: false)
        #expect(desk.asks() == [.system])
        #expect(desk.asks() == [], "no second question while one is on its way")
        #expect(desk.answer(.system, [Self.v4], timeToLive: 60) == .init(addresses: [Self.v4], source: .system))
        #expect(desk.asks(after: 59) == [])
        #expect(desk.asks(after: 1) == [.system])
        #expect(desk.answer(.system, [Self.v4]) == nil, "the same again is no news")
    }

    @Test(arguments: [(0, 5), (1, 5), (5, 5), (600, 600), (3600, 3600), (1 << 40, 3600), (Int.max, 3600)])
    func `a time to live is kept within bounds`(timeToLive: Int, seconds: Int) {
        var desk = Desk(isInTailnet: false)
        _ = desk.asks()
        _ = desk.answer(.system, [Self.v4], timeToLive: timeToLive)
        #expect(desk.asks(after: UInt64(seconds - 1)) == [])
        #expect(desk.asks(after: 1) == [.system])
    }

    @Test func `MagicDNS is tried beside the system, then alone while it is quick`() {
        var desk = Desk()
        #expect(desk.asks() == [.magicDNS, .system])
        #expect(desk.answer(.system, [Self.moved])?.source == .system)
        #expect(
            desk.answer(.magicDNS, [Self.v4])?.addresses == [Self.v4], "the better answer takes the place of the worse")
        #expect(desk.asks(after: 5) == [.magicDNS])
        #expect(desk.answer(.magicDNS, [Self.v4]) == nil)
        #expect(desk.asks(after: 5) == [.magicDNS])
    }

    @Test func `a worse answer that comes later does not take the place of a better one`() {
        var desk = Desk()
        _ = desk.asks()
        #expect(desk.answer(.magicDNS, [Self.v4])?.source == .magicDNS)
        #expect(desk.answer(.system, [Self.moved]) == nil)
        #expect(desk.fail(.system) == nil)
        #expect(desk.table.addresses[desk.name] == [Self.v4])
    }

    @Test func `a name that MagicDNS does not know goes on to the system at once`() {
        var desk = Desk()
        _ = desk.asks()
        _ = desk.answer(.system, [Self.v4])
        #expect(desk.fail(.magicDNS) == nil)
        #expect(desk.asks(after: 5) == [.magicDNS])
        #expect(desk.fail(.magicDNS) == nil)
        #expect(desk.table.nextDue.map { $0 <= desk.now } == true)
        #expect(desk.asks() == [.system])
        #expect(desk.answer(.system, [Self.v4]) == nil)
        #expect(desk.asks() == [])
    }

    @Test func `a MagicDNS that is silent is left alone for a while, and then tried beside the system`() {
        var desk = Desk()
        _ = desk.asks()
        _ = desk.answer(.system, [Self.v4])
        _ = desk.fail(.magicDNS, silence: true)
        for _ in 0..<11 {
            #expect(desk.asks(after: 5) == [.system])
            _ = desk.answer(.system, [Self.v4])
        }
        #expect(desk.asks(after: 5) == [.magicDNS, .system])
    }

    @Test func `a MagicDNS that answers, but slowly, is not waited for`() {
        var desk = Desk()
        _ = desk.asks()
        _ = desk.answer(.magicDNS, [Self.v4], after: 900_000)
        _ = desk.answer(.system, [Self.v4])
        #expect(desk.asks(after: 5) == [.magicDNS, .system])
    }

    @Test func `a MagicDNS that falls silent costs one question, and the last good answer stands`() {
        var desk = Desk()
        _ = desk.asks()
        _ = desk.answer(.magicDNS, [Self.v4])
        _ = desk.fail(.system)
        #expect(desk.asks(after: 5) == [.magicDNS])
        #expect(desk.fail(.magicDNS, "timeout", silence: true) == nil)
        #expect(desk.asks() == [.system])
        #expect(desk.fail(.system) == .init(addresses: [Self.v4], failure: "no such name", source: .magicDNS))
        #expect(desk.asks(after: 1) == [])
        #expect(desk.asks(after: 1) == [.system])
        #expect(desk.fail(.system, "in other words") == nil, "still failing is no news")
        #expect(desk.asks(after: 2) == [.system])
        #expect(desk.answer(.system, [Self.v4]) == .init(addresses: [Self.v4], source: .system))
    }

    @Test func `when this host leaves the tailnet MagicDNS is not asked any more`() {
        var desk = Desk()
        _ = desk.asks()
        _ = desk.answer(.magicDNS, [Self.v4])
        _ = desk.fail(.system)
        desk.isInTailnet = false
        #expect(desk.asks(after: 5) == [.system])
        _ = desk.answer(.system, [Self.v4])
        desk.isInTailnet = true
        #expect(desk.asks(after: 5) == [.magicDNS, .system])
    }

    @Test func `if all fail it is said once, in the system's words`() {
        var desk = Desk()
        _ = desk.asks()
        #expect(desk.fail(.system, "no such name") == nil)
        #expect(desk.fail(.magicDNS, "server failure") == .init(failure: "no such name"))
    }

    @Test func `tailscaled's word counts before all others, and nothing is asked while it stands`() {
        var desk = Desk()
        _ = desk.asks()
        #expect(desk.answer(.system, [Self.moved])?.addresses == [Self.moved])
        #expect(desk.learn([Self.v6, Self.v4]) == .init(addresses: [Self.v4, Self.v6], source: .tailscale))
        #expect(desk.learn([Self.v4, Self.v6]) == nil)
        #expect(desk.answer(.magicDNS, [Self.moved]) == nil, "an answer that was on its way is too late")
        #expect(desk.table.nextDue == nil)
        #expect(desk.asks(after: 100_000) == [])
        #expect(desk.learn([Self.moved]) == .init(addresses: [Self.moved], source: .tailscale))
    }

    @Test(arguments: [true, false])
    func `what DNS does not know is no failure before tailscaled has spoken, and is one where it does not run`(
        isThere: Bool
    ) {
        var desk = Desk(isInTailnet: false, awaitsTailscaled: true)
        #expect(desk.asks() == [.system])
        #expect(desk.fail(.system) == nil)
        if isThere {
            #expect(desk.learn([Self.v4])?.addresses == [Self.v4])
            #expect(desk.asks(after: 60) == [])
        } else {
            #expect(desk.learnNothing() == nil)
            #expect(desk.asks(after: 2) == [.system])
            #expect(desk.fail(.system)?.failure == "no such name")
        }
    }

    @Test func `tailscaled's word outlives a restart, then DNS is asked, and the last good answer stands`() {
        var desk = Desk()
        _ = desk.learn([Self.v4])
        #expect(desk.learnNothing() == nil)
        #expect(desk.asks(after: 29) == [])
        #expect(desk.learn([Self.v4]) == nil)
        #expect(desk.learnNothing() == nil)
        #expect(desk.asks(after: 10) == [])
        #expect(desk.learnNothing() == nil, "gone is gone: the time runs from the first word of it")
        #expect(desk.asks(after: 20) == [.magicDNS, .system])
        #expect(desk.fail(.magicDNS) == nil)
        #expect(desk.fail(.system) == .init(addresses: [Self.v4], failure: "no such name", source: .tailscale))
        #expect(desk.asks(after: 2) == [.magicDNS])
        #expect(desk.learn([Self.v4]) == .init(addresses: [Self.v4], source: .tailscale))
    }

    @Test func `a name that the tailnet no longer has is asked for by DNS at once, and why is said`() {
        var desk = Desk(isInTailnet: false)
        _ = desk.learn([Self.v4])
        #expect(desk.learn([]) == nil)
        #expect(desk.asks() == [.system])
        #expect(
            desk.fail(.system)
                == .init(
                    addresses: [Self.v4], failure: "the tailnet has no such name, and DNS says: no such name",
                    source: .tailscale))
        #expect(desk.learnNothing() == nil)
    }

    @Test func `a name that the tailnet never had is DNS's, and a word without it changes nothing`() {
        var desk = Desk(isInTailnet: false)
        _ = desk.asks()
        _ = desk.answer(.system, [Self.v4], timeToLive: 300)
        for _ in 0..<10 { #expect(desk.learn([]) == nil) }
        #expect(desk.asks(after: 299) == [])
        #expect(desk.asks(after: 1) == [.system])
    }

    @Test func `names are asked for together and each on its own time`() {
        var table = NameTable(["b", "a", "b"], at: 0)
        #expect(table.questions(at: 0, isInTailnet: false) == [.system: ["a", "b"]])
        _ = table.take(.init(name: "a", outcome: .addresses([Self.v4], timeToLive: 10)), from: .system, after: 1, at: 0)
        _ = table.take(.init(name: "b", outcome: .addresses([Self.v4], timeToLive: 20)), from: .system, after: 1, at: 0)
        #expect(table.nextDue == 10 * Self.second)
        #expect(table.questions(at: 10 * Self.second, isInTailnet: false) == [.system: ["a"]])
        #expect(table.nextDue == 20 * Self.second)
        #expect(
            table.take(.init(name: "c", outcome: .addresses([Self.v4], timeToLive: 1)), from: .system, after: 1, at: 0)
                == nil, "an answer to no question is dropped")
    }

    @Test func `the first family counts at once, and the name is asked for again when the last is answered for`() {
        var desk = Desk(isInTailnet: false)
        func answer(_ addresses: [IPAddress], isWhole: Bool, isLast: Bool) -> Resolver.Entry? {
            let answer = LookupAnswer(
                name: desk.name, outcome: .addresses(addresses, timeToLive: 5), isWhole: isWhole, isLast: isLast)
            return desk.table.take(answer, from: .system, after: 1000, at: desk.now)?.entry
        }
        _ = desk.asks()
        #expect(answer([Self.v4], isWhole: false, isLast: false)?.addresses == [Self.v4])
        #expect(desk.asks(after: 10) == [], "the other family is still asked for")
        #expect(answer([Self.v4, Self.v6], isWhole: true, isLast: true)?.addresses == [Self.v4, Self.v6])
        #expect(desk.asks(after: 5) == [.system])
        #expect(answer([Self.moved], isWhole: false, isLast: false)?.addresses == [Self.moved, Self.v6])
        #expect(
            answer([Self.moved], isWhole: false, isLast: true) == nil, "nobody answers: the last good answer stands")
        #expect(desk.asks(after: 5) == [.system])
        #expect(answer([Self.moved], isWhole: true, isLast: true)?.addresses == [Self.moved], "there is none any more")
    }

    @Test func `a family of another source is not kept`() {
        var desk = Desk()
        _ = desk.asks()
        _ = desk.answer(.system, [Self.moved, Self.v6])
        let answer = LookupAnswer(
            name: desk.name, outcome: .addresses([Self.v4], timeToLive: 5), isWhole: false, isLast: false)
        #expect(desk.table.take(answer, from: .magicDNS, after: 1, at: desk.now)?.entry.addresses == [Self.v4])
    }

    @Test func `of many addresses some are kept, and the same ones when the order turns`() throws {
        var desk = Desk(isInTailnet: false)
        let all = (0..<100).map { IPAddress.v4($0) } + (0..<100).map { IPAddress.v6(1, $0) }
        _ = desk.asks()
        let first = try #require(desk.answer(.system, all)?.addresses)
        #expect(first.count == NameTable.maximumAddresses)
        #expect(first.filter(\.isV4).count == first.count / 2)
        _ = desk.asks(after: 5)
        #expect(desk.answer(.system, all.reversed()) == nil)
        _ = desk.asks(after: 5)
        let rest = all.filter { $0 != first[0] }
        let later = try #require(desk.answer(.system, rest)?.addresses)
        #expect(later.count == first.count && Set(later).isSuperset(of: first.dropFirst()))
    }

    @Test func `a name is answered for when there is an address or a failure`() {
        var desk = Desk(isInTailnet: false)
        #expect(desk.table.addresses == [:])
        _ = desk.asks()
        #expect(desk.table.addresses == [:])
        _ = desk.fail(.system)
        #expect(desk.table.addresses == [desk.name: []])
        _ = desk.asks(after: 2)
        _ = desk.answer(.system, [Self.v4])
        #expect(desk.table.addresses == [desk.name: [Self.v4]])
    }

    @Test(arguments: [
        ([IPAddress](), [IPAddress]()), ([v6], [v6]), ([v4, moved], [v4, moved]), ([v6, v4], [v4, v6]),
        ([v6, .v6(1, 1), .v6(1, 2), v4, moved], [v4, v6, moved, .v6(1, 1), .v6(1, 2)]),
    ])
    func `families take turns, IPv4 first`(addresses: [IPAddress], expected: [IPAddress]) {
        #expect(addresses.interleaved == expected)
    }
}
