import Glibc

/// Writes files into a folder: all or none, each whole, and none over one that is there.
package enum FolderWriter {
    /// Why nothing was written.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case exists([String])
        /// Folders where a file goes.
        case isFolder([String])
        /// A file where a folder goes.
        case isFile(String)
        case failed(call: String, path: String, code: CInt)

        package var description: String {
            switch self {
            case .exists(let paths):
                "\(paths.joined(separator: ", ")): already there, so nothing was written. "
                    + "Name another folder with --into, or overwrite \(paths.count == 1 ? "it" : "them") with --force."
            case .isFolder(let paths):
                "\(paths.joined(separator: ", ")): a folder is where a file is to go, so nothing was written. "
                    + "Move it away, or name another folder with --into."
            case .isFile(let path):
                "\(path): not a folder, so nothing was written. Name a folder with --into; it is created if it does not exist."
            case .failed(let call, let path, let code):
                "\(path): \(String(cString: strerror(code))) (\(call)), so nothing was written. "
                    + (code == ENOSPC || code == EDQUOT
                        ? "Make room on the disk, or name another folder with --into."
                        : "Name a folder with --into that can be created and written to.")
            }
        }
    }

    /// - Parameters:
    ///   - folder: made if it is not there, with those above it.
    ///   - force: overwrites what is there.
    /// - Returns: the paths of what was written.
    @discardableResult
    package static func write(_ files: [SetupFile], into folder: String, force: Bool = false) throws(Problem)
        -> [String]
    {
        let targets = files.map { (path: folder.isEmpty ? $0.path : "\(folder)/\($0.path)", text: $0.text) }
        let folders = targets.map(\.path).filter(isFolder)
        guard folders.isEmpty else { throw .isFolder(folders) }
        if !force {
            // Before anything is written, for an answer that names all of them. What appears in between is seen by `link`.
            let existing = targets.map(\.path).filter(isThere)
            guard existing.isEmpty else { throw .exists(existing) }
        }
        var staged: [(temporary: String, path: String)] = []
        var placed: [String] = []
        do throws(Problem) {
            for target in targets {
                try makeFolders(of: target.path)
                // Beside its target, as a file cannot be renamed over to another file system.
                let temporary = "\(target.path).new-\(getpid())"
                staged.append((temporary, target.path))
                try write(target.text, to: temporary, for: target.path)
            }
            for (temporary, path) in staged {
                if force {
                    guard rename(temporary, path) == 0 else { throw .failed(call: "rename", path: path, code: errno) }
                } else {
                    guard link(temporary, path) == 0 else {
                        throw errno == EEXIST ? .exists([path]) : .failed(call: "link", path: path, code: errno)
                    }
                    placed.append(path)
                    unlink(temporary)
                }
            }
        } catch {
            for (temporary, _) in staged { unlink(temporary) }
            for path in placed { unlink(path) }
            throw error
        }
        return targets.map(\.path)
    }

    /// A broken link counts: whoever made it wants it there.
    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func makeFolders(of path: String) throws(Problem) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/").dropLast() {
            made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
            guard mkdir(made, 0o755) == 0 || errno == EEXIST || errno == EISDIR else {
                throw errno == ENOTDIR ? .isFile(made) : .failed(call: "mkdir", path: made, code: errno)
            }
            var status = stat()
            guard stat(made, &status) == 0 else { throw .failed(call: "stat", path: made, code: errno) }
            guard status.st_mode & S_IFMT == S_IFDIR else { throw .isFile(made) }
        }
    }

    /// - Parameter path: what an error names; a temporary name says nothing to anybody.
    private static func write(_ text: String, to temporary: String, for path: String) throws(Problem) {
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .failed(call: "open", path: path, code: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .failed(call: "write", path: path, code: errno)
            }
            offset += count
        }
        // A host that loses power right now keeps the whole file or none.
        guard fsync(descriptor) == 0 else { throw .failed(call: "fsync", path: path, code: errno) }
    }
}
