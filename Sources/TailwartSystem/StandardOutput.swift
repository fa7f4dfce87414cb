import CTailwartLinux
import Glibc

/// What a command prints goes through the C library's buffer, and a failure to write it would pass unnoticed.
package enum StandardOutput {
    /// Writes what is still buffered.
    ///
    /// - Returns: why some of the output, now or before, could not be written; nil if all was.
    package static func flush() -> Errno? {
        errno = 0
        if tw_flush_stdout() != 0 { return nil }
        // It was a write long before this one that failed.
        return errno == 0 ? Errno(rawValue: EIO) : .current
    }
}
