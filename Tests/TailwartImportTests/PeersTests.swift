import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartImport

@Suite struct PeersTests {
    private static func network(_ random: inout SeededRandom) throws -> Network {
        let isV6 = random.oneIn(2)
        // Few bits that differ, so that networks lie in each other, at the places where words of an address begin and end.
        let bits = UInt64.random(in: 0...3, using: &random)
        let shift = [0, 14, 30, 62].randomElement(using: &random) ?? 0
        let address: IPAddress =
            isV6
            ? .v6(bits << 62 | 1, bits << UInt64(shift))
            : .v4(UInt32(truncatingIfNeeded: bits << UInt64(min(shift, 30))))
        let prefix = Int.random(in: 0...(isV6 ? 128 : 32), using: &random)
        return try #require(Network(enclosing: address, prefix: prefix))
    }

    @Test func `networks of one list without those of another are what is left`() throws {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        print("seed \(random.seed)")
        for _ in 0..<2000 {
            let first = try [Self.network(&random), Self.network(&random)]
            let second = try [Self.network(&random), Self.network(&random)]
            let rest = first.subtracting(second)
            let both = first.intersection(second)
            for address in try (first + second).map(\.base) + (0..<8).map({ _ in try Self.network(&random).base }) {
                let (one, two) = (first.contain(address), second.contain(address))
                #expect(rest.contain(address) == (one && !two), "seed \(random.seed)")
                #expect(both.contain(address) == (one && two), "seed \(random.seed)")
            }
        }
    }

    @Test func `who is closed before the header is not trusted, and nobody is where nobody is named`() throws {
        let ten = try #require(Network("10.0.0.0/8"))
        let part = try #require(Network("10.1.0.0/16"))
        var peers = Peers()
        #expect(peers.trusted == nil)
        let isTaken = peers.close(DraftMatch(clients: [part]))
        #expect(peers.trusted == nil)
        let isTakenToo = peers.close(DraftMatch(not: [DraftMatch(clients: [ten])]))
        #expect(peers.trusted?.contain(part.base) == false && peers.trusted?.contain(ten.base) == true)
        let others = [DraftMatch(tls: true), .always].map { peers.close($0) }
        #expect(isTaken && isTakenToo && others == [false, false])
    }
}
