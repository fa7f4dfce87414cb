import CTailwartLinux
import Glibc

/// An epoll instance with its event buffer; used by one thread.
package struct Epoll: ~Copyable {
    private var descriptor: Descriptor
    /// How many events one wait can bring.
    private static let capacity = 256
    private let events: UnsafeMutablePointer<epoll_event>

    /// A new descriptor for ``init(owning:)``, which may be called on another thread.
    package static func create() throws(SystemError) -> CInt {
        let raw = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard raw >= 0 else { throw SystemError("epoll_create1") }
        return raw
    }

    package init(owning raw: CInt) {
        descriptor = Descriptor(owning: raw)
        events = .allocate(capacity: Self.capacity)
        events.initialize(repeating: epoll_event(), count: Self.capacity)
    }

    /// `token` comes back with each event.
    package borrowing func add(_ raw: CInt, _ interest: Readiness, token: UInt64) -> Errno? {
        control(EPOLL_CTL_ADD, raw, interest, token)
    }

    package borrowing func modify(_ raw: CInt, _ interest: Readiness, token: UInt64) -> Errno? {
        control(EPOLL_CTL_MOD, raw, interest, token)
    }

    package borrowing func remove(_ raw: CInt) -> Errno? {
        control(EPOLL_CTL_DEL, raw, Readiness(rawValue: 0), 0)
    }

    /// Waits for events.
    ///
    /// - Parameter timeout: milliseconds; −1 waits for ever.
    /// - Returns: how many there are; 0 after the time or a signal.
    package borrowing func wait(timeout: CInt) -> Int {
        let count = epoll_wait(descriptor.raw, events, CInt(Self.capacity), timeout)
        precondition(count >= 0 || errno == EINTR, "epoll_wait failed")
        return max(Int(count), 0)
    }

    package borrowing func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        let event = events[index]
        return (event.data.u64, Readiness(rawValue: event.events))
    }

    package mutating func close() { descriptor.close() }

    deinit { events.deallocate() }

    private borrowing func control(_ operation: CInt, _ raw: CInt, _ interest: Readiness, _ token: UInt64) -> Errno? {
        var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
        guard epoll_ctl(descriptor.raw, operation, raw, &event) != 0 else { return nil }
        return .current
    }
}
