import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite struct StrangeNetworksTests {
    private static let noon = 1_795_932_000

    private static func names(_ networks: StrangeNetworks, now: Int = noon) -> [String] {
        networks.rows(now: now).map { row in
            "\(row.network) \(row.count): "
                + row.reasons.map { "\($0.reason.name) \($0.count)" }.joined(separator: ", ")
        }
    }

    private static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `a client of IPv6 is its whole network, and each reason is counted`() throws {
        var networks = StrangeNetworks()
        for number in 1...3 { networks.add(try Self.address("2001:db8:1:2::\(number)"), .clientRate, now: Self.noon) }
        networks.add(try Self.address("2001:db8:1:2:ffff::"), .helloInvalid, now: Self.noon)
        networks.add(try Self.address("::ffff:203.0.113.7"), .clientBanned, now: Self.noon)
        networks.add(try Self.address("203.0.113.7"), .clientBanned, now: Self.noon)
        #expect(
            Self.names(networks) == [
                "2001:db8:1:2::/64 4: client_rate 3, hello_invalid 1", "203.0.113.7 2: client_banned 2",
            ])
    }

    @Test func `what was a day ago is forgotten, and a clock that goes back loses nobody of today`() throws {
        var networks = StrangeNetworks()
        let client = try Self.address("203.0.113.7")
        for hour in 0..<30 { networks.add(client, .clientRate, now: Self.noon + hour * 3600) }
        #expect(networks.rows(now: Self.noon + 29 * 3600).map(\.count) == [24])
        #expect(networks.rows(now: Self.noon + 40 * 3600).map(\.count) == [13])
        #expect(networks.rows(now: Self.noon + 60 * 3600).isEmpty)
        networks.add(client, .clientRate, now: Self.noon + 20 * 3600)
        #expect(networks.rows(now: Self.noon + 20 * 3600).first?.count ?? 0 > 1)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `who comes most is seen among a hundred thousand others, and never with more than he did`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var networks = StrangeNetworks()
        var model: [UInt32: Int] = [:]
        for round in 0..<100_000 {
            // One in ten is one of three.
            let client =
                round % 10 == 0 ? UInt32.random(in: 1...3, using: &random) : .random(in: 1000...(.max), using: &random)
            model[client, default: 0] += 1
            networks.add(.v4(client), .clientRate, now: Self.noon)
        }
        let rows = networks.rows(now: Self.noon)
        #expect(rows.count == StrangeNetworks.shown)
        #expect(Set(rows.prefix(3).map(\.network)) == Set((1...3).map { Network(.v4($0)) }), "seed \(seed)")
        for row in rows {
            guard case .v4(let bits) = row.network.base else { continue }
            #expect(row.count <= model[bits] ?? 0)
        }
        #expect(rows[0].count > 3000)
    }
}
