import Glibc
import Synchronization
import TailwartTesting
import TailwartWire

/// Clients on the internet who come again and again, each from an address of its own turn, until they are told to stop.
final class Crowd: Sendable {
    /// What came of the visits so far.
    struct Tally: Sendable, CustomStringConvertible {
        var served: [Visit.Manner: Int] = [:]
        var told: [Visit.Manner: Int] = [:]
        var cut = 0
        var wrong: [String] = []

        var description: String {
            let served = served.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
            let told = told.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
            return "served: \(served); told: \(told); cut while served: \(cut); anything else: \(wrong.count)"
        }
    }

    private final class State: Sendable {
        let tally = Mutex(Tally())
        let isOver = Atomic<Bool>(false)
    }

    private let state = State()
    private let members: [InsideTask<Void>]

    /// Microseconds that a client who was turned away waits before it comes again: a second would be polite, and few would be told.
    private static let pause: UInt32 = 100_000

    init(_ count: Int, _ manners: [Visit.Manner], patience: CInt, on network: TestNetwork) throws {
        let (state, seed) = (state, network.seed)
        members = try (0..<count).map { number in
            try network.internet.start {
                var random = SeededRandom(seed: seed &+ UInt64(number))
                var turn = number
                while !state.isOver.load(ordering: .relaxed) {
                    let visit = Visit(
                        manner: manners[turn % manners.count],
                        from: TestNetwork.clients[turn % TestNetwork.clients.count],
                        patience: patience)
                    let outcome = visit.make(&random)
                    state.tally.withLock { $0.count(outcome, visit.manner) }
                    if case .served = outcome {} else { usleep(Self.pause) }
                    turn += number % manners.count + 1
                }
            }
        }
    }

    var tally: Tally { state.tally.withLock { $0 } }

    /// Waits for visits to end in a certain way, so many of each manner from now on.
    func wait(
        _ what: String, _ count: Int, _ manners: [Visit.Manner], _ part: KeyPath<Tally, [Visit.Manner: Int]>
    ) async throws {
        let before = tally[keyPath: part]
        do {
            try await eventually("\(count) more clients are \(what) on each port") {
                let now = tally[keyPath: part]
                return manners.allSatisfy { now[$0, default: 0] - before[$0, default: 0] >= count } ? true : nil
            }
        } catch {
            throw TestFailure("\(error); so far: \(tally) \(tally.wrong.prefix(5))")
        }
    }

    /// Sends everybody home.
    func end() throws -> Tally {
        state.isOver.store(true, ordering: .relaxed)
        for member in members { try member.value() }
        return tally
    }
}

extension Crowd.Tally {
    fileprivate mutating func count(_ outcome: Visit.Outcome, _ manner: Visit.Manner) {
        switch outcome {
        case .served: served[manner, default: 0] += 1
        case .told: told[manner, default: 0] += 1
        case .cut: cut += 1
        case .wrong(let what): wrong.append("\(manner): \(what)")
        }
    }
}
