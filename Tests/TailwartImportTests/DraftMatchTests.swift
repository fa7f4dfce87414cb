import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartImport

/// The algebra of conditions, held against plain logic over all that can be asked.
@Suite struct DraftMatchTests {
    /// A connection, as far as conditions go.
    private struct Situation {
        let name: String?
        let alpn: String?
        let client: IPAddress?
    }

    private static let names = ["a", "b.a", "c.b.a", "*.a", "*.b.a"].map { ServerNamePattern($0) }
    private static let alpns = ["h2", "imap"]
    private static let clients = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24"].map { Network($0) }

    private static let situations: [Situation] = ["a", "b.a", "c.b.a", "d.b.a", "e.a", nil].flatMap { name in
        (alpns + [nil]).flatMap { alpn in
            [IPAddress("10.0.0.1"), IPAddress("10.1.0.1"), IPAddress("192.0.2.1"), nil].map {
                Situation(name: name, alpn: alpn, client: $0)
            }
        }
    }

    private static func holds(_ match: DraftMatch, _ situation: Situation) -> Bool {
        let parent = situation.name?.split(separator: ".", maxSplits: 1).dropFirst().last.map(String.init)
        return !match.isNever
            && (match.serverNames.isEmpty
                || match.serverNames.contains { $0.name == ($0.isWildcard ? parent : situation.name) })
            && (match.alpn.isEmpty || match.alpn.contains { $0 == situation.alpn })
            && (match.clients.isEmpty || situation.client.map { match.clients.contain($0) } == true)
            && !match.not.contains { holds($0, situation) }
    }

    private static func random(_ random: inout SeededRandom, depth: Int = 0) -> DraftMatch {
        var match = DraftMatch()
        if random.oneIn(2) { match.serverNames = [names.randomElement(using: &random)].compactMap { $0 ?? nil } }
        if random.oneIn(3) { match.alpn = [alpns.randomElement(using: &random)].compactMap(\.self) }
        if random.oneIn(3) { match.clients = [clients.randomElement(using: &random)].compactMap { $0 ?? nil } }
        if depth < 2, random.oneIn(3) { match.not = [Self.random(&random, depth: depth + 1)] }
        return match
    }

    @Test func `both, either, none and the opposite mean what they say, or are not said`() {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("seed \(random.seed)")
        var said = 0
        for _ in 0..<3000 {
            let first = Self.random(&random)
            let second = Self.random(&random)
            let third = Self.random(&random)
            let both = first.and(second)
            let either = DraftMatch.or([first, second, third])
            let opposite = first.negated
            let none = DraftMatch.none(of: [first, second])
            let product = DraftMatch.and([first, second], [third])
            said += [both, opposite, none].compactMap(\.self).count
            for situation in Self.situations {
                let (one, two, three) = (
                    Self.holds(first, situation), Self.holds(second, situation), Self.holds(third, situation)
                )
                if let both { #expect(Self.holds(both, situation) == (one && two), "seed \(random.seed)") }
                if let opposite { #expect(Self.holds(opposite, situation) == !one, "seed \(random.seed)") }
                if let none { #expect(Self.holds(none, situation) == !(one || two), "seed \(random.seed)") }
                #expect(either.contains { Self.holds($0, situation) } == (one || two || three), "seed \(random.seed)")
                if let product {
                    #expect(
                        product.contains { Self.holds($0, situation) } == ((one || two) && three), "seed \(random.seed)"
                    )
                }
            }
        }
        #expect(said > 3000, "most can be said")
    }

    @Test func `conditions on TLS as such cancel each other out`() {
        #expect(DraftMatch(tls: true).and(DraftMatch(tls: false)) == .never)
        #expect(DraftMatch(tls: true).negated == DraftMatch(tls: false))
        #expect(DraftMatch.or([DraftMatch(tls: true), .always]) == [.always])
        #expect(DraftMatch.none(of: []) == .always)
    }
}
