import CTailwartLinux
import Glibc

/// Signals that were blocked, read like messages (signalfd(2)), so that a thread can wait for them and for others at once.
package struct SignalInbox: ~Copyable {
    package enum News: Sendable, Equatable {
        case signal(CInt)
        case rung
        /// The time has come.
        case time
    }

    private var descriptor: Descriptor

    /// - Parameter numbers: blocked in every thread: see ``Signals/block(_:)``.
    package init(_ numbers: [CInt]) throws(SystemError) {
        var set = Signals.set(numbers)
        let raw = tw_signalfd(-1, &set, O_CLOEXEC | O_NONBLOCK)
        guard raw >= 0 else { throw SystemError("signalfd") }
        descriptor = Descriptor(owning: raw)
    }

    /// Waits for a signal or a ring of the waker; a signal that is there goes first.
    ///
    /// - Parameter deadline: microseconds on the monotonic clock; nil waits for ever.
    package borrowing func wait(until deadline: UInt64?, or waker: Waker) -> News {
        let news = wait(until: deadline, orInput: waker.raw)
        if news == .rung { waker.clear() }
        return news
    }

    /// The same with any descriptor that becomes readable in the place of the waker.
    borrowing func wait(until deadline: UInt64?, orInput raw: CInt) -> News {
        var polls = [descriptor.raw, raw].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            if let number = take() { return .signal(number) }
            var timeout: CInt = -1
            if let deadline {
                let now = Clock.monotonic()
                guard now < deadline else { return .time }
                timeout = CInt(clamping: (deadline - now + 999) / 1000)
            }
            // Interrupted or early: what is left of the time goes on.
            guard poll(&polls, UInt(polls.count), timeout) > 0, polls[0].revents == 0, polls[1].revents != 0 else {
                continue
            }
            return .rung
        }
    }

    package mutating func close() { descriptor.close() }

    /// A `struct signalfd_siginfo` is 128 bytes and begins with the signal's number.
    private borrowing func take() -> CInt? {
        var information = [UInt32](repeating: 0, count: 32)
        return read(descriptor.raw, &information, 128) == 128 ? CInt(information[0]) : nil
    }
}
