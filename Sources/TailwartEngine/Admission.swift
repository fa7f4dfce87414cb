import Synchronization
import TailwartCore
import TailwartSystem

/// How many connections are open, over all workers: one addition when a connection comes and one when it goes.
final class Admission: Sendable {
    private let total = Atomic<Int>(0)
    private let accepted = Atomic<Int>(0)
    private let byListener: [Counter]
    private let drains = Atomic<Bool>(false)
    /// Rung when no connection is open any more, once the edge drains.
    let idle: Waker

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    init(listeners: Int) throws(SystemError) {
        idle = try Waker()
        byListener = (0..<listeners).map { _ in Counter() }
    }

    var live: Int { total.load(ordering: .relaxed) }
    var acceptedSoFar: Int { accepted.load(ordering: .relaxed) }

    /// From now on ``idle`` is rung when no connection is open; at once if none is.
    func drain() {
        drains.store(true, ordering: .sequentiallyConsistent)
        if total.load(ordering: .sequentiallyConsistent) == 0 { idle.ring() }
    }

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
        // Whoever comes second, the last connection or the drain, sees the other.
        if total.subtract(1, ordering: .sequentiallyConsistent).newValue == 0,
            drains.load(ordering: .sequentiallyConsistent)
        {
            idle.ring()
        }
        if limit != nil {
            byListener[listener].value.subtract(1, ordering: .relaxed)
        }
    }
}
