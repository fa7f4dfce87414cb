import Glibc

/// A Unix socket that takes orders: made under another name, with its mode, and renamed into place, so that nobody ever finds it half
/// made. It is removed at the end only if it is still there.
package struct OrderSocket: ~Copyable, Sendable {
    package enum Failure: Error, Sendable, Equatable {
        /// Somebody answers there.
        case isInUse
        /// A file that is not a socket is there.
        case isNoSocket
        /// The system call that failed, and why.
        case failed(String, Errno)
    }

    package let path: String
    /// The group of the file.
    package let group: UInt32
    private var descriptor: Descriptor
    private let device: dev_t
    private let inode: ino_t

    /// Connections that wait to be accepted.
    private static let backlog: CInt = 64
    /// Milliseconds that another process may take to make its socket in the same folder.
    private static let patience = 1000

    /// - Parameters:
    ///   - mode: of the file; who may write to it may connect.
    ///   - replaces: takes the path over from who answers there.
    package init(path: String, mode: UInt32, replaces: Bool = false) throws(Failure) {
        let folder = Self.folder(of: path)
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .failed("open", .current) }
        // Gives the lock back.
        defer { _ = Glibc.close(directory) }
        for _ in 0..<Self.patience where flock(directory, LOCK_EX | LOCK_NB) != 0 { usleep(1000) }

        try Self.checkFree(path, replaces: replaces)
        let own = "\(folder == "/" ? "" : folder)/.\(String(getpid(), radix: 36))"
        unlink(own)
        guard let address = SocketAddress(unixPath: own), path.utf8.count <= SocketAddress.maximumPathLength else {
            throw .failed("bind", Errno(rawValue: ENAMETOOLONG))
        }
        var made: Descriptor
        do throws(Errno) { made = try Socket.stream(family: AF_UNIX) } catch { throw .failed("socket", error) }
        let raw = made.raw
        var status = stat()
        let failure: String? =
            if address.withPointer({ bind(raw, $0, $1) }) != 0 {
                "bind"
            } else if chmod(own, mode) != 0 {
                "chmod"
            } else if listen(raw, Self.backlog) != 0 {
                "listen"
            } else if lstat(own, &status) != 0 {
                "lstat"
            } else if rename(own, path) != 0 {
                "rename"
            } else {
                nil
            }
        if let failure {
            let error = Errno.current
            unlink(own)
            made.close()
            throw .failed(failure, error)
        }
        self.path = path
        group = status.st_gid
        (device, inode) = (status.st_dev, status.st_ino)
        descriptor = made
    }

    package var socket: Socket { descriptor.socket }

    package mutating func close() {
        guard descriptor.isOpen else { return }
        descriptor.close()
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }

    /// `/` for a file of the root itself.
    package static func folder(of path: String) -> String {
        let folder = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
        return "/" + folder.joined(separator: "/")
    }

    /// A socket on which nobody listens any more is nobody's.
    private static func checkFree(_ path: String, replaces: Bool) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .isNoSocket }
        if replaces { return }
        guard let address = SocketAddress(unixPath: path) else { return }
        var probe: Descriptor
        do throws(Errno) { probe = try Socket.stream(family: AF_UNIX) } catch { throw .failed("socket", error) }
        let answer = probe.socket.connect(to: address)
        probe.close()
        switch answer {
        case .failed(.connectionRefused), .failed(.noEntry): return
        // Also where its queue is full.
        case .connected, .inProgress, .failed(.again): throw .isInUse
        case .failed(let error): throw .failed("connect", error)
        }
    }
}
