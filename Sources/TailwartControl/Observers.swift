import NIOCore
import NIOPosix
import Synchronization
import TailwartSystem

/// The tasks of the control plane, which watch from outside: the health of the upstreams and the tailnet. On one event loop and Swift's
/// own threads, far from the workers.
final class Observers: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let task = Mutex<Task<Void, Never>?>(nil)
    private let ended: Waker
    /// Milliseconds for probes to notice that they are to end.
    private let patience: CInt

    init(patience: CInt = 3000) throws(SystemError) {
        self.patience = patience
        ended = try Waker()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    var eventLoops: MultiThreadedEventLoopGroup { group }

    func start(_ work: [@Sendable () async -> Void]) {
        let ended = ended
        task.withLock { task in
            task = Task {
                await withTaskGroup { group in
                    for body in work { group.addTask { await body() } }
                }
                ended.ring()
            }
        }
    }

    /// Ends the tasks and the event loop; does not wait long for a probe that hangs.
    func stop() {
        if let task = task.withLock({ $0 }) {
            task.cancel()
            ended.wait(timeout: patience)
        }
        try? group.syncShutdownGracefully()
    }
}
