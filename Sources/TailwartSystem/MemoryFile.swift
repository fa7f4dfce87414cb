import CTailwartLinux
import Glibc

/// A file that has no path and is in memory alone (memfd_create(2)): something to hand to another process whole, however long it is.
package struct MemoryFile: ~Copyable {
    private var descriptor: Descriptor

    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Nil if there is no memory or no descriptor for it.
    package init?(_ bytes: [UInt8]) {
        let raw = tw_memfd_create("tailwart", tw_mfd_cloexec)
        guard raw >= 0 else { return nil }
        var descriptor = Descriptor(owning: raw)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                write(raw, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            guard count > 0 else {
                descriptor.close()
                return nil
            }
            written += count
        }
        self.descriptor = descriptor
    }

    package var raw: CInt { descriptor.raw }

    /// - Parameter limit: bytes.
    /// - Returns: nil if it has more, is no file, or cannot be read.
    package borrowing func read(limit: Int) -> [UInt8]? {
        var status = stat()
        guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeMutableBytes { bytes in
                // From the beginning, wherever the process that wrote it stands: both have one position.
                pread(raw, bytes.baseAddress.map { $0 + position }, bytes.count - position, position)
            }
            guard count > 0 else { return nil }
            position += count
        }
        return bytes
    }

    package mutating func close() { descriptor.close() }
}
