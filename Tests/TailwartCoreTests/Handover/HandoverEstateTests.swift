import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite struct HandoverEstateTests {
    private static let estates = [
        HandoverEstate(), HandoverEstate(bans: [1, 2, 3]), HandoverEstate(clients: []),
        HandoverEstate(bans: Array(repeating: 7, count: 70_000), clients: [9]),
    ]

    @Test(arguments: estates.indices) func `what was written is read`(index: Int) {
        #expect(HandoverEstate(Self.estates[index].bytes) == Self.estates[index])
    }

    @Test func `parts that a later version added are skipped`() {
        let head = Array("tailwart estate\n".utf8)
        let later: [UInt8] = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 5]
        let known = Array(HandoverEstate(bans: [1]).bytes.dropFirst(head.count))
        #expect(HandoverEstate(head + later + known + later) == HandoverEstate(bans: [1]))
    }

    @Test func `of what was cut the whole parts are read, and of something else nothing`() {
        let bytes = HandoverEstate(bans: [1, 2], clients: [3, 4]).bytes
        for count in 0..<bytes.count {
            let read = HandoverEstate(Array(bytes[..<count]))
            switch count {
            case ..<16: #expect(read == nil)
            case ..<30: #expect(read == HandoverEstate())
            default: #expect(read == HandoverEstate(bans: [1, 2]))
            }
        }
        let huge: [UInt8] = [0, 0, 0, 1] + [UInt8](repeating: 255, count: 8)
        #expect(HandoverEstate(Array("tailwart estate\n".utf8) + huge) == HandoverEstate())
    }

    private static let limit = ClientLimit(ListenerLimits(concurrent: 2, rate: .init(1, per: .seconds(10)), burst: 2))

    @Test func `a table goes on with the times of another, and not with its connections`() throws {
        let (old, new) = (ClientTable(capacity: 64, seed: (1, 2)), ClientTable(capacity: 64, seed: (3, 4)))
        func enter(_ table: ClientTable, _ client: UInt32, now: UInt64) -> ClientTable.Answer {
            table.enter(table.key(.v4(client), prefix: 32, subject: 1), Self.limit, now: now)
        }
        for _ in 0..<2 { #expect(enter(old, 1, now: 0) != .tooFast) }
        #expect(enter(old, 2, now: 0) != .tooFast)
        let snapshot = try #require(ClientTable.Snapshot(old.snapshot(now: 0).bytes))
        #expect(new.adopt(snapshot))
        #expect(new.connections == 0 && old.connections == 3)
        #expect(enter(new, 1, now: 1_000_000) == .tooFast)
        #expect(enter(new, 2, now: 1_000_000) != .tooFast)
        #expect(enter(new, 1, now: 11_000_000) != .tooFast, "his time has come, and nobody counts his old connections")
        #expect(new.networks(now: 11_000_000) == 2)
    }

    @Test func `a table of another size, and who may come at once, are left out`() {
        let old = ClientTable(capacity: 64, seed: (1, 2))
        _ = old.enter(old.key(.v4(1), prefix: 32, subject: 1), Self.limit, now: 0)
        #expect(!ClientTable(capacity: 128, seed: (3, 4)).adopt(old.snapshot(now: 0)))
        #expect(old.snapshot(now: 0).bytes.count == 24 + 16)
        #expect(old.snapshot(now: 60_000_000).bytes.count == 24)
        for bytes in [[], [UInt8](repeating: 0, count: 23), [UInt8](repeating: 0, count: 39)] {
            #expect(ClientTable.Snapshot(bytes) == nil)
        }
        let full = [UInt8](repeating: 255, count: 40)
        #expect(ClientTable.Snapshot(full) == nil, "more slots than there can be")
    }
}
