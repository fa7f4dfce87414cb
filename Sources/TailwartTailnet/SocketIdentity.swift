import Glibc

/// Which socket it is that lies at a path: a tailscaled that was restarted has made a new one.
package struct SocketIdentity: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64
    /// When it was made, as some file systems give the number of an inode out again at once. Changing its mode does not touch it.
    private let seconds: Int
    private let nanoseconds: Int

    /// Nil if nothing can be seen there.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}

extension LocalAPI {
    /// Of the socket that is there now; nil if none is.
    package var identity: SocketIdentity? { SocketIdentity(path: socket) }
}
