import Glibc

/// What a transfer on a non-blocking descriptor answered. "Would block" is a value: it is the normal case.
package enum IOResult: Equatable, Sendable {
    /// Bytes moved; 0 from a read is the end.
    case count(Int)
    case wouldBlock
    case failed(Errno)

    /// The one place that owns `EINTR`, turns `EAGAIN` into a value, and treats `EBADF` and `EFAULT` as what they are: bugs, which
    /// would corrupt somebody else's descriptor or memory if they were tolerated.
    @inline(__always)
    static func of(_ call: () -> Int) -> IOResult {
        while true {
            let result = call()
            if result >= 0 { return .count(result) }
            let error = errno
            if error == EINTR { continue }
            if error == EAGAIN { return .wouldBlock }
            precondition(error != EBADF && error != EFAULT, "a system call got a bad descriptor or address")
            return .failed(Errno(rawValue: error))
        }
    }
}
