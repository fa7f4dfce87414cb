import TailwartCore
import TailwartWire
import Testing

@Suite struct EndpointPickerTests {
    private func upstream(_ policy: Upstream.Policy, weights: [Int], backups: Set<Int> = []) -> Upstream {
        Upstream(
            name: "mailbox",
            endpoints: weights.enumerated().map { index, weight in
                Endpoint(
                    name: "e\(index)", location: .addresses([.loopbackV4]), weight: weight,
                    isBackup: backups.contains(index))
            }, policy: policy)
    }

    private func first(_ upstream: Upstream, turn: UInt64 = 0, client: String = "192.0.2.1", load: [Int] = []) -> Int {
        EndpointPicker.first(of: upstream, turn: turn, client: IPAddress(client)) { load.isEmpty ? 0 : load[$0] }
    }

    @Test func `first takes the first that is no backup`() {
        #expect(first(upstream(.first, weights: [1, 1, 1], backups: [0])) == 1)
    }

    @Test func `round robin gives each its share`() {
        let upstream = upstream(.roundRobin, weights: [1, 3, 1], backups: [2])
        var counts = [0, 0, 0]
        for turn in 0..<400 { counts[first(upstream, turn: UInt64(turn))] += 1 }
        #expect(counts == [100, 300, 0])
    }

    @Test func `least connections weighs what each carries`() {
        let upstream = upstream(.leastConnections, weights: [1, 4, 1], backups: [2])
        #expect(first(upstream, load: [1, 3, 0]) == 1)
        #expect(first(upstream, load: [1, 4, 0]) == 0)
        #expect(first(upstream, load: [1, 5, 0]) == 0)
    }

    @Test func `a client keeps its endpoint and clients are spread`() {
        let upstream = upstream(.clientHash, weights: [1, 1, 1])
        var seen: Set<Int> = []
        for last in 1...60 {
            let chosen = first(upstream, client: "192.0.2.\(last)")
            #expect(chosen == first(upstream, turn: 99, client: "192.0.2.\(last)"))
            seen.insert(chosen)
        }
        #expect(seen == [0, 1, 2])
    }

    @Test func `after the first come the others in turn, then the backups, each once`() {
        let upstream = upstream(.first, weights: [1, 1, 1, 1], backups: [1])
        let order = (0...4).map { EndpointPicker.endpoint(of: upstream, first: 2, attempt: $0) }
        #expect(order == [2, 3, 0, 1, nil])
    }

    @Test func `an upstream without endpoints has nothing to try`() {
        let upstream = Upstream(name: "empty", endpoints: [])
        for policy in Upstream.Policy.allCases {
            var upstream = upstream
            upstream.policy = policy
            #expect(EndpointPicker.endpoint(of: upstream, first: first(upstream), attempt: 0) == nil)
        }
    }
}
