import CTailwartLinux
import Glibc
package import TailwartWire

/// What `accept` answered.
package enum Accepted: ~Copyable {
    /// The client's address, nil on a unix socket.
    case connection(Descriptor, InternetAddress?)
    case wouldBlock
    case failed(Errno)
}

/// What `connect` answered on a non-blocking socket.
package enum Connecting: Equatable, Sendable {
    case connected
    case inProgress
    case failed(Errno)
}

/// A socket that somebody else owns: valid while its ``Descriptor`` is open.
///
/// Copied freely, so that code which serves both sides of a connection can be handed either.
package struct Socket: Sendable {
    package let raw: CInt

    package init(raw: CInt) { self.raw = raw }

    /// A new non-blocking stream socket.
    package static func stream(family: CInt) throws(Errno) -> Descriptor {
        try new(family: family, type: CInt(SOCK_STREAM.rawValue))
    }

    /// The same of another type, as `SOCK_SEQPACKET`.
    static func new(family: CInt, type: CInt) throws(Errno) -> Descriptor {
        let raw = socket(family, type | CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { throw .current }
        return Descriptor(owning: raw)
    }

    package func accept() -> Accepted {
        while true {
            var accepted: CInt = -1
            let address = SocketAddress { pointer, length in
                accepted = tw_accept4(raw, pointer, length, CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
                return accepted
            }
            if accepted >= 0 { return .connection(Descriptor(owning: accepted), address?.internet) }
            let error = Errno.current
            switch error {
            case .again: return .wouldBlock
            case .interrupted: continue
            default: return .failed(error)
            }
        }
    }

    package func connect(to address: SocketAddress) -> Connecting {
        let result = address.withPointer { Glibc.connect(raw, $0, $1) }
        guard result < 0 else { return .connected }
        let error = Errno.current
        // An interrupted connect goes on by itself (connect(2)).
        return error == .inProgress || error == .interrupted ? .inProgress : .failed(error)
    }

    /// Reads into `buffer`; 0 is the end.
    package func receive(_ buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        IOResult.of { recv(raw, buffer.baseAddress, buffer.count, 0) }
    }

    /// Reads without consuming.
    package func peek(_ buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        IOResult.of { recv(raw, buffer.baseAddress, buffer.count, CInt(MSG_PEEK)) }
    }

    /// - Parameter more: more follows at once, so that the kernel may keep an incomplete segment back for it (`MSG_MORE`, send(2)): for at
    ///   most 200 ms if nothing does.
    package func send(_ buffer: UnsafeRawBufferPointer, more: Bool = false) -> IOResult {
        IOResult.of {
            Glibc.send(raw, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL) | (more ? CInt(MSG_MORE) : 0))
        }
    }

    /// Sends what an unfinished segment was kept back for (``send(_:more:)``): with Nagle's algorithm off, setting that again does
    /// (tcp(7), `TCP_NODELAY`).
    package func push() { setNoDelay() }

    /// Says that no more will be sent.
    package func shutDownWrite() {
        // A peer that has just reset the connection answers ENOTCONN; its error event tells the rest.
        _ = shutdown(raw, CInt(SHUT_WR))
    }

    /// The error that an event announced, and forgets it; nil if there is none.
    package func takeError() -> Errno? {
        var error: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(raw, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error != 0 else { return nil }
        return Errno(rawValue: error)
    }

    /// The address that this socket is bound to; nil on a unix socket.
    package func localAddress() -> InternetAddress? {
        SocketAddress { getsockname(raw, $0, $1) }?.internet
    }

    /// The path that a Unix socket is bound to; nil if it has none.
    func localPath() -> String? {
        guard let address = SocketAddress(filling: { getsockname(raw, $0, $1) }), address.family == AF_UNIX else {
            return nil
        }
        return withUnsafeBytes(of: address.storage) { bytes in
            let path = bytes[MemoryLayout<sa_family_t>.size..<Int(address.length)].prefix { $0 != 0 }
            return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
        }
    }

    /// A number; nil if the socket has no such option.
    package func option(_ level: CInt, _ name: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(raw, level, name, &value, &length) == 0 ? value : nil
    }

    package func setOption(_ level: CInt, _ name: CInt, _ value: CInt) -> Errno? {
        var value = value
        guard setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<CInt>.size)) != 0 else { return nil }
        return .current
    }

    /// Small writes leave at once: a mail dialogue is one small line after another.
    package func setNoDelay() {
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_nodelay, 1)
    }

    /// Lets acknowledgements ride on answers (`TCP_QUICKACK` off, tcp(7)): a mail dialogue is question and answer, and a packet that
    /// says nothing else costs both ends about as much as one that does. Bulk is acknowledged at every second segment all the same.
    package func delayAcknowledgements() {
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_quickack, 0)
    }

    /// How long sent data may stay unacknowledged (`TCP_USER_TIMEOUT`, RFC 5482) before the connection counts as lost.
    package func setUserTimeout(milliseconds: CInt) {
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_user_timeout, milliseconds)
    }

    /// Of a listening socket: whether connections are kept in the kernel until the client has sent something, or for about a second
    /// (`TCP_DEFER_ACCEPT`, tcp(7)).
    package func setDefersAccept(_ defers: Bool) {
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_defer_accept, defers ? 1 : 0)
    }

    /// Finds out within minutes that a silent peer is gone, and keeps address translators on the way from forgetting it.
    package func setKeepAlive(_ keepAlive: KeepAlive) {
        _ = setOption(SOL_SOCKET, SO_KEEPALIVE, 1)
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_keepidle, keepAlive.idle)
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_keepintvl, keepAlive.interval)
        _ = setOption(CInt(IPPROTO_TCP), tw_tcp_keepcnt, keepAlive.count)
    }
}

extension Descriptor {
    /// The socket behind the descriptor, to be used while the descriptor is open.
    package var socket: Socket { Socket(raw: raw) }

    /// Closes with a reset in place of an orderly end (socket(7), `SO_LINGER` with time 0).
    package mutating func closeAbortively() {
        guard isOpen else { return }
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(raw, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }
}

/// How a dead peer is found.
package struct KeepAlive: Sendable, Equatable {
    /// Seconds of silence before the first probe.
    package let idle: CInt
    /// Seconds between probes.
    package let interval: CInt
    /// Probes without an answer until the peer counts as gone. Not `TCP_USER_TIMEOUT`, which also ends a connection whose peer answers
    /// every probe and merely does not read: that is for the idle timeouts to judge.
    package let count: CInt

    /// Probes after 60 s, every 15 s, gone after 150 s without an answer.
    package static let standard = KeepAlive(idle: 60, interval: 15, count: 6)

    /// For clients that keep a connection open all day, as phones do for IMAP: each probe wakes a radio, and one that has no network for
    /// some minutes goes on when it is back. Probes after 4.5 min, as networks forget silent flows after 5 (RFC 5382 asks for 124) or
    /// more, every minute, gone after 10.5 min without an answer.
    package static let patient = KeepAlive(idle: 270, interval: 60, count: 6)
}
