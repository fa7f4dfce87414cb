import Glibc
import Synchronization
import TailwartSystem

/// tailscaled's LocalAPI on a unix socket in a folder of its own, played from a ``Tailnet`` that a test changes as it goes:
///
/// ```swift
/// let tailscaled = try FakeTailscaled()
/// defer { tailscaled.close() }
/// tailscaled.update { $0.backendState = "NeedsLogin" }
/// tailscaled.update { $0.dials["stalwart.tail1234.ts.net:25"] = .to(mailbox.address) }
/// tailscaled.die()
/// try tailscaled.appear()
/// ```
///
/// Every connection is a thread; all of them end in ``vanish()``, ``die()`` and ``close()``, which wait for them.
package final class FakeTailscaled: Sendable {
    /// Of the socket; the same in every appearance.
    package let path: String
    private let folder: TemporaryFolder
    private let state: State
    private let appearance = Mutex<Appearance?>(nil)

    /// - Parameter isThere: false for one that is yet to ``appear()``.
    package init(_ tailnet: Tailnet = Tailnet(), isThere: Bool = true) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/tailscaled.sock"
        state = State(tailnet)
        if isThere { try appear() }
    }

    /// Changes what the next question is answered with.
    package func update(_ change: (inout Tailnet) -> Void) { state.tailnet.withLock { change(&$0) } }

    /// The request lines so far: `GET /localapi/v0/status`.
    package var requests: [String] { state.requests.withLock { $0 } }

    /// Listens on a new inode; nothing to do if it does already.
    package func appear() throws {
        try appearance.withLock { appearance in
            if appearance == nil { appearance = try Appearance(path, state) }
        }
    }

    /// Ends with all its connections and takes the socket away, as systemd does with `/run/tailscale`.
    package func vanish() {
        end()
        unlink(path)
    }

    /// Ends with all its connections and leaves a socket behind on which nobody listens: a container that holds the socket of a
    /// tailscaled which was restarted sees that.
    package func die() {
        // The listening socket takes its path along when it closes.
        let aside = path + ".aside"
        rename(path, aside)
        end()
        rename(aside, path)
    }

    /// A new process in the place of the old one: a new inode.
    package func restart() throws {
        vanish()
        try appear()
    }

    package func close() {
        end()
        folder.remove()
    }

    private func end() {
        let ended = appearance.withLock { appearance in
            defer { appearance = nil }
            return appearance
        }
        ended?.end()
    }

    deinit { close() }

    /// What outlives an appearance.
    final class State: Sendable {
        let tailnet: Mutex<Tailnet>
        let requests = Mutex<[String]>([])

        init(_ tailnet: Tailnet) { self.tailnet = Mutex(tailnet) }
    }

    /// One process: its listening socket and its threads.
    private final class Appearance: Sendable {
        private let ending = Ending()
        private let connections: Connections
        private let acceptor: Thread

        private final class Connections: Sendable {
            let threads = Mutex<[Thread]>([])
        }

        init(_ path: String, _ state: State) throws {
            let listener = try TestListener(unixPath: path)
            // Any user may connect; tailscaled looks at who it is.
            chmod(path, 0o666)
            let (ending, connections) = (ending, Connections())
            self.connections = connections
            acceptor = try Thread(name: "tailscaled") {
                while !ending.hasCome {
                    guard let socket = try? listener.accept(within: 10) else { continue }
                    let connection = Connection(socket: socket, state: state, ending: ending)
                    do {
                        let thread = try Thread(name: "localapi") { connection.serve() }
                        connections.threads.withLock { $0.append(thread) }
                    } catch {
                        // The test would see a tailscaled that closes at once.
                        print("no thread for a connection of a fake tailscaled: \(error)")
                    }
                }
                listener.close()
            }
        }

        func end() {
            ending.come()
            acceptor.join()
            for thread in connections.threads.withLock({ $0 }) { thread.join() }
        }
    }

    /// Tells threads to end.
    final class Ending: Sendable {
        private let flag = Atomic<Bool>(false)

        var hasCome: Bool { flag.load(ordering: .acquiring) }

        func come() { flag.store(true, ordering: .releasing) }
    }
}
