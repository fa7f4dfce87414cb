import Synchronization
import TailwartCore
import TailwartEngine
package import TailwartSystem

/// What a handover asks of the edge, on either side.
extension Edge {
    /// Has the workers take who waits and let go; the sockets stay open, and nobody watches them until ``watch(_:)``.
    ///
    /// - Returns: complete when all have; `waker` is rung then.
    func letGo(_ waker: Waker) -> Acknowledgement {
        // In the order of topologies: none that comes later opens a door again.
        maker.again { [listeners, engine] _ in
            listeners.suspend()
            engine.letGo()
        }
        return engine.acknowledgement(waker)
    }

    /// Has the workers watch.
    package func watch() {
        maker.again { [listeners, apply] topology in
            listeners.resume()
            apply(topology)
        }
        access.begin(configuration.bans)
    }

    func watch(_ waker: Waker) -> Acknowledgement {
        watch()
        return engine.acknowledgement(waker)
    }

    /// What another process is to go on with, as it is now.
    var estate: HandoverEstate {
        var clients: ClientTable.Snapshot?
        maker.again { clients = $0.clients?.snapshot(now: Clock.monotonic()) }
        return HandoverEstate(bans: access.bans.snapshot(), clients: clients?.bytes)
    }

    /// - Parameter isServing: clients are there already, so that the limits stay as they are.
    func adopt(_ estate: HandoverEstate, isServing: Bool) {
        if let bans = estate.bans { access.bans.adopt(bans, isServing: isServing) }
        guard !isServing, let clients = estate.clients.flatMap({ ClientTable.Snapshot($0) }) else { return }
        maker.again { _ = $0.clients?.adopt(clients) }
    }

    func look() { engine.look() }

    /// The sockets are this process's alone.
    package func settleSockets() { listeners.settle() }

    /// Another process serves: its sockets are let go, and the edge drains as soon as its thread hears of it.
    func give() {
        disownPaths()
        listeners.letGo()
        access.letGo()
        isTakenOver.store(true, ordering: .releasing)
        idle.ring()
        whenTakenOver.withLock { $0.take() }?()
    }

    /// The paths of Unix sockets stay, for another process.
    func disownPaths() { for socket in listeners.sockets { socket.disown() } }

    /// What else the new process wants to have.
    ///
    /// - Parameter action: called once, on the thread of takeovers, when another process serves.
    package func whenTakenOver(_ action: @escaping @Sendable () -> Void) {
        whenTakenOver.withLock { $0 = action }
    }

    /// What the thread that waits for signals has not heard of; nil if nothing.
    func news() -> EdgeLife.Event? {
        isTakenOver.exchange(false, ordering: .acquiring) ? .takenOver : orders.take()
    }

    /// Other processes may take over from now on, until the edge drains.
    ///
    /// - Parameters:
    ///   - admin: the path of its admin socket.
    ///   - replaces: the older process's socket there goes.
    package func openTakeovers(besides admin: String, replaces: Bool) throws(SystemError) {
        let server = try TakeoverServer(self, at: TakeoverServer.path(besides: admin), replaces: replaces)
        takeovers.withLock { $0 = server }
    }

    /// Waits for the one that is going on.
    func closeTakeovers() { takeovers.withLock { $0.take() }?.stop() }

    /// Names that clients would have to wait for.
    var awaitedNames: [String] {
        var names: [String] = []
        maker.again { topology in
            guard topology.frontends.contains(where: \.isAwaited) else { return }
            let unknown = configuration.hostNames.filter { !watchers.know([$0]) }
            // What is known is on its way to the topology.
            names = unknown.isEmpty ? configuration.hostNames : unknown
        }
        return names
    }
}
