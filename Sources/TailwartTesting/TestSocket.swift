import Glibc
import Synchronization
package import TailwartSystem
package import TailwartWire

/// A client's or a server's socket in a test. Calls block, but none longer than ``patience`` without progress: an edge that is
/// stuck fails a test and never hangs it.
package final class TestSocket: Sendable {
    /// Milliseconds.
    package static let patience: CInt = 10_000

    private let descriptor: Mutex<Descriptor>
    /// Valid while the socket is open.
    package let socket: Socket

    package init(_ descriptor: consuming Descriptor) {
        socket = descriptor.socket
        self.descriptor = Mutex(descriptor)
    }

    /// - Parameters:
    ///   - source: connects from this address.
    ///   - receiveBuffer: bytes to ask for with `SO_RCVBUF`; the kernel doubles it and stops to adapt it.
    package static func connect(
        to address: InternetAddress, from source: IPAddress? = nil, receiveBuffer: CInt? = nil
    ) throws -> TestSocket {
        let socketAddress = SocketAddress(address)
        let socket = TestSocket(try Socket.stream(family: socketAddress.family))
        socket.socket.setNoDelay()
        if let receiveBuffer { socket.setReceiveBuffer(receiveBuffer) }
        if let source { try socket.bind(to: InternetAddress(source, port: 0)) }
        try socket.connect(to: socketAddress)
        return socket
    }

    package static func connect(unixPath path: String) throws -> TestSocket {
        guard let address = SocketAddress(unixPath: path) else { throw TestFailure("\(path) is too long") }
        let socket = TestSocket(try Socket.stream(family: AF_UNIX))
        try socket.connect(to: address)
        return socket
    }

    /// Where this end is; nil on a unix socket.
    package var address: InternetAddress? { socket.localAddress() }

    /// Says that no more will be sent.
    package func finish() { socket.shutDownWrite() }

    package func close() { descriptor.withLock { $0.close() } }

    /// Closes with a reset.
    package func reset() { descriptor.withLock { $0.closeAbortively() } }

    package func setReceiveBuffer(_ bytes: CInt) { _ = socket.setOption(SOL_SOCKET, SO_RCVBUF, bytes) }

    package func setSendBuffer(_ bytes: CInt) { _ = socket.setOption(SOL_SOCKET, SO_SNDBUF, bytes) }

    /// Waits for readiness.
    ///
    /// - Returns: whether there was any in time.
    package func wait(for events: CInt, milliseconds: CInt = patience) -> Bool {
        var poll = pollfd(fd: socket.raw, events: Int16(events), revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }

    deinit { descriptor.withLock { $0.close() } }

    private func bind(to address: InternetAddress) throws {
        let result = Self.withPointer(SocketAddress(address)) { Glibc.bind(socket.raw, $0, $1) }
        guard result == 0 else { throw TestFailure(call: "bind to \(address)") }
    }

    private func connect(to address: SocketAddress) throws {
        switch socket.connect(to: address) {
        case .connected: return
        case .failed(let error): throw error
        case .inProgress:
            guard wait(for: POLLOUT) else { throw TestFailure.tookTooLong("connect") }
            if let error = socket.takeError() { throw error }
        }
    }

    private static func withPointer(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: address.storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, address.length) }
        }
    }
}
