import Glibc
import Synchronization
package import TailwartCore
package import TailwartEngine
package import TailwartSystem
import TailwartWire

/// The listening sockets of the edge: all of them, or none.
package final class ListenerSet: Sendable {
    private let open: [Owner]

    /// Where each listens, in the order of the configuration.
    package let sockets: [ListenerSocket]
    /// What each was asked to listen on.
    let binds: [BindAddress]

    /// Owns one socket; closed when the set goes, at the latest.
    private final class Owner: Sendable {
        private let socket: Mutex<ListeningSocket>

        init(_ socket: consuming ListeningSocket) { self.socket = Mutex(socket) }

        func listenerSocket(_ listener: Int) -> ListenerSocket {
            socket.withLock { ListenerSocket($0, listener: listener) }
        }

        func close() { socket.withLock { $0.close() } }

        deinit { close() }
    }

    /// Closes them all; no worker may watch them any more.
    func close() {
        for owner in open { owner.close() }
    }

    /// From now on clients are refused at once, in place of waiting in a queue that nobody will take them from; the workers may
    /// still watch the sockets.
    func refuse() {
        // On Linux this ends the state LISTEN; the descriptors stay, so that no worker takes another file for a listener.
        for socket in sockets { shutdown(socket.socket.raw, Int32(SHUT_RDWR)) }
    }

    /// Opens every address of every listener; on failure those that were opened are closed again.
    ///
    /// - Throws: every problem, not only the first.
    package init(_ listeners: [Listener]) throws(ListenErrors) {
        var open: [Owner] = []
        var sockets: [ListenerSocket] = []
        var problems: [ListenError] = []
        for (index, listener) in listeners.enumerated() {
            for bind in listener.bind {
                do throws(ListenError) {
                    let owner = Owner(
                        try ListeningSocket.open(bind, listener: listener.name, defersAccept: listener.defersAccept))
                    sockets.append(owner.listenerSocket(index))
                    open.append(owner)
                } catch {
                    problems.append(error)
                }
            }
        }
        guard problems.isEmpty else { throw ListenErrors(problems: problems) }
        self.open = open
        self.sockets = sockets
        binds = listeners.flatMap(\.bind)
    }
}

/// All listeners that could not be opened.
package struct ListenErrors: Error, CustomStringConvertible, Sendable {
    package let problems: [ListenError]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension Listener {
    /// Whether the kernel may keep a connection back until the client has spoken: only where the edge would wait for that anyway.
    var defersAccept: Bool {
        proto.firstSpeaker == .client && routes.contains(where: \.needsHello)
    }
}
