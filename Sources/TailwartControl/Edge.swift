import Glibc
package import TailwartCore
package import TailwartEngine
import TailwartProbe
import TailwartResolve
import TailwartSystem
import TailwartTailnet
package import TailwartWire

/// The running edge: listeners, workers, resolver and observers, brought up in order and taken down in order.
package final class Edge: Sendable {
    private let configuration: Configuration
    let ledger: Ledger
    let listeners: ListenerSet
    let engine: Engine
    private let resolver: Resolver?
    private let resolverThread: Thread?
    /// Nil where there is nothing to watch.
    private let observers: Observers?

    /// Binds everything and serves. Names need not resolve yet: their upstreams cannot be reached until they do.
    ///
    /// - Throws: ``ListenErrors`` or ``SystemError``; nothing is left open then.
    package init(_ configuration: Configuration, ledger: Ledger) throws {
        self.configuration = configuration
        self.ledger = ledger
        let unbound = Topology(configuration, addresses: { _ in nil })
        listeners = try ListenerSet(unbound)
        for opening in listeners.missing { ledger.post(.addressMissing(opening)) }
        let maker = TopologyMaker(
            configuration, host: HostName.current, binds: listeners.binds, carrying: unbound)
        let first = maker.topology()
        Self.raiseDescriptorLimit(for: configuration, ledger)
        let engine = try Engine(
            topology: first, sockets: listeners.ready(for: first), workers: configuration.workers ?? Self.cores,
            idSeed: UInt64.random(in: 0...(.max)), recordReader: ledger.waker)
        self.engine = engine
        ledger.follow(engine.records) { [engine] in engine.live }
        var made: Observers?
        do throws(SystemError) {
            let watched = ProbeSubject.all(of: configuration)
            let leftOut = LeftOutReport(configuration, probed: Set(watched.map(\.place)), ledger: ledger)
            leftOut.take(first)
            let apply: @Sendable (Topology) -> Void = { [listeners] topology in
                engine.apply(topology, opening: listeners.ready(for: topology))
                leftOut.take(topology)
            }
            let observers = watched.isEmpty && configuration.tailscale == nil ? nil : try Observers()
            made = observers
            self.observers = observers
            let health = observers.map { observers in
                HealthMonitor(
                    watched, in: { maker.current(apply) },
                    prober: Prober(group: observers.eventLoops, name: { maker.name }), ledger: ledger
                ) { engine.close([$0]) }
            }
            let names = configuration.hostNames
            let resolver =
                names.isEmpty
                ? nil
                : try Resolver(names: names) { host, entry, addresses in
                    ledger.post(Self.event(host, entry))
                    maker.learn(addresses, apply: apply)
                    health?.namesChanged()
                }
            self.resolver = resolver
            resolverThread = try resolver?.start()
            guard let observers, let health else { return }
            var work: [@Sendable () async -> Void] = [{ await health.run() }]
            if let tailscale = configuration.tailscale {
                let tailnet = TailnetMonitor(
                    localAPI: LocalAPI(socket: tailscale.socket, group: observers.eventLoops),
                    control: TailnetControl(
                        names: configuration.tailnetNames,
                        isNeeded: configuration.upstreams.contains { $0.via == .tailscale }
                            || configuration.tailnetNames.contains { $0.lowercased().hasSuffix(".ts.net") },
                        direct: Set(names)),
                    resolver: resolver, ledger: ledger
                ) { maker.learnHost(tailnet: $0?.ownName, outer: $0?.outerAddresses, apply: apply) }
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

    /// Where a listener really listens: the port is known even where the kernel chose it. Without Unix sockets.
    package func addresses(of listener: String) -> [InternetAddress] {
        let names = configuration.listeners.flatMap { listener in listener.bind.map { _ in listener.name } }
        return zip(names, listeners.addresses).filter { $0.0 == listener }.compactMap(\.1)
    }

    /// What each was asked to listen on.
    package var openings: [EdgeEvent.Opening] {
        configuration.listeners.flatMap { listener in
            listener.bind.map { EdgeEvent.Opening($0, listener: listener.name) }
        }
    }

    package var counters: Engine.Counters { engine.counters }

    /// Rung when the edge drains and no connection is open.
    var idle: Waker { engine.idle }

    /// Stops accepting; connections go on.
    package func drain() {
        engine.drain()
        listeners.letGo()
    }

    /// Ends what is left and waits for the workers.
    package func stop() {
        observers?.stop()
        resolver?.stop()
        engine.stop()
        engine.join()
        listeners.letGo()
        resolverThread?.join()
    }

    private static func raiseDescriptorLimit(for configuration: Configuration, _ ledger: Ledger) {
        let connections = configuration.maxConnections
        guard let limit = DescriptorLimit.raise(), limit < DescriptorLimit.needed(for: connections) else { return }
        ledger.post(.descriptorsShort(limit: limit, connections: connections))
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func event(_ name: String, _ entry: Resolver.Entry) -> EdgeEvent {
        if let failure = entry.failure {
            return .unresolved(name: name, failure: failure, keepsAddresses: !entry.addresses.isEmpty)
        }
        return .resolved(name: name, entry.addresses, source: entry.source.map { "\($0)" })
    }
}
