import CTailwartLinux
import Glibc
package import TailwartWire

/// A socket that accepts; unlinks its path if it is a unix socket.
package struct ListeningSocket: ~Copyable, Sendable {
    private var descriptor: Descriptor
    /// Where it really listens: the port is known even if 0 was asked for; nil for a unix socket.
    package let address: InternetAddress?
    private let path: String?

    /// Connections that wait to be accepted; capped by `net.core.somaxconn`.
    package static let backlog: CInt = 4096

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
        if defersAccept { _ = descriptor.socket.setOption(CInt(IPPROTO_TCP), tw_tcp_defer_accept, 1) }
        if let error = Self.bindAndListen(descriptor, socketAddress) {
            descriptor.close()
            throw error
        }
        self.address = descriptor.socket.localAddress()
        self.descriptor = descriptor
        path = nil
    }

    /// Binds a unix socket; a socket left behind by a process that is gone is replaced, one in use is an error.
    package init(unixPath path: String) throws(SystemError) {
        guard let socketAddress = SocketAddress(unixPath: path) else {
            throw SystemError("bind", Errno(rawValue: ENAMETOOLONG))
        }
        var descriptor = try Self.socket(family: AF_UNIX)
        var failure = Self.bindAndListen(descriptor, socketAddress)
        if failure?.errno == .addressInUse, Self.isStale(path, socketAddress) {
            unlink(path)
            failure = Self.bindAndListen(descriptor, socketAddress)
        }
        if let failure {
            descriptor.close()
            throw failure
        }
        address = nil
        self.descriptor = descriptor
        self.path = path
    }

    package var socket: Socket { descriptor.socket }

    package mutating func close() {
        guard descriptor.isOpen else { return }
        descriptor.close()
        if let path { unlink(path) }
    }

    private static func socket(family: CInt) throws(SystemError) -> Descriptor {
        do throws(Errno) { return try Socket.stream(family: family) } catch { throw SystemError("socket", error) }
    }

    private static func bindAndListen(_ descriptor: borrowing Descriptor, _ address: SocketAddress) -> SystemError? {
        let raw = descriptor.raw
        guard address.withPointer({ bind(raw, $0, $1) }) == 0 else { return SystemError("bind") }
        guard listen(raw, backlog) == 0 else { return SystemError("listen") }
        return nil
    }

    /// Whether the path is a socket on which nobody listens any more. Any other file is somebody's, and connecting to it is
    /// refused just the same.
    private static func isStale(_ path: String, _ address: SocketAddress) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        do throws(Errno) {
            var probe = try Socket.stream(family: AF_UNIX)
            let answer = probe.socket.connect(to: address)
            probe.close()
            return answer == .failed(.connectionRefused)
        } catch {
            return false
        }
    }
}
