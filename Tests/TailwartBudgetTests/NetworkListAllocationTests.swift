import CTailwartAllocations
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite(.ownThreads) struct NetworkListAllocationTests {
    @Test func `reading a list allocates for its networks and not for its lines`() {
        let lines = (0..<10_000).map { "10.\($0 >> 8).\($0 & 255).0/24 ; a reason\r\n# \($0)\n2001:db8:\($0)::/48\n" }
        let text = Array(lines.joined().utf8)
        let before = tw_own_allocations()
        let reading = NetworkListText.parse(text.span)
        let allocations = tw_own_allocations() - before
        #expect(reading.networks.count == 2 * lines.count - reading.skipped)
        // Two arrays that double as they grow.
        #expect(allocations < 100)
    }

    @Test func `an answer allocates nothing`() {
        let networks = PackedNetworks((0..<1000).map { Network(.v4($0 << 8)) } + [Network(.v6(1, 2))])
        let rules = AccessRules(lists: AccessLists([.init("list a", networks)], seed: (1, 2)))
        let asked: [IPAddress] = (0..<4096).map { .v4($0 << 8) } + [.v6(1, 2)]
        // Even a `for` over an array allocates in a debug build, and everything may when it is done for the first time.
        func denied() -> Int {
            var (denied, index) = (0, 0)
            while index < asked.count {
                if case .denied = rules.answer(for: asked[index]) { denied += 1 }
                index += 1
            }
            return denied
        }
        #expect(denied() == 1001)
        let before = tw_own_allocations()
        let count = denied()
        let allocations = tw_own_allocations() - before
        #expect(count == 1001)
        #expect(allocations == 0)
    }
}
