import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartCore

/// Random orders, strikes and owners, against a model that keeps everything in lists and looks at all of it each time.
@Suite(.ownThreads) struct BanBookModelTests {
    private struct Model {
        struct Key: Hashable {
            let network: Network
            let layer: BanLayer
            let source: String
        }

        var bans: [Key: Int] = [:]
        var owners: [Network: Int] = [:]
        /// Of each network, when and how heavy.
        var strikes: [Network: [(at: Int, weight: Int)]] = [:]
        var repeats: [Network: (times: Int, until: Int)] = [:]

        mutating func pass(to now: Int) {
            bans = bans.filter { $0.value > now }
            owners = owners.filter { $0.value > now }
            repeats = repeats.filter { $0.value.until > now }
        }

        mutating func ban(_ key: Key, until: Int) {
            if let before = bans[key], [.strikes, .webhook].contains(key.layer), until <= before { return }
            bans[key] = until
        }

        mutating func strike(_ network: Network, _ weight: Int, now: Int) {
            let key = Key(network: network, layer: .strikes, source: "")
            guard owners[network] == nil, bans[key] == nil else { return }
            var all = strikes[network] ?? []
            if let first = all.first, first.at <= now - 600 { all = [] }
            all.append((now, weight))
            strikes[network] = all
            guard all.reduce(0, { $0 + $1.weight }) >= 600 else { return }
            strikes[network] = nil
            let times = repeats[network]?.times ?? 0
            let time = min([1, 4, 16, 64, 256, 1024][min(times, 5)], 720) * 3600
            repeats[network] = (times + 1, now + time + 30 * 86_400)
            bans[key] = now + time
        }
    }

    @Test(arguments: 1...8) func `the book says what the model says`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var book = BanBook(BanSettings())
        var model = Model()
        var now = BanBookTests.start
        var lastInForce: Set<Network> = []
        for step in 0..<4000 {
            let address = IPAddress.v4(0xcb00_7100 + UInt32.random(in: 0..<12, using: &random))
            let network = Network(address)
            let layer: BanLayer = [.manual, .webhook, .crowdsec][Int.random(in: 0..<3, using: &random)]
            let source = layer == .crowdsec ? "\(Int.random(in: 0..<3, using: &random))" : ""
            let key = Model.Key(network: network, layer: layer, source: source)
            let skip = [0, 0, 1, 30, 600, 40_000][Int.random(in: 0..<6, using: &random)]
            now += skip
            model.pass(to: now)
            let effects: [BanBook.Effect]
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<3:
                let time = Int.random(in: 1..<5000, using: &random)
                model.ban(key, until: now + time)
                effects = book.take(.ban(network, layer, source: source, reason: "\(step)", time: time), now: now)
            case 3..<5:
                model.bans[key] = nil
                effects = book.take(.lift(network, layer, source: source), now: now)
            case 5 where step.isMultiple(of: 4):
                for layer in BanLayer.allCases where layer != .crowdsec {
                    model.bans[.init(network: network, layer: layer, source: "")] = nil
                }
                (model.strikes[network], model.repeats[network]) = (nil, nil)
                effects = book.take(.pardon(network), now: now)
            case 6 where step.isMultiple(of: 16):
                if model.owners[network].map({ $0 <= now + 23 * 3600 }) ?? true { model.owners[network] = now + 86_400 }
                model.strikes[network] = nil
                effects = book.take(.owner(address), now: now)
            case 7: effects = book.take(.tick, now: now)
            default:
                let kind: Strike = Bool.random(using: &random) ? .badHello : .login
                model.strike(network, kind == .badHello ? 60 : 20, now: now)
                effects = book.take(.struck(address, kind), now: now)
            }
            let inForce = Set(book.inForce.banned.map(\.network))
            #expect(inForce == Set(model.bans.keys.map(\.network)), "step \(step)")
            #expect(Set(book.owners.entries.keys) == Set(model.owners.keys), "step \(step)")
            #expect(
                inForce == lastInForce || effects.contains(.publish), "whoever publishes must be told, step \(step)")
            lastInForce = inForce
            // What is written and read again is the same, but for CrowdSec's.
            guard step.isMultiple(of: 200) else { continue }
            var again = BanBook(BanSettings())
            guard let content = try? BanFile.read(BanFile.write(book.lines).span) else {
                Issue.record("step \(step)")
                continue
            }
            for line in content.lines { again.restore(line) }
            #expect(again.lines == book.lines && content.damagedCount == 0)
        }
    }
}
