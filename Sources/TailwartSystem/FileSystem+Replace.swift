import Glibc

extension FileSystem {
    /// Writes a file so that after a crash of this program, or of the host, there is all of the old content or all of the new one.
    ///
    /// - Parameter permissions: of the file, whatever the old one's were.
    package static func replace(_ path: String, with bytes: [UInt8], permissions: UInt32) throws(SystemError) {
        let new = path + ".new"
        // What was left by a crash; a link is not followed.
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, permissions)
        guard descriptor >= 0 else { throw SystemError("open") }
        do throws(SystemError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw SystemError("fsync") }
        } catch {
            unlink(new)
            throw error
        }
        guard rename(new, path) == 0 else {
            let error = SystemError("rename")
            unlink(new)
            throw error
        }
        try sync(folder: folder(of: path))
    }

    /// Moves a file to a name that nobody has: this suffix, or this suffix with a number behind it.
    ///
    /// - Returns: the new path; nil if all of nine names are taken.
    package static func moveAside(_ path: String, suffix: String) throws(SystemError) -> String? {
        for number in 1...9 {
            let aside = path + suffix + (number == 1 ? "" : ".\(number)")
            // A second name first, which fails where there is a file already; rename(2) would replace it.
            guard link(path, aside) == 0 else {
                if errno == EEXIST { continue }
                throw SystemError("link")
            }
            guard unlink(path) == 0 else { throw SystemError("unlink") }
            try sync(folder: folder(of: path))
            return aside
        }
        return nil
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("write") }
            rest = rest.dropFirst(count)
        }
    }

    /// So that a new name outlives a crash of the host (fsync(2)).
    private static func sync(folder: String) throws(SystemError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("fsync") }
    }
}
