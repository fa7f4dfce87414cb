import Synchronization
import TailwartCore
import TailwartSystem

/// What the control plane leaves for one worker, which looks when it is rung: never on the data path.
final class Mailbox: Sendable {
    struct Message {
        var snapshot: Snapshot?
        var closes: UnwellPlaces?
        var drains = false
        var stops = false
    }

    struct UnwellPlaces {
        let board: HealthBoard
        let places: Set<Int>
    }

    private let message = Mutex(Message())
    let waker: Waker

    init() throws(SystemError) { waker = try Waker() }

    func post(_ change: (inout Message) -> Void) {
        message.withLock { change(&$0) }
        waker.ring()
    }

    /// Takes what has been left so far.
    func take() -> Message {
        waker.clear()
        return message.withLock { message in
            defer { (message.snapshot, message.closes) = (nil, nil) }
            return message
        }
    }
}
