import Synchronization
import TailwartCore

/// How many connections are open, over all workers: one addition when a connection comes and one when it goes.
final class Admission: Sendable {
    private let total = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)
    private let byListener: [Counter]

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    init(listeners: Int) {
        byListener = (0..<listeners).map { _ in Counter() }
    }

    var live: Int { total.load(ordering: .relaxed) }
    var acceptedSoFar: Int { accepted.load(ordering: .relaxed) }

    /// Counts a connection that was accepted only to be closed.
    func shed() { accepted.add(1, ordering: .relaxed) }

    /// Counts a connection in.
    ///
    /// - Returns: why it may not stay; it is counted all the same until ``leave(listener:)``.
    func enter(listener: Int, limit: Int?, edgeLimit: Int) -> CloseReason? {
        accepted.add(1, ordering: .relaxed)
        let all = total.add(1, ordering: .relaxed).newValue
        if let limit {
            let here = byListener[listener].value.add(1, ordering: .relaxed).newValue
            if here > limit { return .listenerLimit }
        }
        return all > edgeLimit ? .edgeLimit : nil
    }

    /// - Parameter limit: the one that the connection entered under.
    func leave(listener: Int, limit: Int?) {
        total.subtract(1, ordering: .relaxed)
        if limit != nil {
            byListener[listener].value.subtract(1, ordering: .relaxed)
        }
    }
}
