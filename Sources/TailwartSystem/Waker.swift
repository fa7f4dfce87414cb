import CTailwartLinux
import Glibc

/// Wakes a thread that waits: an eventfd that any thread may ring and one thread hears. The object owns the descriptor.
package final class Waker: Sendable {
    package let raw: CInt

    package init() throws(SystemError) {
        raw = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard raw >= 0 else { throw SystemError("eventfd") }
    }

    package func ring() {
        var one: UInt64 = 1
        _ = write(raw, &one, 8)
    }

    /// Forgets the rings so far.
    package func clear() {
        var rings: UInt64 = 0
        _ = read(raw, &rings, 8)
    }

    /// Waits for a ring and forgets it.
    ///
    /// - Parameter timeout: milliseconds; −1 waits for ever.
    package func wait(timeout: CInt) {
        var poll = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        _ = Glibc.poll(&poll, 1, timeout)
        clear()
    }

    /// Waits until something is so: it is asked at once, and anew at each ring.
    ///
    /// - Parameter limit: milliseconds.
    /// - Returns: whether it is so.
    package func wait(within limit: UInt64, until isSo: () -> Bool) -> Bool {
        let end = Clock.monotonic() + limit * 1000
        while !isSo() {
            let now = Clock.monotonic()
            guard now < end else { return false }
            wait(timeout: CInt(clamping: (end - now) / 1000 + 1))
        }
        return true
    }

    deinit { close(raw) }
}
