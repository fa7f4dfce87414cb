import CTailwartLinux
import Glibc

/// Notices that files are others than before (inotify(7)), however they become so: written in place, renamed over as editors do, removed, or
/// by a symbolic link in their path that leads elsewhere, as a Kubernetes volume is changed. Used by one thread.
///
/// Watched are folders: that of the path, and that of the file to which it leads. Where a link leads over a third folder, a change of the link
/// there goes unnoticed.
package struct FileWatch: ~Copyable {
    package enum News: Sendable, Equatable {
        /// There may be something to ``take()``.
        case changed
        case rung
        /// The time has come.
        case time
    }

    private struct File {
        /// Of the folders in which something changes it.
        var watches: Set<CInt> = []
        var identity: Identity?
    }

    /// Which file is found at a path, and of which state.
    private struct Identity: Equatable {
        let device: UInt
        let number: UInt
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt(status.st_dev)
            number = UInt(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private struct Change {
        let watch: CInt
        let mask: UInt32
        /// In the folder; empty for the folder itself.
        let name: String
    }

    private static let mask =
        tw_in_close_write | tw_in_moved_from | tw_in_moved_to | tw_in_create | tw_in_delete | tw_in_delete_self
        | tw_in_move_self | tw_in_onlydir

    private var descriptor: Descriptor
    private var files: [String: File]

    package init() throws(SystemError) {
        let raw = tw_inotify_init1(O_CLOEXEC | O_NONBLOCK)
        guard raw >= 0 else { throw SystemError("inotify_init1") }
        descriptor = Descriptor(owning: raw)
        files = [:]
    }

    package mutating func close() { descriptor.close() }

    /// Notices from now on what happens to a file, which need not be there.
    ///
    /// - Parameter path: absolute.
    /// - Throws: with ``Errno/noEntry`` if the folder does not exist: nothing is watched then.
    package mutating func watch(_ path: String) throws(SystemError) {
        var file = File(identity: Identity(path))
        file.watches = [try add(FileSystem.folder(of: path))]
        if let target = target(of: path) { file.watches.insert(target) }
        files[path] = file
    }

    package mutating func forget(_ path: String) {
        guard let file = files.removeValue(forKey: path) else { return }
        remove(file.watches)
    }

    /// Whether it is watched: not after its folder was removed.
    package func isWatched(_ path: String) -> Bool { files[path] != nil }

    /// Waits for a change or a ring of the waker; a ring goes first.
    ///
    /// - Parameter deadline: microseconds on the monotonic clock; nil waits for ever.
    package borrowing func wait(until deadline: UInt64?, or waker: Waker) -> News {
        var polls = [waker.raw, descriptor.raw].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            var timeout: CInt = -1
            if let deadline {
                let now = Clock.monotonic()
                timeout = now < deadline ? CInt(clamping: (deadline - now + 999) / 1000) : 0
            }
            let count = poll(&polls, UInt(polls.count), timeout)
            // Interrupted: what is left of the time goes on.
            if count < 0 { continue }
            if polls[0].revents != 0 {
                waker.clear()
                return .rung
            }
            if polls[1].revents != 0 { return .changed }
            if let deadline, Clock.monotonic() >= deadline { return .time }
        }
    }

    /// The files that are others than before, or may be. One of which the folder is gone is among them, and watched no more.
    package mutating func take() -> Set<String> {
        var changed: Set<String> = []
        var isUncertain = false
        for change in changes() {
            if change.mask & tw_in_q_overflow != 0 { isUncertain = true }
            for (path, file) in files where file.watches.contains(change.watch) {
                if isGone(change) {
                    files[path]?.watches.remove(change.watch)
                    changed.insert(path)
                } else if isWhole(change, path) {
                    changed.insert(path)
                }
            }
        }
        for path in Array(files.keys) where refresh(path) || isUncertain { changed.insert(path) }
        return changed
    }

    // MARK: -

    private func isGone(_ change: Change) -> Bool {
        change.mask & (tw_in_ignored | tw_in_delete_self | tw_in_move_self) != 0
    }

    /// Whether a change is one of the file itself. One that was just made and is still being written is not: it will be closed.
    private func isWhole(_ change: Change, _ path: String) -> Bool {
        let known = [path, realPath(path) ?? path].contains { $0.hasSuffix("/\(change.name)") }
        guard known, change.mask & tw_in_create != 0 else { return known }
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFLNK || status.st_nlink > 1
    }

    /// Looks anew where a path leads, and watches there.
    ///
    /// - Returns: whether it leads to another file.
    private mutating func refresh(_ path: String) -> Bool {
        guard var file = files[path] else { return false }
        let before = file.watches
        guard let folder = try? add(FileSystem.folder(of: path)) else {
            files[path] = nil
            remove(before)
            return true
        }
        file.watches = [folder]
        if let target = target(of: path) { file.watches.insert(target) }
        let identity = Identity(path)
        let isOther = identity?.device != file.identity?.device || identity?.number != file.identity?.number
        file.identity = identity
        files[path] = file
        remove(before.subtracting(file.watches))
        return isOther
    }

    /// Of a folder that is watched the same number comes back.
    private func add(_ folder: String) throws(SystemError) -> CInt {
        let watch = tw_inotify_add_watch(descriptor.raw, folder, Self.mask)
        guard watch >= 0 else { throw SystemError("inotify_add_watch") }
        return watch
    }

    /// The folder of the file to which links lead; nil if there is no file.
    private func target(of path: String) -> CInt? { realPath(path).flatMap { try? add(FileSystem.folder(of: $0)) } }

    /// Ends those that no file needs any more.
    private func remove(_ watches: Set<CInt>) {
        for watch in watches where !files.values.contains(where: { $0.watches.contains(watch) }) {
            // Fails for a folder that is gone, with which its watch went.
            _ = tw_inotify_rm_watch(descriptor.raw, watch)
        }
    }

    private func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// Reads all that has happened.
    private func changes() -> [Change] {
        var found: [Change] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor.raw, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return found }
            // struct inotify_event: watch, mask, cookie, length of the name, name with zeros behind it.
            var start = 0
            while start + 16 <= count {
                let (watch, mask, length) = buffer.withUnsafeBytes { bytes in
                    (
                        bytes.loadUnaligned(fromByteOffset: start, as: CInt.self),
                        bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self),
                        Int(bytes.loadUnaligned(fromByteOffset: start + 12, as: UInt32.self))
                    )
                }
                let name = buffer[(start + 16)..<min(start + 16 + length, count)].prefix { $0 != 0 }
                found.append(Change(watch: watch, mask: mask, name: String(decoding: name, as: UTF8.self)))
                start += 16 + length
            }
        }
    }
}
