// <sys/epoll.h> brings `timespec` along, and Swift takes it for whose it sees first.
import CTailwartLinux
import Glibc

/// Signals that are read like messages in place of interrupting the process.
package enum Signals {
    /// A write to a peer that is gone is an error and not the end of the process; `splice` has no flag for that.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Blocks the signals in this thread and in all that it starts from now on.
    package static func block(_ numbers: [CInt]) {
        var set = Self.set(numbers)
        pthread_sigmask(CInt(SIG_BLOCK), &set, nil)
    }

    /// Waits for one of the blocked signals.
    package static func wait(for numbers: [CInt]) -> CInt {
        var set = Self.set(numbers)
        var number: CInt = 0
        while sigwait(&set, &number) != 0 {}
        return number
    }

    /// Waits for one of the blocked signals, but no longer than `milliseconds`; nil if none came.
    package static func wait(for numbers: [CInt], milliseconds: Int) -> CInt? {
        var set = Self.set(numbers)
        let end = Clock.monotonic() + UInt64(max(0, milliseconds)) * 1000
        while true {
            let left = Int(end - min(end, Clock.monotonic()))
            var time = timespec(tv_sec: left / 1_000_000, tv_nsec: left % 1_000_000 * 1000)
            let number = sigtimedwait(&set, nil, &time)
            if number > 0 { return number }
            // A stop and a continuation interrupt the wait; what is left of it goes on.
            guard errno == EINTR else { return nil }
        }
    }

    private static func set(_ numbers: [CInt]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}
