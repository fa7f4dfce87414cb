import CTailwartLinux
import Glibc
package import TailwartWire

/// A socket that accepts; unlinks its path if it is a unix socket and the path still leads to it.
package struct ListeningSocket: ~Copyable, Sendable {
    private var descriptor: Descriptor
    /// Where it really listens: the port is known even if 0 was asked for; nil for a unix socket.
    package let address: InternetAddress?
    /// Removed with the socket.
    private var file: File

    /// Connections that wait to be accepted; capped by `net.core.somaxconn`.
    package static let backlog: CInt = 4096
    /// Milliseconds that another process may take to make its Unix socket in the same folder.
    private static let patience = 1000

    /// Binds and listens. Accepted sockets inherit `TCP_NODELAY` and keepalive, so that none of them costs a call per connection.
    ///
    /// No `SO_REUSEPORT`: a port that is taken is an error and not a silent split of the clients.
    ///
    /// - Parameters:
    ///   - dualStack: of an IPv6 address: accept IPv4 too.
    ///   - defersAccept: keep a connection in the kernel until its client has sent something, or for about a second
    ///     (`TCP_DEFER_ACCEPT`, tcp(7)): a ClientHello is then there when the connection is. Deadly where the server speaks
    ///     first.
    ///   - mayBeMissing: listen on an address that this host does not have yet (`IP_FREEBIND`, ip(7)), as one that comes later or an
    ///     IPv6 address that is still tentative.
    package init(
        _ address: InternetAddress, dualStack: Bool = false, defersAccept: Bool = false,
        keepAlive: KeepAlive = .standard, mayBeMissing: Bool = false
    ) throws(SystemError) {
        let socketAddress = SocketAddress(address)
        var descriptor = try Self.socket(family: socketAddress.family)
        _ = descriptor.socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        if !address.ip.isV4 {
            _ = descriptor.socket.setOption(CInt(IPPROTO_IPV6), IPV6_V6ONLY, dualStack ? 0 : 1)
        }
        descriptor.socket.setNoDelay()
        descriptor.socket.setKeepAlive(keepAlive)
        if mayBeMissing {
            _ =
                address.ip.isV4
                ? descriptor.socket.setOption(CInt(IPPROTO_IP), tw_ip_freebind, 1)
                : descriptor.socket.setOption(CInt(IPPROTO_IPV6), tw_ipv6_freebind, 1)
        }
        if defersAccept { descriptor.socket.setDefersAccept(true) }
        var failure = Self.bind(descriptor, socketAddress)
        if failure == nil { failure = Self.listen(descriptor) }
        if let failure {
            descriptor.close()
            throw failure
        }
        self.address = descriptor.socket.localAddress()
        self.descriptor = descriptor
        file = File.none
    }

    /// Binds a unix socket; a socket left behind by a process that is gone is replaced, one in use is an error.
    ///
    /// In the place of another it is bound under a name of its own first, and renamed, so that the path leads to somebody at every moment.
    /// Two that begin at once take their turns by a lock on the folder: each would find the other's not listening yet, or the same dead one.
    ///
    /// - Parameters:
    ///   - isPacket: `SOCK_SEQPACKET` in place of a stream.
    ///   - permissions: of the socket's file; nil: what the process's mask leaves.
    ///   - replaces: take the path over from who uses it.
    package init(
        unixPath path: String, isPacket: Bool = false, permissions: UInt32? = nil, replaces: Bool = false
    ) throws(SystemError) {
        guard let address = SocketAddress(unixPath: path) else {
            throw SystemError("bind", Errno(rawValue: ENAMETOOLONG))
        }
        let folder = try Self.lockedFolder(of: path)
        // Gives the lock back.
        defer { if folder >= 0 { _ = Glibc.close(folder) } }
        var status = stat()
        let isThere = lstat(path, &status) == 0
        if isThere {
            guard status.st_mode & S_IFMT == S_IFSOCK, replaces || Self.isStale(address, isPacket: isPacket) else {
                throw SystemError("bind", .addressInUse)
            }
        }
        let first = isThere ? "\(path).\(getpid())" : path
        guard let firstAddress = SocketAddress(unixPath: first) else {
            throw SystemError("bind", Errno(rawValue: ENAMETOOLONG))
        }
        var descriptor = try Self.socket(family: AF_UNIX, isPacket: isPacket)
        // Of a process that had this number before.
        if isThere { unlink(first) }
        var failure = Self.bind(descriptor, firstAddress)
        if failure == nil {
            if let permissions, chmod(first, permissions) != 0 { failure = SystemError("chmod") }
            if failure == nil { failure = Self.listen(descriptor) }
            if failure == nil, isThere, rename(first, path) != 0 { failure = SystemError("rename") }
            if failure != nil { unlink(first) }
        }
        if let failure {
            descriptor.close()
            throw failure
        }
        self.address = nil
        self.descriptor = descriptor
        file = File(path)
    }

    /// Takes over a socket that listens already, from another process. The path of a Unix socket stays the other's: see ``own(path:)``.
    ///
    /// - Throws: `EINVAL` if it does not listen; it is closed then.
    package init(adopting descriptor: consuming Descriptor) throws(SystemError) {
        var descriptor = descriptor
        guard descriptor.socket.option(SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
            descriptor.close()
            throw SystemError("getsockopt", Errno(rawValue: EINVAL))
        }
        // What systemd opened for a socket unit blocks, unless the service says NonBlocking=yes: a worker that accepts until nobody waits would
        // wait for the next client, and everything else for the worker.
        _ = fcntl(descriptor.raw, F_SETFL, fcntl(descriptor.raw, F_GETFL) | O_NONBLOCK)
        address = descriptor.socket.localAddress()
        self.descriptor = descriptor
        file = File.none
    }

    /// Where it listens as a file would say it, as far as the kernel knows; nil for a socket without a name.
    package var bind: BindAddress? {
        guard let address else { return descriptor.socket.localPath().map { .unix(path: $0) } }
        let takesBoth =
            address.ip == .anyV6 && descriptor.socket.option(CInt(IPPROTO_IPV6), IPV6_V6ONLY) == 0
        return takesBoth ? .any(port: address.port) : .internet(address)
    }

    package var socket: Socket { descriptor.socket }

    /// Of the file of a Unix socket; nil for every other socket.
    package var group: UInt32? { file.group }

    /// From now on the path is removed with the socket.
    package mutating func own(path: String) { file = File(path) }

    /// The path is left where it is: another process listens on this socket.
    package mutating func disown() { file = File.none }

    package mutating func close() {
        guard descriptor.isOpen else { return }
        descriptor.close()
        file.remove()
    }

    private static func socket(family: CInt, isPacket: Bool = false) throws(SystemError) -> Descriptor {
        do throws(Errno) {
            return try Socket.new(family: family, type: CInt((isPacket ? SOCK_SEQPACKET : SOCK_STREAM).rawValue))
        } catch { throw SystemError("socket", error) }
    }

    private static func bind(_ descriptor: borrowing Descriptor, _ address: SocketAddress) -> SystemError? {
        let raw = descriptor.raw
        return address.withPointer { Glibc.bind(raw, $0, $1) } == 0 ? nil : SystemError("bind")
    }

    private static func listen(_ descriptor: borrowing Descriptor) -> SystemError? {
        Glibc.listen(descriptor.raw, backlog) == 0 ? nil : SystemError("listen")
    }

    /// - Returns: a descriptor; −1 for a folder in which files may be made, and which may not be read.
    private static func lockedFolder(of path: String) throws(SystemError) -> CInt {
        let folder = Glibc.open(FileSystem.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            let error = SystemError("open")
            guard error.errno == .accessDenied else { throw error }
            return folder
        }
        for _ in 0..<patience where flock(folder, LOCK_EX | LOCK_NB) != 0 { usleep(1000) }
        return folder
    }

    /// Whether nobody listens on a socket any more.
    private static func isStale(_ address: SocketAddress, isPacket: Bool) -> Bool {
        guard var probe = try? socket(family: AF_UNIX, isPacket: isPacket) else { return false }
        let answer = probe.socket.connect(to: address)
        probe.close()
        return answer == .failed(.connectionRefused)
    }

    /// The file of a Unix socket, as it was when this process made it; or none.
    private struct File: Sendable {
        private let path: String
        private let identity: Identity?

        // Not an optional: the compiler (6.2) fails on an initializer that throws where the struct is not copyable and has one.
        static let none = File(path: "", identity: nil)

        private init(path: String, identity: Identity?) {
            self.path = path
            self.identity = identity
        }

        init(_ path: String) { self.init(path: path, identity: Identity(path)) }

        var group: UInt32? { identity?.group }

        /// Unless the path leads to another process's by now.
        func remove() { if let identity, Identity(path) == identity { unlink(path) } }

        private struct Identity: Equatable {
            let device: UInt64
            let inode: UInt64
            /// When the socket was made: it may be given to another, and is the same file.
            let group: UInt32

            init?(_ path: String) {
                var status = stat()
                guard lstat(path, &status) == 0 else { return nil }
                (device, inode, group) = (UInt64(status.st_dev), UInt64(status.st_ino), status.st_gid)
            }

            static func == (one: Identity, other: Identity) -> Bool {
                one.device == other.device && one.inode == other.inode
            }
        }
    }
}
