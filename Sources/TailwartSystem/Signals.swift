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

    static func set(_ numbers: [CInt]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}
