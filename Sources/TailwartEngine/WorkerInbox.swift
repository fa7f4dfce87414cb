import Synchronization
import TailwartCore
import TailwartSystem

/// What the control plane leaves for one worker, which looks when it is rung: never on the data path. And what the worker leaves in return.
final class WorkerInbox: Sendable {
    struct Message {
        var topology: Topology?
        var rules: AccessRules?
        /// Sockets of doors that the topology has and the one before did not.
        var opened: [DoorSocket] = []
        /// Became unhealthy: connections to them end.
        var closes: [Place] = []
        /// With the slot to go on from.
        var surveys: [(ConnectionSurvey, from: Int)] = []
        /// Wait until the topology is served, and what came before it.
        var acknowledgements: [Acknowledgement] = []
        /// Sockets that were opened before are let go first, and those of this message watched then.
        var letsGo = false
        var looks = false
        var drains = false
        var stops = false
    }

    private let message = Mutex(Message())
    let waker: Waker

    private let sessions = Atomic<Int>(0)
    private let lack = Atomic<CInt>(0)

    init() throws(SystemError) { waker = try Waker() }

    /// How many connections the worker has; it says so before it sleeps.
    var live: Int {
        get { sessions.load(ordering: .relaxed) }
        set { sessions.store(newValue, ordering: .relaxed) }
    }

    /// Why the worker turned clients away last for want of descriptors or memory; nil: it never did.
    var shortage: Errno? {
        get {
            let raw = lack.load(ordering: .relaxed)
            return raw == 0 ? nil : Errno(rawValue: raw)
        }
        set { lack.store(newValue?.rawValue ?? 0, ordering: .relaxed) }
    }

    func post(_ change: (inout Message) -> Void) {
        message.withLock { change(&$0) }
        waker.ring()
    }

    /// Takes what has been left so far.
    func take() -> Message {
        waker.clear()
        return message.withLock { message in
            defer {
                (message.topology, message.rules, message.opened, message.closes) = (nil, nil, [], [])
                (message.surveys, message.acknowledgements) = ([], [])
                (message.letsGo, message.looks) = (false, false)
            }
            return message
        }
    }
}

/// Given by each worker once, when it has done what its inbox said.
package final class Acknowledgement: Sendable {
    private let missing: Atomic<Int>
    private let waker: Waker
    private let closed: [DoorSocket]

    /// - Parameters:
    ///   - waker: rung by the last one.
    ///   - closed: sockets that no worker watches then; closed by the last one.
    init(of workers: Int, _ waker: Waker, closing closed: [DoorSocket] = []) {
        missing = Atomic(workers)
        self.waker = waker
        self.closed = closed
    }

    package var isComplete: Bool { missing.load(ordering: .acquiring) == 0 }

    func give() {
        guard missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        for socket in closed { socket.close() }
        waker.ring()
    }
}
