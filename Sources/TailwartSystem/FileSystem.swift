import Glibc

/// Files as commands name them.
package enum FileSystem {
    package enum Kind: Sendable {
        case regular
        case folder
        /// A device, a pipe.
        case other
    }

    /// Of what a symbolic link leads to.
    package static func kind(of path: String) throws(Errno) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .current }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// `/` for a file of the root itself, and `.` for one without a folder.
    package static func folder(of path: String) -> String {
        let folder = path.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
        return path.hasPrefix("/") ? "/" + folder : folder.isEmpty ? "." : folder
    }

    /// What is in a folder, without what begins with a dot; nil if it may not be read.
    package static func names(in folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// What cannot be removed stays.
    package static func remove(_ path: String) { unlink(path) }

    package enum Content: Sendable, Equatable {
        /// At most one byte more than was asked for.
        case bytes([UInt8])
        /// A folder, a device, a pipe.
        case notRegular
        case failure(Errno)
    }

    /// Reads a regular file.
    ///
    /// - Parameters:
    ///   - limit: bytes; of a longer file one more is read, so that it shows.
    ///   - followsLinks: else a symbolic link fails with `ELOOP`.
    package static func read(_ path: String, limit: Int, followsLinks: Bool = true) -> Content {
        // Non-blocking, so that a named pipe is not waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { return .failure(.current) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(.current) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .notRegular }
        do throws(Errno) {
            return .bytes(try bytes(of: descriptor, limit: limit))
        } catch {
            return .failure(error)
        }
    }

    /// Whether everybody on this host may read a file; nil if it cannot be seen.
    package static func isForEverybody(_ path: String) -> Bool? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IROTH != 0 : nil
    }

    /// Reads what another program pipes into this one, to the end; of more than `limit` bytes one more.
    package static func readStandardInput(limit: Int) throws(Errno) -> [UInt8] {
        try bytes(of: STDIN_FILENO, limit: limit)
    }

    private static func bytes(of descriptor: CInt, limit: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &buffer, min(buffer.count, limit + 1 - bytes.count))
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .current }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The variables of this process. Of two of one name the first counts, as for getenv(3).
    package static var environment: [String: String] {
        var found: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, found[String(parts[0])] == nil { found[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return found
    }
}
