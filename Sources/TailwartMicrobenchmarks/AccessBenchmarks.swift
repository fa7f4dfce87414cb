import TailwartCore
import TailwartWire

/// Whether a client is on a list: the number of networks must not matter.
enum AccessBenchmarks {
    static var all: [Measurement] {
        var all: [Measurement] = []
        for isV4 in [true, false] {
            for count in [10, 1_000_000] { all += lookUps(isV4, count) }
        }
        return all + [parse, build]
    }

    /// Addresses asked in turn, so that neither the branches nor the lines of the cache of one of them are learnt.
    private static let asked = 1 << 16
    /// Prefix lengths in use, in a small list and in a large one.
    private static let lengths = 10

    private static func address(_ random: inout Random, _ isV4: Bool) -> IPAddress {
        isV4 ? .v4(UInt32(truncatingIfNeeded: random.next())) : .v6(random.next(), random.next())
    }

    private static func lookUps(_ isV4: Bool, _ count: Int) -> [Measurement] {
        var random = Random()
        var networks = PackedNetworks()
        var inside: [IPAddress] = []
        for number in 0..<count {
            let address = address(&random, isV4)
            guard let network = Network(enclosing: address, prefix: (isV4 ? 23 : 39) + number % lengths) else {
                continue
            }
            networks.append(network)
            if inside.count < asked { inside.append(address) }
        }
        let rules = AccessRules(lists: AccessLists([.init("list", networks)], seed: (random.next(), random.next())))
        let outside = (0..<asked).map { _ in address(&random, isV4) }
        let table = NetworkTable(lists: [(networks, 1)], seed: (random.next(), random.next()))
        let lines = outside.reduce(0) { $0 + table.linesRead(for: $1) } * 10 / asked
        let what = "\(isV4 ? "IPv4" : "IPv6"), \(count) networks"
        return [
            measure("list, \(what), not on it, \(lines / 10).\(lines % 10) lines", rules, outside),
            measure("list, \(what), on it", rules, inside),
        ]
    }

    private static func measure(_ name: String, _ rules: AccessRules, _ addresses: [IPAddress]) -> Measurement {
        Measurement(name) { count in
            var index = 0
            for _ in 0..<count {
                consume(rules.answer(for: addresses[index]))
                index = index + 1 == addresses.count ? 0 : index + 1
            }
        }
    }

    private static let large = 1_000_000

    private static var text: [UInt8] {
        var random = Random()
        return (0..<large).flatMap { _ in Array("\(address(&random, true)) ; a reason\n".utf8) }
    }

    private static var parse: Measurement {
        let text = text
        return Measurement("list, read \(large) lines") { count in
            for _ in 0..<count { consume(NetworkListText.parse(text.span)) }
        }
    }

    private static var build: Measurement {
        let list = AccessLists.List("list", NetworkListText.parse(text.span).networks)
        return Measurement("list, a table of \(large) networks") { count in
            for _ in 0..<count { consume(AccessLists([list], seed: (1, 2))) }
        }
    }
}

/// The same addresses in each run.
private struct Random {
    private var state: UInt64 = 0x1157

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }
}
