import CTailwartLinux
import Glibc

/// What a command prints goes through the C library's buffer, and a failure to write it would pass unnoticed.
package enum StandardOutput {
    /// At once and in one piece: a process that ends or is replaced loses what it has not written.
    package static func write(line: String, to descriptor: CInt = STDOUT_FILENO) {
        let bytes = Array((line + "\n").utf8)
        // Nobody could be told that it fails.
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

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
