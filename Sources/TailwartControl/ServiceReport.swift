package import TailwartCore
import TailwartEngine
package import TailwartSystem

/// What the service manager is told of a running edge, and what it keeps for the next process. To be used by one thread.
package final class ServiceReport {
    private let manager: ServiceManager
    private let edge: Edge
    /// Names of the sockets that it keeps.
    private var stored: Set<String> = []
    private let waker: Waker
    /// Given by the workers while they are well.
    private var pulse: Acknowledgement?
    /// When the next look at them is due, in microseconds on the monotonic clock; nil: nobody wants to hear of it.
    package private(set) var nextPulse: UInt64?

    package init(_ manager: ServiceManager, _ edge: Edge) throws(SystemError) {
        self.manager = manager
        self.edge = edge
        waker = try Waker()
        nextPulse = manager.watchdog.map { _ in 0 }
    }

    /// The edge serves: after the start, a takeover or a reload.
    package func serves(process: Int32) {
        guard manager.isThere else { return }
        manager.tell([.mainProcess(process), .ready, .status(edge.statusLine)])
        let sockets = Dictionary(edge.listeners.sockets.map { ("\($0.key)", $0) }) { first, _ in first }
        for name in stored where sockets[name] == nil { manager.tell([.forget(name: name)]) }
        for (name, socket) in sockets where !stored.contains(name) {
            manager.tell([.store(name: name)], passing: [socket.socket.raw])
        }
        stored = Set(sockets.keys)
    }

    package func reloads(at now: UInt64) { manager.tell([.reloading(at: now)]) }

    /// Not where another process took over: the service goes on.
    package func stops() { manager.tell([.stopping, .status("lets connections finish")]) }

    /// Tells that the edge is well if all workers have answered since the last time. Twice as often as it wants to hear it (sd_watchdog_enabled(3)).
    package func pulse(now: UInt64) {
        guard let watchdog = manager.watchdog, let due = nextPulse, now >= due else { return }
        nextPulse = now + watchdog / 2
        if pulse?.isComplete ?? true {
            manager.tell([.wellBeing])
            pulse = edge.pulse(waker)
        }
    }

    /// Sockets that it kept from a process before this one, or opened for it. Of those that the configuration has not it is told to let go.
    package static func inherited(from manager: ServiceManager, _ configuration: Configuration) -> Takeover.Inheritance
    {
        let topology = Topology(configuration, addresses: { _ in nil })
        var keys = topology.frontends.flatMap { frontend in frontend.doors.map(\.key) }
        var sockets: [DoorSocket] = []
        manager.takeGiven { given in
            let name = given.name
            guard var socket = try? ListeningSocket(adopting: given.release()) else {
                return manager.tell([.forget(name: name)])
            }
            let bind = socket.bind
            // By address, or by the name of one whose port the kernel chose.
            let index =
                keys.firstIndex { $0.bind == bind }
                ?? keys.firstIndex { ServiceManager.descriptorName("\($0)") == name }
            guard let index else {
                socket.close()
                return manager.tell([.forget(name: name)])
            }
            sockets.append(DoorSocket(socket, of: keys.remove(at: index)))
        }
        return Takeover.Inheritance(sockets: sockets)
    }
}

extension Edge {
    /// For `systemctl status`.
    fileprivate var statusLine: String {
        let count = listeners.sockets.count
        return "serves \(configuration.listeners.count) listeners at \(count) address\(count == 1 ? "" : "es")"
    }

    /// Complete when every worker has come round.
    fileprivate func pulse(_ waker: Waker) -> Acknowledgement { engine.acknowledgement(waker) }
}
