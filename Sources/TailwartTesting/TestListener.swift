import Glibc
import Synchronization
import TailwartSystem
package import TailwartWire

/// A listening socket of a test: an upstream whose connections the test takes one by one.
package final class TestListener: Sendable {
    private let listening: Mutex<ListeningSocket>
    private let socket: Socket
    /// Nil for a unix socket.
    package let internet: InternetAddress?
    /// Of a unix socket.
    package let path: String?

    /// On a free port of a loopback address.
    package convenience init(_ ip: IPAddress = .loopbackV4, port: UInt16 = 0, receiveBuffer: CInt? = nil) throws {
        self.init(try ListeningSocket(InternetAddress(ip, port: port)), path: nil, receiveBuffer: receiveBuffer)
    }

    package convenience init(unixPath path: String) throws {
        self.init(try ListeningSocket(unixPath: path), path: path, receiveBuffer: nil)
    }

    /// - Parameter receiveBuffer: of the connections to come, which inherit it.
    private init(_ listening: consuming ListeningSocket, path: String?, receiveBuffer: CInt?) {
        socket = listening.socket
        internet = listening.address
        self.path = path
        if let receiveBuffer { _ = socket.setOption(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        self.listening = Mutex(listening)
    }

    /// Where it listens, if that is not a unix socket.
    package var address: InternetAddress {
        get throws {
            guard let internet else { throw TestFailure("a unix socket has no address") }
            return internet
        }
    }

    /// Takes the next connection.
    package func accept() throws -> TestSocket {
        guard let connection = try accept(within: TestSocket.patience) else { throw TestFailure.tookTooLong("accept") }
        return connection
    }

    /// - Returns: nil if none came in so many milliseconds.
    package func accept(within milliseconds: CInt) throws -> TestSocket? {
        var poll = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
        guard Glibc.poll(&poll, 1, milliseconds) > 0 else { return nil }
        let accepted = socket.accept()
        switch consume accepted {
        case .connection(let descriptor, _): return TestSocket(descriptor)
        case .wouldBlock: return nil
        case .failed(let error): throw error
        }
    }

    /// From now on handshakes get no answer, as if the host were gone: the queue of connections is one long and full.
    ///
    /// - Returns: the connections that fill it, to be kept.
    package func stopAnswering() throws -> [TestSocket] {
        listen(socket.raw, 0)
        var queued: [TestSocket] = []
        while queued.count < 8 {
            let filler = TestSocket(try Socket.stream(family: AF_INET))
            queued.append(filler)
            _ = filler.socket.connect(to: SocketAddress(try address))
            if !filler.wait(for: POLLOUT, milliseconds: 100) { return queued }
        }
        throw TestFailure("the queue of connections cannot be filled")
    }

    package func close() { listening.withLock { $0.close() } }

    deinit { listening.withLock { $0.close() } }
}
