import Glibc
package import TailwartCore
package import TailwartEngine
package import TailwartSystem
import TailwartWire

/// The listening sockets of the edge: all of them, or none.
package final class ListenerSet: Sendable {
    /// In the order of the configuration.
    package let sockets: [DoorSocket]

    /// Where they really listen: with the ports that the kernel chose.
    var binds: [BindAddress] {
        sockets.map { socket in
            switch (socket.key.bind, socket.address) {
            case (.any, let address?): .any(port: address.port)
            case (.internet, let address?): .internet(address)
            case (let bind, _): bind
            }
        }
    }

    /// Closes them all; no worker may watch them any more.
    func close() {
        for socket in sockets { socket.close() }
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
    package init(_ topology: Topology) throws(ListenErrors) {
        var sockets: [DoorSocket] = []
        var problems: [ListenError] = []
        for frontend in topology.frontends {
            for door in frontend.doors {
                let listener = frontend.listener
                do throws(ListenError) {
                    let socket = try ListeningSocket.open(
                        door.key.bind, listener: listener.name, defersAccept: listener.defersAccept)
                    sockets.append(DoorSocket(socket, of: door.key))
                } catch {
                    problems.append(error)
                }
            }
        }
        guard problems.isEmpty else { throw ListenErrors(problems: problems) }
        self.sockets = sockets
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
