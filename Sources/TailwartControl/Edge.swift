import Glibc
package import TailwartConfig
import TailwartCore
package import TailwartEngine
import TailwartProbe
import TailwartResolve
import TailwartSystem
import TailwartTailnet

/// The running edge: listeners, workers, resolver, observers and log, brought up in order and taken down in order.
package final class Edge: Sendable {
    private let configuration: Configuration
    private let log: Log
    private let listeners: ListenerSet
    private let engine: Engine
    private let resolver: Resolver?
    private let resolverThread: Thread?
    /// Nil where there is nothing to watch.
    private let observers: Observers?

    /// Binds everything and serves. Names need not resolve yet: their upstreams cannot be reached until they do.
    ///
    /// - Throws: ``ListenErrors`` or ``SystemError``; nothing is left open then.
    package init(_ configuration: Configuration, log: Log) throws {
        self.configuration = configuration
        self.log = log
        let name = ServerNamePattern.edgeName(host: HostName.current)
        let first = configuration.snapshot(edge: name) { _ in [] }
        listeners = try ListenerSet(first.listeners)
        Self.raiseDescriptorLimit(for: configuration, log)
        let engine = try Engine(
            snapshot: first, sockets: listeners.sockets, workers: configuration.workers ?? Self.cores,
            idSeed: UInt64.random(in: 0...(.max)), recordReader: log.waker)
        self.engine = engine
        log.follow(engine.records)
        var made: Observers?
        do throws(SystemError) {
            let watched = ProbeSubject.all(of: configuration, first.board)
            let observers = watched.isEmpty && configuration.tailscale == nil ? nil : try Observers()
            made = observers
            self.observers = observers
            let health = observers.map { observers in
                HealthMonitor(
                    watched, board: first.board, prober: Prober(group: observers.eventLoops, ehloName: name), log: log
                ) { engine.close(places: $0, of: first.board) }
            }
            let names = configuration.hostNames
            let resolver =
                names.isEmpty
                ? nil
                : try Resolver(names: names) { host, entry, addresses in
                    Self.say(host, entry, to: log)
                    health?.learn(addresses)
                    engine.apply(configuration.snapshot(edge: name, board: first.board) { addresses[$0] ?? [] })
                }
            self.resolver = resolver
            resolverThread = try resolver?.start()
            guard let observers, let health else { return }
            var work: [@Sendable () async -> Void] = [{ await health.run() }]
            if let tailscale = configuration.tailscale {
                let tailnet = TailnetMonitor(
                    localAPI: LocalAPI(socket: tailscale.socket, group: observers.eventLoops),
                    names: configuration.tailnetNames,
                    isNeeded: configuration.upstreams.contains { $0.via == .tailscale }
                        || configuration.tailnetNames.contains { $0.lowercased().hasSuffix(".ts.net") },
                    direct: Set(names), resolver: resolver, log: log)
                work.append { await tailnet.run() }
            }
            observers.start(work)
        } catch {
            // The workers must not outlive the sockets that they watch.
            made?.stop()
            engine.stop()
            engine.join()
            throw error
        }
    }

    /// Where the edge listens, in the order of the configuration.
    package var sockets: [ListenerSocket] { listeners.sockets }

    /// The same for people: `:25 (smtp), 127.0.0.1:2525 (submission)`.
    package var places: String {
        zip(listeners.sockets, listeners.binds).map { socket, bind in
            "\(bind) (\(configuration.listeners[socket.listener].name))"
        }.joined(separator: ", ")
    }

    package var counters: Engine.Counters { engine.counters }

    /// Stops accepting; connections go on.
    package func drain() {
        engine.drain()
        listeners.refuse()
    }

    /// Ends what is left and waits for the workers.
    package func stop() {
        observers?.stop()
        resolver?.stop()
        engine.stop()
        engine.join()
        listeners.close()
        resolverThread?.join()
    }

    private static func raiseDescriptorLimit(for configuration: Configuration, _ log: Log) {
        guard let limit = DescriptorLimit.raise(), limit < DescriptorLimit.needed(for: configuration.maxConnections)
        else { return }
        log.post(
            .warning,
            "max_connections is \(configuration.maxConnections), but this process may open only \(limit) descriptors, "
                + "two per connection: raise the limit (LimitNOFILE= in systemd, ulimit -n), or lower max_connections")
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func say(_ name: String, _ entry: Resolver.Entry, to log: Log) {
        if let failure = entry.failure {
            let kept = entry.addresses.isEmpty ? "no address is known yet" : "the last known addresses are used"
            log.post(.warning, "\(name) does not resolve: \(failure); \(kept)")
        } else {
            let source = entry.source.map { " (\($0))" } ?? ""
            log.post(.info, "\(name) is \(entry.addresses.map { "\($0)" }.joined(separator: ", "))\(source)")
        }
    }
}
