import Glibc

/// What this process was started with, to be handed on as it was to the command that takes its place.
package struct Inheritance: Sendable {
    /// Where descriptors are looked for. The system gives the lowest free numbers, and a gate opens a handful.
    private static let descriptors: Range<CInt> = 0..<1024

    private let open: [CInt: OpenFile]
    private let ignoresBrokenPipes: Bool

    /// To be called before anything is opened: SwiftNIO ignores SIGPIPE and leaves descriptors open over `execve`.
    package static func capture() -> Inheritance {
        var action = sigaction()
        sigaction(SIGPIPE, nil, &action)
        return Inheritance(
            open: Dictionary(
                uniqueKeysWithValues: descriptors.compactMap { number in OpenFile(number).map { (number, $0) } }),
            ignoresBrokenPipes: isIgnore(action.__sigaction_handler.sa_handler))
    }

    /// Ends the process at once on SIGTERM or SIGINT, with 128 and the number of the signal.
    ///
    /// A handler and not the default, because the first process of a container has none. Whoever started this with the signal
    /// ignored keeps it so, as programs in the background of a shell do.
    package static func endOnSignals() {
        for number in [SIGTERM, SIGINT] {
            let before = signal(number) { _exit(128 + $0) }
            if isIgnore(before) { signal(number, SIG_IGN) }
        }
    }

    /// To be called right before `execve`, which itself takes back every handler.
    func restore() {
        if !ignoresBrokenPipes { signal(SIGPIPE, SIG_DFL) }
        // The calling thread's mask is the one that lives on, and threads of Swift's pool block everything.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(CInt(SIG_SETMASK), &none, nil)
        for descriptor in Self.descriptors {
            if let file = OpenFile(descriptor), file != open[descriptor] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// What a descriptor stands for. The number alone does not tell: libdispatch looks at /proc now and then, and when that is just
    /// at the start, its number is another file's later.
    private struct OpenFile: Equatable, Sendable {
        /// Of the name that the kernel gives it, such as `/dev/null` or `anon_inode:[eventpoll]`; enough to tell them apart.
        private static let comparedBytes = 256

        /// Empty where /proc is not mounted.
        private let name: ArraySlice<CChar>

        /// Nil if nothing is open there that would outlive `execve`.
        init?(_ descriptor: CInt) {
            guard fcntl(descriptor, F_GETFD) == 0 else { return nil }
            var text = [CChar](repeating: 0, count: Self.comparedBytes)
            let count = readlink("/proc/self/fd/\(descriptor)", &text, text.count)
            name = text.prefix(max(0, count))
        }
    }

    private static func isIgnore(_ handler: (@convention(c) (CInt) -> Void)?) -> Bool {
        unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
