import Synchronization
package import TailwartCore
package import TailwartSystem
package import TailwartWire

/// The listening socket of a door, shared by the workers that watch it and by who opened it: closed when the last of them lets go, at
/// the latest.
package final class DoorSocket: Sendable {
    package let key: Door.Key
    /// Where it really listens; nil for a unix socket.
    package let address: InternetAddress?
    /// Borrowed: to be used while this object is held.
    package let socket: Socket
    private let owned: Mutex<ListeningSocket>

    package init(_ socket: consuming ListeningSocket, of key: Door.Key) {
        self.key = key
        address = socket.address
        self.socket = socket.socket
        owned = Mutex(socket)
    }

    /// The path of a Unix socket is this process's: it is removed with the socket.
    package func own() {
        guard case .unix(let path) = key.bind else { return }
        owned.withLock { $0.own(path: path) }
    }

    /// The path of a Unix socket is another process's, which has the socket too.
    package func disown() { owned.withLock { $0.disown() } }

    /// No worker may watch it any more.
    package func close() { owned.withLock { $0.close() } }

    deinit { close() }
}
