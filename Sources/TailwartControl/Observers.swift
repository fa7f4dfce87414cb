import NIOCore
import NIOPosix
import Synchronization
import TailwartSystem

/// The tasks of the control plane, which watch from outside: the health of the upstreams and the tailnet. On one event loop and Swift's
/// own threads, far from the workers.
final class Observers: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var started = 0
    }

    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())
    /// Rung when a task has ended.
    private let ended: Waker
    /// Milliseconds for probes to notice that they are to end.
    private let patience: UInt64

    init(patience: UInt64 = 3000) throws(SystemError) {
        self.patience = patience
        ended = try Waker()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    var eventLoops: MultiThreadedEventLoopGroup { group }

    /// - Returns: what the task is ended by.
    @discardableResult
    func start(_ work: @escaping @Sendable () async -> Void) -> Int {
        state.withLock { state in
            state.started += 1
            let number = state.started
            state.tasks[number] = Task {
                await work()
                self.state.withLock { $0.tasks[number] = nil }
                self.ended.ring()
            }
            return number
        }
    }

    /// Ends one task; does not wait for that.
    func end(_ number: Int) { state.withLock { $0.tasks[number]?.cancel() } }

    /// Ends the tasks and the event loop; does not wait long for a probe that hangs.
    func stop() {
        state.withLock { state in for task in state.tasks.values { task.cancel() } }
        _ = ended.wait(within: patience) { state.withLock(\.tasks.isEmpty) }
        try? group.syncShutdownGracefully()
    }
}
