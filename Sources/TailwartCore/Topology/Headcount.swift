import Synchronization

/// How many connections are in, over all workers: those of the edge, or of one listener by its name. One object for as long as each
/// configuration, one after the other, names it, so that a limit counts the connections that came before a reload.
package final class Headcount: Sendable {
    private let inside = Atomic<Int>(0)

    package init() {}

    /// Counts a connection in.
    ///
    /// - Parameter limit: nil for none.
    /// - Returns: whether it may stay; it is counted all the same until ``leave()``.
    package func enter(limit: Int?) -> Bool {
        let now = inside.add(1, ordering: .relaxed).newValue
        return limit.map { now <= $0 } ?? true
    }

    package func leave() { inside.subtract(1, ordering: .relaxed) }

    package var live: Int { inside.load(ordering: .relaxed) }
}

/// Counts the connections to an upstream, for round robin: one object by the upstream's name, kept like a ``Headcount``.
package final class Turn: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    package func take() -> UInt64 { count.add(1, ordering: .relaxed).oldValue }
}
