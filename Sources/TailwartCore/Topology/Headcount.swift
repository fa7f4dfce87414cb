import Synchronization

/// How many connections are in, over all workers: those of the edge, or of one listener by its name. One object for as long as each
/// configuration, one after the other, names it, so that a limit counts the connections that came before a reload.
package final class Headcount: Sendable {
    /// At most one in so many of the connections that a limit allows may wait for an upstream that cannot be reached: a flood on a dead
    /// mailbox leaves room for those that would be served.
    package static let holdShare = 4

    private let inside = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)

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

    /// Counts one of the connections as held.
    ///
    /// - Parameter limit: of connections; nil for none.
    /// - Returns: whether it may wait; if not it is not counted.
    package func hold(limit: Int?) -> Bool {
        let now = waiting.add(1, ordering: .relaxed).newValue
        // At least one, or a small limit would turn holding off.
        guard let limit, now > max(1, limit / Self.holdShare) else { return true }
        release()
        return false
    }

    /// One that ``hold(limit:)`` let wait does so no longer.
    package func release() { waiting.subtract(1, ordering: .relaxed) }

    package var held: Int { waiting.load(ordering: .relaxed) }
}

/// Counts the connections to an upstream, for round robin: one object by the upstream's name, kept like a ``Headcount``.
package final class Turn: Sendable {
    private let count = Atomic<UInt64>(0)

    package init() {}

    package func take() -> UInt64 { count.add(1, ordering: .relaxed).oldValue }
}
