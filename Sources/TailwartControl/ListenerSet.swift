import Synchronization
package import TailwartCore
package import TailwartEngine
package import TailwartSystem
package import TailwartWire

/// The listening sockets of the edge.
package final class ListenerSet: Sendable {
    private struct Entry {
        let listener: Listener
        let socket: DoorSocket
    }

    /// Sockets that were opened, all of them or none.
    struct Opened: Sendable {
        fileprivate(set) var sockets: [DoorSocket] = []
        /// Listened on, though this host does not have them yet.
        fileprivate(set) var missing: [EdgeEvent.Opening] = []

        /// Closes them again, before anybody has watched them.
        func close() { for socket in sockets { socket.close() } }
    }

    /// In the order of the configuration; none once they were let go.
    private let open = Mutex<[Entry]>([])
    /// Another process watches the sockets: nobody of this one may.
    private let isSuspended: Atomic<Bool>
    /// At the start.
    let missing: [EdgeEvent.Opening]

    package var sockets: [DoorSocket] { open.withLock { $0.map(\.socket) } }

    /// Where each really listens; nil for a Unix socket.
    package var addresses: [InternetAddress?] { sockets.map(\.address) }

    /// Those of one listener, without Unix sockets.
    func addresses(of listener: String) -> [InternetAddress] {
        open.withLock { $0.filter { $0.listener.name == listener }.compactMap(\.socket.address) }
    }

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
        guard !isSuspended.load(ordering: .acquiring) else { return [] }
        return sockets.filter { !(topology.frontend(of: $0.key)?.isAwaited ?? false) }
    }

    func suspend() { isSuspended.store(true, ordering: .releasing) }

    func resume() { isSuspended.store(false, ordering: .releasing) }

    /// Sets what is set on a socket for all who have it, and takes the paths of Unix sockets, once no other process serves with them.
    func settle() {
        open.withLock { entries in
            for entry in entries {
                entry.socket.own()
                guard entry.socket.address != nil else { continue }
                entry.socket.socket.setDefersAccept(entry.listener.defersAccept)
                entry.socket.socket.setKeepAlive(entry.listener.keepAlive)
            }
        }
    }

    /// Each is closed when the workers have let go of it too. Never by `shutdown`, which would end it for whoever else has it.
    func letGo() { open.withLock { $0 = [] } }

    /// Opens every address of every listener; on failure those that were opened are closed again.
    ///
    /// - Parameters:
    ///   - inherited: sockets of another process, which are not opened anew; those of doors that the topology has not are let go.
    ///   - isSuspended: see ``suspend()``.
    /// - Throws: every problem, not only the first.
    package init(
        _ topology: Topology, inheriting inherited: [DoorSocket] = [], isSuspended: Bool = false
    ) throws(ListenErrors) {
        var opened = try Self.open(topology, besides: Set(inherited.map(\.key)))
        missing = opened.missing
        self.isSuspended = Atomic(isSuspended)
        opened.sockets += inherited
        _ = change(to: topology, opened)
    }

    /// Opens the addresses that another topology has besides; nothing changes for those that are open.
    func open(for topology: Topology) throws(ListenErrors) -> Opened {
        let sockets = sockets
        do throws(ListenErrors) {
            return try Self.open(topology, besides: Set(sockets.map(\.key)))
        } catch {
            throw ListenErrors(
                problems: error.problems.map { problem in
                    sockets.first { $0.key.bind.overlaps(problem.bind) }.map(problem.overlapping) ?? problem
                })
        }
    }

    /// Has the sockets of another topology from now on. A socket that stays is not touched, but for options that its listener now has
    /// otherwise; they hold for connections to come.
    ///
    /// - Parameter opened: what ``open(for:)`` opened for it.
    /// - Returns: those that it has no longer.
    func change(to topology: Topology, _ opened: Opened) -> [DoorSocket] {
        open.withLock { entries in
            let before = entries
            let known = Dictionary(
                before.map { ($0.socket.key, $0.socket) } + opened.sockets.map { ($0.key, $0) }
            ) { first, _ in first }
            entries = topology.frontends.flatMap { frontend in
                frontend.doors.compactMap { door in
                    known[door.key].map { Entry(listener: frontend.listener, socket: $0) }
                }
            }
            let now = Dictionary(entries.map { ($0.socket.key, $0.listener) }) { first, _ in first }
            var removed: [DoorSocket] = []
            for entry in before {
                if let listener = now[entry.socket.key] {
                    if entry.socket.address != nil { entry.socket.socket.change(entry.listener, to: listener) }
                } else {
                    removed.append(entry.socket)
                }
            }
            return removed
        }
    }

    private static func open(_ topology: Topology, besides known: Set<Door.Key>) throws(ListenErrors) -> Opened {
        var opened = Opened()
        var problems: [ListenError] = []
        for frontend in topology.frontends {
            for door in frontend.doors where !known.contains(door.key) {
                let listener = frontend.listener
                do throws(ListenError) {
                    let socket = try ListeningSocket.open(
                        door.key.bind, listener: listener.name, defersAccept: listener.defersAccept,
                        keepAlive: listener.keepAlive
                    ) { opened.missing.append(.init(door.key.bind, listener: listener.name)) }
                    opened.sockets.append(DoorSocket(socket, of: door.key))
                } catch {
                    problems.append(error)
                }
            }
        }
        guard problems.isEmpty else {
            opened.close()
            throw ListenErrors(problems: problems)
        }
        return opened
    }
}

extension ListenError {
    /// The kernel would take both, if they shared the port for a moment (`SO_REUSEPORT`), but from then on any other program of this user
    /// could have it too.
    fileprivate func overlapping(_ socket: DoorSocket) -> ListenError {
        ListenError(
            listener: listener, bind: bind,
            cause: "it overlaps \(socket.key), on which the edge itself listens",
            fix: "Restart the edge: a reload cannot change this without refusing clients.")
    }
}

extension BindAddress {
    /// Whether both are on one port, and one is on all addresses.
    fileprivate func overlaps(_ other: BindAddress) -> Bool {
        guard let port, port == other.port else { return false }
        return [self, other].contains { $0.ip?.isUnspecified ?? true }
    }
}

extension Socket {
    fileprivate func change(_ old: Listener, to new: Listener) {
        if new.defersAccept != old.defersAccept { setDefersAccept(new.defersAccept) }
        if new.keepAlive != old.keepAlive { setKeepAlive(new.keepAlive) }
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
