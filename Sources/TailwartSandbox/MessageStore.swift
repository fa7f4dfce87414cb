import NIOCore
import Synchronization
import TailwartWire

/// The one mailbox of the sandbox, in memory.
package final class MessageStore: Sendable {
    /// Messages kept; the oldest goes first. A sandbox left running on a public port must not grow for ever.
    static let capacity = 100
    /// Bytes kept, for the same reason; the newest message always stays.
    static let maximumBytes = 64 << 20

    /// Names this run of the mailbox: a client must not take UIDs of an earlier one for these (RFC 3501 section 2.3.1.1).
    let uidValidity: UInt32

    private struct State {
        var messages: [StoredMessage] = []
        var bytes = 0
        var nextUID: UInt32 = 1
        var observers: [Int: @Sendable () -> Void] = [:]
        var nextObserver = 0
    }

    private let state = Mutex(State())

    init() {
        uidValidity = max(1, UInt32(truncatingIfNeeded: UTCTime.now().seconds))
    }

    /// Oldest first.
    var messages: [StoredMessage] { state.withLock { $0.messages } }

    var nextUID: UInt32 { state.withLock { $0.nextUID } }

    /// Keeps a message and tells the observers; answers its UID.
    @discardableResult
    func store(_ bytes: ByteBuffer, arrival: UTCTime) -> UInt32 {
        let (uid, observers) = state.withLock { state in
            let uid = state.nextUID
            state.nextUID &+= 1
            state.messages.append(StoredMessage(uid: uid, arrival: arrival, bytes: bytes))
            state.bytes += bytes.readableBytes
            while state.messages.count > 1,
                state.messages.count > Self.capacity || state.bytes > Self.maximumBytes
            {
                state.bytes -= state.messages.removeFirst().bytes.readableBytes
            }
            return (uid, Array(state.observers.values))
        }
        for observer in observers { observer() }
        return uid
    }

    /// `changed` is called on any thread after each change, until ``forget(_:)``.
    func observe(_ changed: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.nextObserver += 1
            state.observers[state.nextObserver] = changed
            return state.nextObserver
        }
    }

    func forget(_ observer: Int) {
        state.withLock { _ = $0.observers.removeValue(forKey: observer) }
    }
}
