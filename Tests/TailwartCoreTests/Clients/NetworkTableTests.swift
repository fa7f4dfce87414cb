import Foundation
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

/// `SEED=…` replays a failure.
@Suite(.ownThreads) struct NetworkTableTests {
    private static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] } ?? (0..<12).map { 0x1157 + $0 }

    private static func table(_ texts: [String]) throws -> NetworkTable {
        var entries: [(Network, UInt16)] = []
        for text in texts { entries.append((try #require(Network(text)), UInt16(entries.count + 1))) }
        return NetworkTable(entries, seed: (1, 2))
    }

    @Test(arguments: [
        ("192.0.2.1", 3, 32), ("192.0.2.2", 2, 24), ("192.0.3.1", 1, 16), ("192.1.0.1", 7, 0),
        ("255.255.255.255", 7, 0),
        ("2001:db8::1", 5, 48), ("2001:db8:0:1::", 5, 48), ("2001:db8:1::", 4, 32), ("2001:db9::", 8, 0),
        ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 6, 128), ("::", 8, 0), ("::ffff:192.0.2.1", 3, 32),
    ])
    func `the longest prefix counts`(address: String, value: UInt16, prefix: Int) throws {
        let table = try Self.table([
            "192.0.0.0/16", "192.0.2.0/24", "192.0.2.1", "2001:db8::/32", "2001:db8::/48",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0/0", "::/0",
        ])
        let asked = try #require(IPAddress(address))
        #expect(try #require(table.value(of: asked)) == (value, prefix))
    }

    @Test(arguments: [
        ("192.0.2.0/24", "192.0.3.0"), ("192.0.2.0/24", "191.255.255.255"), ("0.0.0.0/0", "::1"), ("::/0", "192.0.2.1"),
        ("0.0.0.0/1", "128.0.0.0"), ("2001:db8::/127", "2001:db8::2"), ("::/1", "8000::"), ("::/96", "0.0.0.1"),
    ])
    func `an address outside is in none`(network: String, address: String) throws {
        #expect(try Self.table([network]).value(of: try #require(IPAddress(address))) == nil)
    }

    @Test func `without networks nobody is in one`() {
        let table = NetworkTable()
        #expect(table.isEmpty)
        #expect(table.value(of: .loopbackV4) == nil)
        #expect(table.value(of: .loopbackV6) == nil)
    }

    @Test(arguments: [("::ffff:192.0.2.0/120", 24), ("::ffff:0.0.0.0/96", 0), ("::ffff:192.0.2.7", 32)])
    func `a network of mapped addresses is one of IPv4`(network: String, prefix: Int) throws {
        let table = try Self.table([network])
        for address in ["192.0.2.7", "::ffff:192.0.2.7"] {
            let asked = try #require(IPAddress(address))
            #expect(try #require(table.value(of: asked)) == (1, prefix))
        }
        #expect(table.value(of: .loopbackV6) == nil)
    }

    @Test(arguments: ["192.0.2.0/24", "2001:db8::/64", "0.0.0.0/0", "::/0"])
    func `of two entries with one network the last one stands`(text: String) throws {
        let network = try #require(Network(text))
        let table = NetworkTable([(network, 1), (network, 2), (network, 0)], seed: (1, 2))
        #expect(try #require(table.value(of: network.base)) == (0, network.prefix))
    }

    @Test(arguments: 0...128)
    func `a prefix of any length ends where it says`(length: Int) throws {
        let edge = IPAddress.v6(0x2001_db8f_ffff_ffff, .max)
        try check(length, around: edge)
        if length <= 32 { try check(length, around: .v4(0xc0ff_ffff)) }
    }

    /// The first and the last address of a network, and their neighbours outside.
    private func check(_ length: Int, around address: IPAddress) throws {
        let network = try #require(Network(enclosing: address, prefix: length))
        let table = NetworkTable([(network, 9)], seed: (3, 4))
        let (first, last) = (network.base, network.last)
        #expect(try #require(table.value(of: first)) == (9, length))
        #expect(try #require(table.value(of: last)) == (9, length))
        for outside in [first.previous, last.next] where !network.contains(outside) {
            #expect(table.value(of: outside) == nil)
        }
    }

    @Test(arguments: seeds)
    func `it answers as a plain search does`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var entries: [(Network, UInt16)] = []
        for value in 0..<UInt16.random(in: 1...300, using: &random) {
            // Few bits differ, so that networks lie in one another and meet again.
            let address = Self.address(&random)
            let prefix = Int.random(in: 0...(address.isV4 ? 32 : 128), using: &random)
            entries.append((try #require(Network(enclosing: address, prefix: prefix)), value))
        }
        let packed = entries.map { (PackedNetworks([$0.0]), $0.1) }
        let tables = [
            NetworkTable(entries, seed: (random.next(), random.next())), NetworkTable(lists: packed, seed: (0, 0)),
        ]
        for _ in 0..<500 {
            let address = Self.address(&random)
            var wanted: (value: UInt16, prefix: Int)?
            for (network, value) in entries where network.contains(address) && network.prefix >= wanted?.prefix ?? 0 {
                wanted = (value, network.prefix)
            }
            for table in tables {
                let found = table.value(of: random.oneIn(2) ? address.mapped : address)
                #expect(found?.value == wanted?.value, "\(address), SEED=\(seed)")
                #expect(found?.prefix == wanted?.prefix, "\(address), SEED=\(seed)")
            }
        }
    }

    private static func address(_ random: inout SeededRandom) -> IPAddress {
        let sparse = random.next() & random.next() & random.next() & random.next()
        if random.oneIn(2) { return .v4(0xc000_0200 ^ UInt32(truncatingIfNeeded: sparse)) }
        return .v6(0x2001_0db8_0000_0000 ^ sparse, random.next() & random.next() & random.next() & random.next())
    }

    /// As many lines of the cache for one address, and as few bytes for one network.
    @Test(arguments: [
        (10, true), (1000, true), (1_000_000, true), (10, false), (1000, false), (100_000, false),
    ])
    func `a look-up costs the same whatever the number of networks`(count: Int, isV4: Bool) throws {
        var random = SeededRandom(seed: 0x1157)
        var networks = PackedNetworks()
        // Ten lengths in each of them.
        for number in 0..<count {
            let address = Self.anyAddress(&random, isV4)
            networks.append(try #require(Network(enclosing: address, prefix: (isV4 ? 23 : 39) + number % 10)))
        }
        let table = NetworkTable(lists: [(networks, 1)], seed: (random.next(), random.next()))
        #expect(table.byteCount <= 64 * count)
        let lookUps = 2000
        let lines = (0..<lookUps).reduce(0) { sum, _ in sum + table.linesRead(for: Self.anyAddress(&random, isV4)) }
        // Of IPv4 the directory knows where there is none.
        #expect(lines <= (isV4 ? lookUps * 6 / 5 : lookUps * 23 / 2), "\(lines) lines for \(lookUps) addresses")
    }

    /// Each begins with all the addresses of the next one, and is noted in as many places.
    @Test func `wide networks that come again and again are entered once`() throws {
        let wide = try (1...20).map { try #require(Network(enclosing: .v4(.max), prefix: $0)) }
        let entries = (0..<100_000).map { (wide[$0 % wide.count], UInt16($0 % wide.count)) }
        let table = NetworkTable(entries, seed: (1, 2))
        #expect(try #require(table.value(of: .v4(.max))) == (19, 20))
        #expect(try #require(table.value(of: .v4(0x8000_0000))) == (0, 1))
        #expect(table.value(of: .v4(0x7fff_ffff)) == nil)
    }

    private static func anyAddress(_ random: inout SeededRandom, _ isV4: Bool) -> IPAddress {
        isV4 ? .v4(UInt32(truncatingIfNeeded: random.next())) : .v6(random.next(), random.next())
    }
}

extension Network {
    fileprivate var last: IPAddress {
        switch base {
        case .v4(let bits): .v4(bits | ~(UInt32.max << UInt32(32 - prefix)))
        case .v6(let high, let low):
            .v6(
                high | (prefix >= 64 ? 0 : UInt64.max >> UInt64(prefix)),
                low | (prefix <= 64 ? .max : ~(UInt64.max << UInt64(128 - prefix))))
        }
    }
}

extension IPAddress {
    fileprivate var next: IPAddress {
        switch self {
        case .v4(let bits): .v4(bits &+ 1)
        case .v6(let high, let low): .v6(low == .max ? high &+ 1 : high, low &+ 1)
        }
    }

    fileprivate var previous: IPAddress {
        switch self {
        case .v4(let bits): .v4(bits &- 1)
        case .v6(let high, let low): .v6(low == 0 ? high &- 1 : high, low &- 1)
        }
    }
}
