import Synchronization
import TailwartAdmin
import TailwartCore
import TailwartSystem
import TailwartWire

/// Serves HTTP on addresses of this host, and follows those that it has in the tailnet. On a thread of its own, since it may wait for tailscaled,
/// and for the end of what is answered.
final class InnerServer: Sendable {
    /// Milliseconds between two looks at this host's addresses.
    private static let pause: CInt = 60_000
    /// The same while there is nothing to listen on, as before tailscaled has started.
    private static let shortPause: CInt = 2000

    struct Service: Sendable {
        let listen: [InnerAddress]
        let open: @Sendable ([AdminListener]) throws -> AdminServer
        /// Called once for each reason for which it cannot listen.
        let failed: @Sendable (String) -> Void
    }

    private struct State {
        var service: Service?
        /// Counts the calls of ``serve(_:)``.
        var generation = 0
        var isStopped = false
        var thread: Thread?
    }

    private let name: String
    private let state = Mutex(State())
    private let news: Waker

    /// - Parameter name: of the thread, which there is not before there is something to serve.
    init(name: String) throws(SystemError) {
        self.name = name
        news = try Waker()
    }

    /// From now on this, anew.
    func serve(_ service: Service?) throws(SystemError) {
        let starts = state.withLock { state in
            state.service = service
            state.generation += 1
            return service != nil && state.thread == nil && !state.isStopped
        }
        if starts {
            let thread = try Thread(name: name) { self.run() }
            state.withLock { $0.thread = thread }
        }
        news.ring()
    }

    func stop() {
        let thread = state.withLock { state in
            state.isStopped = true
            return state.thread.take()
        }
        news.ring()
        thread?.join()
    }

    // MARK: - the thread

    private func run() {
        var server: AdminServer?
        var served: (generation: Int, addresses: [InternetAddress])?
        /// What kept it from listening when it last tried, and whether that was said.
        var failure: (words: String, isSaid: Bool)?
        while true {
            let (service, generation, isStopped) = state.withLock { ($0.service, $0.generation, $0.isStopped) }
            guard !isStopped else {
                server?.stop()
                return
            }
            let addresses = service?.listen.flatMap(\.addresses) ?? []
            if served.map({ $0.generation != generation || $0.addresses != addresses }) ?? !addresses.isEmpty {
                server?.stop()
                (server, served) = (nil, nil)
                if let service, !addresses.isEmpty {
                    do {
                        var listeners: [AdminListener] = []
                        for address in addresses { listeners.append(AdminListener(try ListeningSocket(address))) }
                        server = try service.open(listeners)
                        (served, failure) = ((generation, addresses), nil)
                    } catch {
                        let words = "\(error)"
                        // Not at once: a process that hands over lets go of the port in a moment.
                        let isOld = failure?.words == words
                        if isOld, failure?.isSaid == false { service.failed(words) }
                        failure = (words, isOld)
                    }
                }
            }
            let isWaiting = service != nil && served == nil
            news.wait(timeout: isWaiting ? Self.shortPause : service == nil ? -1 : Self.pause)
        }
    }
}

extension InnerAddress {
    /// On which this host can listen now.
    fileprivate var addresses: [InternetAddress] {
        switch self {
        case .internet(let address): [address]
        case .tailnet(let port):
            InterfaceAddresses.all().filter(\.isOfTailnet).withoutRepeats.map { InternetAddress($0, port: port) }
        }
    }
}
