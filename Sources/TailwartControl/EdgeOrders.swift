import Synchronization
import TailwartCore

/// What somebody asks of the edge while it serves, until who runs it takes it.
final class EdgeOrders: Sendable {
    private struct State {
        var wanted: EdgeLife.Event?
        var isDraining = false
    }

    private let state = Mutex(State())

    /// - Parameter limit: how long connections may finish; nil: as the configuration says.
    /// - Returns: false if the edge drains already, or is about to.
    func wantDrain(_ limit: Duration?) -> Bool {
        state.withLock { state in
            guard !state.isDraining, state.wanted == nil else { return false }
            state.wanted = .drainWanted(limit: limit)
            return true
        }
    }

    func take() -> EdgeLife.Event? { state.withLock { $0.wanted.take() } }

    /// The edge accepts no more.
    func drains() { state.withLock { $0.isDraining = true } }

    var isDraining: Bool { state.withLock { $0.isDraining || $0.wanted != nil } }
}
