import CTailwartLinux
import Glibc

/// An error number of the C library.
package struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: CInt

    package init(rawValue: CInt) { self.rawValue = rawValue }

    /// That of the call that failed last on this thread.
    package static var current: Errno { Errno(rawValue: errno) }

    package static let again = Errno(rawValue: EAGAIN)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let inProgress = Errno(rawValue: EINPROGRESS)
    package static let tooManyDescriptors = Errno(rawValue: EMFILE)
    package static let tooManyDescriptorsInSystem = Errno(rawValue: ENFILE)
    package static let addressInUse = Errno(rawValue: EADDRINUSE)
    package static let addressNotAvailable = Errno(rawValue: EADDRNOTAVAIL)
    package static let addressFamilyNotSupported = Errno(rawValue: EAFNOSUPPORT)
    package static let accessDenied = Errno(rawValue: EACCES)
    package static let notPermitted = Errno(rawValue: EPERM)
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    package static let connectionReset = Errno(rawValue: ECONNRESET)
    package static let connectionAborted = Errno(rawValue: ECONNABORTED)
    package static let brokenPipe = Errno(rawValue: EPIPE)
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    package static let noEntry = Errno(rawValue: ENOENT)
    package static let noBuffers = Errno(rawValue: ENOBUFS)
    package static let noMemory = Errno(rawValue: ENOMEM)
    package static let tooManyLinks = Errno(rawValue: ELOOP)

    /// The process or the system has no descriptor, buffer or memory left: it may have again in a moment.
    package var isShortage: Bool {
        self == .tooManyDescriptors || self == .tooManyDescriptorsInSystem || self == .noBuffers || self == .noMemory
    }

    package var description: String {
        var buffer = [CChar](repeating: 0, count: 128)
        // May answer with a static text in place of the buffer.
        return tw_error_text(rawValue, &buffer, UInt(buffer.count)).map { String(cString: $0) } ?? "error \(rawValue)"
    }
}

/// A system call that failed where that is not part of the protocol: which, and why.
package struct SystemError: Error, CustomStringConvertible {
    package let call: String
    package let errno: Errno

    package init(_ call: String, _ errno: Errno = .current) {
        self.call = call
        self.errno = errno
    }

    package var description: String { "\(call): \(errno)" }
}
