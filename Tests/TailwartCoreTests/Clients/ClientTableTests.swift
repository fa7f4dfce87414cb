import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct ClientTableTests {
    private static let client = IPAddress.v4(0xcb00_7105)

    private func key(_ table: ClientTable, _ number: UInt32, prefix: Int = 32) -> ClientTable.Key {
        table.key(.v4(number), prefix: prefix, subject: 7)
    }

    @Test func `a client has as many connections at once as it may, and room again for each that leaves`() {
        let table = ClientTable(capacity: 64, seed: (1, 2))
        let limit = ClientLimit(ListenerLimits(concurrent: 3))
        let key = table.key(Self.client, prefix: 32, subject: 1)
        var slots: [ClientTable.Slot] = []
        for _ in 0..<3 {
            guard case .entered(let slot) = table.enter(key, limit, now: 1) else {
                Issue.record("turned away below the limit")
                return
            }
            slots.append(slot)
        }
        #expect(table.enter(key, limit, now: 1) == .tooMany)
        #expect(table.enter(table.key(Self.client, prefix: 32, subject: 2), limit, now: 1) != .tooMany, "elsewhere")
        for slot in slots {
            table.leave(slot)
            #expect(table.enter(key, limit, now: 2) == .entered(slot), "no room for one that left")
            #expect(table.enter(key, limit, now: 2) == .tooMany)
        }
    }

    /// The algorithm as a leaky bucket with real numbers: a connection fills it by one, time empties it by the rate, and it holds the burst.
    private struct Bucket {
        let rate: Double
        let burst: Double
        var level = 0.0
        var last = 0.0

        /// Nil where rounding decides.
        mutating func takes(at time: Double) -> Bool? {
            let now = max(0, level - (time - last) * rate)
            guard abs(now + 1 - burst) > 0.02 else { return nil }
            if now + 1 <= burst { (level, last) = (now + 1, time) }
            return now + 1 <= burst
        }
    }

    @Test(arguments: [(300, 60.0, 60), (10, 1.0, 1), (7, 3.0, 3), (1, 60.0, 5), (600, 60.0, 300), (1, 86_400.0, 2)])
    func `a rate is held as a plain model holds it`(count: Int, seconds: Double, burst: Int) {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        let limits = ListenerLimits(rate: .init(count, per: .seconds(seconds)), burst: burst)
        let limit = ClientLimit(limits)
        for round in 0..<20 {
            let table = ClientTable(capacity: 8, seed: (seed, 2))
            let key = key(table, 1)
            var bucket = Bucket(rate: Double(count) / seconds, burst: Double(burst))
            var now: UInt64 = 1_000_000
            bucket.last = Double(now) / 1e6
            for _ in 0..<500 {
                now += UInt64.random(in: 0...UInt64(3e6 * seconds / Double(count)), using: &random)
                let answer = table.enter(key, limit, now: now)
                let takes: Bool
                switch answer {
                case .entered(let slot):
                    takes = true
                    table.leave(slot)
                case .tooFast: takes = false
                case .tooMany, .untracked:
                    Issue.record("\(answer)")
                    return
                }
                guard let expected = bucket.takes(at: Double(now) / 1e6) else { break }
                guard takes == expected else {
                    Issue.record("seed \(seed) round \(round): \(takes), the model says \(expected)")
                    return
                }
            }
        }
    }

    @Test func `a table that is full of connections serves whoever comes, uncounted, and says so`() {
        let table = ClientTable(capacity: 8, seed: (3, 4))
        let limit = ClientLimit(ListenerLimits(concurrent: 1))
        var slots: [ClientTable.Slot] = []
        for number in 0..<8 as Range<UInt32> {
            guard case .entered(let slot) = table.enter(key(table, number), limit, now: 1) else {
                Issue.record("no room for \(number)")
                return
            }
            slots.append(slot)
        }
        #expect(table.enter(key(table, 99), limit, now: 1) == .untracked)
        #expect(table.untrackedConnections == 1)
        #expect(table.enter(key(table, 3), limit, now: 1) == .tooMany, "who is known keeps its limit")
        #expect(table.connections == 8)
        for slot in slots { table.leave(slot) }
        #expect(table.connections == 0)
        #expect(table.enter(key(table, 99), limit, now: 1) != .untracked)
    }

    @Test func `who came least lately is forgotten first`() {
        let table = ClientTable(capacity: 8, seed: (3, 4))
        let limit = ClientLimit(ListenerLimits(rate: .init(1, per: .seconds(60)), burst: 1))
        func comes(_ number: UInt32, at seconds: UInt64) -> Bool {
            guard case .entered(let slot) = table.enter(key(table, number), limit, now: seconds * 1_000_000) else {
                return false
            }
            table.leave(slot)
            return true
        }
        for number in 0..<8 as Range<UInt32> { #expect(comes(number, at: 100 + UInt64(number))) }
        #expect(!comes(0, at: 109) && !comes(7, at: 109))
        #expect(comes(8, at: 110))
        #expect(table.evictions == 1)
        #expect(!comes(7, at: 111) && !comes(8, at: 111), "they are remembered")
        #expect(comes(0, at: 112), "it was forgotten")
    }

    @Test func `addresses of one prefix are one client, others are not`() {
        let table = ClientTable(capacity: 64, seed: (5, 6))
        func same(_ left: String, _ right: String, _ prefix: Int) -> Bool {
            guard let left = IPAddress(left), let right = IPAddress(right) else { return false }
            return table.key(left, prefix: prefix, subject: 1) == table.key(right, prefix: prefix, subject: 1)
        }
        #expect(same("192.0.2.1", "192.0.2.1", 32) && !same("192.0.2.1", "192.0.2.2", 32))
        #expect(same("192.0.2.1", "192.0.2.255", 24) && !same("192.0.2.1", "192.0.3.1", 24))
        #expect(same("::ffff:192.0.2.1", "192.0.2.1", 32))
        #expect(same("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", 64) && !same("2001:db8::1", "2001:db8:0:1::1", 64))
        #expect(same("2001:db8:1::", "2001:db8:1:ffff::", 48) && !same("2001:db8::1", "2001:db8::2", 128))
        #expect(same("2001:db8::1", "2001:db8::1", 128) && same("10.1.2.3", "77.1.2.3", 0))
    }

    @Test func `many workers at once count nobody twice and lose nobody`() async {
        let table = ClientTable(capacity: 64, seed: (7, 8))
        let seed = UInt64.random(in: 0...(.max))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 as Range<UInt64> {
                group.addTask { self.comeAndGo(in: table, seed: seed &+ number) }
            }
        }
        #expect(table.connections == 0, "seed \(seed)")
    }

    private func comeAndGo(in table: ClientTable, seed: UInt64) {
        let limit = ClientLimit(ListenerLimits(concurrent: 5))
        var random = SeededRandom(seed: seed)
        var inside: [ClientTable.Slot] = []
        for step in 0..<20_000 as Range<UInt64> {
            if inside.count < 20, random.oneIn(2) {
                let key = key(table, UInt32.random(in: 0..<200, using: &random))
                if case .entered(let slot) = table.enter(key, limit, now: step) { inside.append(slot) }
            } else if let slot = inside.popLast() {
                table.leave(slot)
            }
        }
        for slot in inside { table.leave(slot) }
    }
}
