/// Everything that a worker needs to know, as one immutable value: the control plane makes a new one when a name resolves to
/// other addresses or the file is read again, and hands it to every worker.
///
/// A class, so that a connection can hold on to the one that it was accepted under for the price of a reference.
package final class Snapshot: Sendable {
    package let listeners: [Listener]
    /// One per listener.
    package let plans: [ListenerPlan]
    package let upstreams: [Upstream]
    /// Of all listeners together.
    package let maxConnections: Int
    /// The same for all snapshots of one configuration.
    package let board: HealthBoard

    /// - Parameter board: nil for a new one. That of another snapshot fits if listeners and upstreams differ in addresses only.
    package init(listeners: [Listener], upstreams: [Upstream], maxConnections: Int, board: HealthBoard? = nil) {
        let board = board ?? HealthBoard(listeners: listeners, upstreams: upstreams)
        self.board = board
        self.listeners = listeners
        self.plans = listeners.map { ListenerPlan($0, board) }
        self.upstreams = upstreams
        self.maxConnections = maxConnections
    }
}
