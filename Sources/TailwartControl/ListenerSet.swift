import Synchronization
package import TailwartCore
package import TailwartEngine
package import TailwartSystem
package import TailwartWire

/// The listening sockets of the edge: all of them, or none.
package final class ListenerSet: Sendable {
    /// Where each really listens, in the order of the configuration; nil for a Unix socket.
    package let addresses: [InternetAddress?]
    /// Listened on, though this host does not have them yet.
    let missing: [EdgeEvent.Opening]
    private let open: Mutex<[DoorSocket]>

    /// In the order of the configuration; none once they were let go.
    package var sockets: [DoorSocket] { open.withLock { $0 } }

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

    /// Those whose clients can be dialled for, or told that they cannot. Where nobody has answered yet what a name stands for, clients wait
    /// in the queue of the socket, as after a start of a host whose first name server is silent.
    func ready(for topology: Topology) -> [DoorSocket] {
        sockets.filter { !(topology.frontend(of: $0.key)?.isAwaited ?? false) }
    }

    /// Each is closed when the workers have let go of it too. Never by `shutdown`, which would end it for whoever else has it.
    func letGo() { open.withLock { $0 = [] } }

    /// Opens every address of every listener; on failure those that were opened are closed again.
    ///
    /// - Throws: every problem, not only the first.
    package init(_ topology: Topology) throws(ListenErrors) {
        var sockets: [DoorSocket] = []
        var problems: [ListenError] = []
        var missing: [EdgeEvent.Opening] = []
        for frontend in topology.frontends {
            for door in frontend.doors {
                let listener = frontend.listener
                do throws(ListenError) {
                    let socket = try ListeningSocket.open(
                        door.key.bind, listener: listener.name, defersAccept: listener.defersAccept,
                        keepAlive: listener.keepAlive
                    ) { missing.append(.init(door.key.bind, listener: listener.name)) }
                    sockets.append(DoorSocket(socket, of: door.key))
                } catch {
                    problems.append(error)
                }
            }
        }
        guard problems.isEmpty else { throw ListenErrors(problems: problems) }
        self.missing = missing
        addresses = sockets.map(\.address)
        open = Mutex(sockets)
    }
}

/// All listeners that could not be opened.
package struct ListenErrors: Error, CustomStringConvertible, Sendable {
    package let problems: [ListenError]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension Listener {
    fileprivate var keepAlive: KeepAlive {
        switch proto {
        case .imap, .imaps: .patient
        default: .standard
        }
    }

    /// Whether the kernel may keep a connection back until the client has spoken: only where the edge would wait for that anyway.
    var defersAccept: Bool {
        proto.firstSpeaker == .client && routes.contains(where: \.needsHello)
    }
}
