import TailwartCore
import TailwartWire
import Testing

@Suite struct EndpointPickerTests {
    private func upstream(_ policy: Upstream.Policy, weights: [Int], backups: Set<Int> = []) -> Backend {
        .test(
            policy,
            weights.enumerated().map { index, weight in
                Endpoint(.name("e\(index)"), weight: weight, isBackup: backups.contains(index))
            })
    }

    private func first(_ upstream: Backend, turn: UInt64 = 0, client: String = "192.0.2.1", load: [Int] = []) -> Int {
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
        let order = (0...4).map { EndpointPicker.endpoint(of: upstream, first: 2, attempt: $0, client: nil) }
        #expect(order == [2, 3, 0, 1, nil])
    }

    @Test func `an upstream without endpoints has nothing to try`() {
        for policy in Upstream.Policy.allCases {
            let upstream = Backend.test(policy, [])
            #expect(EndpointPicker.endpoint(of: upstream, first: first(upstream), attempt: 0, client: nil) == nil)
        }
    }
}

@Suite struct ClientHashTests {
    private func upstream(_ names: [String], weights: [Int]? = nil, backup: Int? = nil) -> Backend {
        .test(
            .clientHash,
            names.enumerated().map { index, name in
                Endpoint(.name(name), weight: weights?[index] ?? 1, isBackup: index == backup)
            })
    }

    private static let clients = (0..<10_000).map { IPAddress.v4(0xc000_0000 + UInt32($0) * 7) }

    private func choices(_ upstream: Backend, attempt: Int = 0) -> [String] {
        Self.clients.compactMap { client in
            EndpointPicker.endpoint(of: upstream, first: 0, attempt: attempt, client: client).map {
                upstream.endpoints[$0].name
            }
        }
    }

    @Test func `an endpoint that goes moves its own clients only, and wherever the list stands`() {
        let before = choices(upstream(["a", "b", "c", "d"]))
        let after = choices(upstream(["d", "c", "a"]))
        for (old, new) in zip(before, after) where old != "b" { #expect(old == new) }
        let moved = zip(before, after).filter { $0.0 == "b" }.map(\.1)
        for name in ["a", "c", "d"] {
            let share = Double(moved.count { $0 == name }) / Double(moved.count)
            #expect(abs(share - 1 / 3) < 0.05, "\(name) got \(share) of the clients that moved")
        }
    }

    @Test func `weights are shares`() {
        let chosen = choices(upstream(["a", "b", "c"], weights: [1, 2, 5]))
        for (name, weight) in [("a", 1.0), ("b", 2.0), ("c", 5.0)] {
            let share = Double(chosen.count { $0 == name }) / Double(chosen.count)
            #expect(abs(share - weight / 8) < 0.03, "\(name) got \(share)")
        }
    }

    @Test func `the second attempt is where the client would go without the first`() {
        let all = upstream(["a", "b", "c"])
        let first = choices(all)
        let second = choices(all, attempt: 1)
        for (name, others) in [("a", ["b", "c"]), ("b", ["a", "c"]), ("c", ["a", "b"])] {
            let without = choices(upstream(others))
            for index in first.indices where first[index] == name { #expect(second[index] == without[index]) }
        }
    }

    @Test func `each endpoint has its turn once, backups last`() {
        let upstream = upstream(["a", "b", "c", "d"], backup: 1)
        let order = (0...4).map { EndpointPicker.endpoint(of: upstream, first: 0, attempt: $0, client: .loopbackV4) }
        #expect(Set(order.prefix(3)) == [0, 2, 3])
        #expect(order.suffix(2) == [1, nil])
    }
}

extension Backend {
    fileprivate static func test(_ policy: Upstream.Policy, _ endpoints: [Endpoint]) -> Backend {
        Backend(
            Upstream(name: "mailbox", endpoints: endpoints, policy: policy), tailscale: nil,
            addresses: { _ in [.loopbackV4] })
    }
}
