import CTailwartLinux

/// What a command prints goes through the C library's buffer, and a failure to write it would pass unnoticed.
package enum StandardOutput {
    /// Writes what is still buffered.
    ///
    /// - Returns: why some of the output, now or before, could not be written; nil if all was.
    package static func flush() -> Errno? {
        let error = tw_flush_stdout()
        return error == 0 ? nil : Errno(rawValue: error)
    }
}
