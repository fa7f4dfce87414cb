import Synchronization
import TailwartCore
import TailwartProbe
import TailwartResolve
import TailwartSystem
import TailwartTailnet
import TailwartWire

/// Those who watch what the edge depends on: the names of upstreams, their health, the tailnet. They live on from one configuration to the
/// next, and each is told what it has to watch now.
final class Watchers: Sendable {
    private struct State {
        var resolver: Resolver?
        var resolverThread: Thread?
        var observers: Observers?
        var health: HealthMonitor?
        /// With the socket that is asked.
        var tailnet: (monitor: TailnetMonitor, socket: String, task: Int)?
    }

    private let maker: TopologyMaker
    private let ledger: Ledger
    private let apply: @Sendable (Topology) -> Void
    private let close: @Sendable (Place) -> Void
    private let state = Mutex(State())
    /// Rung when a name has other addresses.
    private let named: Waker

    /// - Parameters:
    ///   - named: rung when a name has other addresses.
    ///   - apply: serves another topology.
    ///   - close: ends the connections to a place that became unhealthy.
    init(
        _ maker: TopologyMaker, ledger: Ledger, named: Waker, apply: @escaping @Sendable (Topology) -> Void,
        close: @escaping @Sendable (Place) -> Void
    ) {
        self.maker = maker
        self.ledger = ledger
        self.named = named
        self.apply = apply
        self.close = close
    }

    /// Makes what a configuration needs and is not there; it watches nothing yet.
    func prepare(for configuration: Configuration) throws(SystemError) {
        let needsResolver = !configuration.hostNames.isEmpty
        let needsObservers = configuration.tailscale != nil || !ProbeSubject.all(of: configuration).isEmpty
        try state.withLock { state throws(SystemError) in
            if needsObservers, state.observers == nil { state.observers = try Observers() }
            guard needsResolver, state.resolver == nil else { return }
            let resolver = try Resolver(names: [], awaitsTailscaled: configuration.tailscale != nil) {
                [weak self] host, entry, addresses in self?.learn(host, entry, addresses)
            }
            state.resolverThread = try resolver.start()
            state.resolver = resolver
        }
    }

    /// Looks up the names of another configuration besides those of this one.
    func lookUp(_ names: [String], besides configuration: Configuration) {
        var wanted = TailnetControl.Wanted(configuration)
        wanted.names += names
        let (resolver, tailnet) = state.withLock { ($0.resolver, $0.tailnet) }
        resolver?.follow(configuration.hostNames + names)
        tailnet?.monitor.follow(wanted)
    }

    /// Whether each of these names has an address.
    func know(_ names: [String]) -> Bool { state.withLock(\.resolver)?.knows(names) ?? true }

    /// Watches for this configuration from now on; it was prepared for, and the topology of new connections is made of it.
    func watch(for configuration: Configuration) {
        state.withLock { state in
            state.resolver?.follow(configuration.hostNames)
            guard let observers = state.observers else { return }
            let subjects = ProbeSubject.all(of: configuration)
            if let health = state.health {
                health.watch(subjects)
            } else if !subjects.isEmpty {
                let health = HealthMonitor(
                    subjects, in: { [maker, apply] in maker.current(apply) },
                    prober: Prober(
                        group: observers.eventLoops, name: { [maker] in maker.name },
                        ownAddresses: InterfaceAddresses.all, asksForRecipients: true),
                    ledger: ledger, isInTailnet: { [weak self] in await self?.isInTailnet($0) }, close: close)
                state.health = health
                observers.start { await health.run() }
            }
            watchTailnet(configuration, observers, &state)
        }
    }

    /// Has places probed now; see ``HealthMonitor/probe(_:within:done:)``.
    ///
    /// - Returns: false where nothing is probed.
    func probe(
        _ keys: Set<Place.Key>, within limit: Duration, done: @escaping @Sendable (HealthMonitor.Unprobed) -> Void
    ) -> Bool {
        guard let health = state.withLock(\.health) else { return false }
        health.probe(keys, within: limit, done: done)
        return true
    }

    /// A tailscaled that is asked still goes on being watched.
    private func watchTailnet(_ configuration: Configuration, _ observers: Observers, _ state: inout State) {
        let wanted = TailnetControl.Wanted(configuration)
        if let tailnet = state.tailnet {
            guard tailnet.socket != configuration.tailscale?.socket else { return tailnet.monitor.follow(wanted) }
            observers.end(tailnet.task)
            state.resolver?.learn(from: nil)
            state.tailnet = nil
        }
        guard let socket = configuration.tailscale?.socket else { return }
        let monitor = TailnetMonitor(
            LocalAPI(socket: socket, group: observers.eventLoops), wanted, resolver: { [weak self] in self?.resolver },
            ledger: ledger, told: { [weak self] in self?.state.withLock(\.health)?.tailnetChanged($0) }
        ) { [maker, apply] in maker.learnHost(tailnet: $0?.ownName, outer: $0?.outerAddresses, apply: apply) }
        state.tailnet = (monitor, socket, observers.start { await monitor.run() })
    }

    /// Whether the host of an address answers over the tailnet; nil where nobody can tell.
    private func isInTailnet(_ address: IPAddress) async -> Bool? {
        await state.withLock(\.tailnet)?.monitor.answers(address)
    }

    private var resolver: Resolver? { state.withLock(\.resolver) }

    private func learn(_ host: String, _ entry: Resolver.Entry, _ addresses: [String: [IPAddress]]) {
        ledger.post(Self.event(host, entry))
        maker.learn(addresses, apply: apply)
        state.withLock(\.health)?.namesChanged()
        named.ring()
    }

    /// Ends them; does not wait long for a probe that hangs.
    func stop() {
        let (observers, resolver, thread) = state.withLock { state in
            (state.observers, state.resolver, state.resolverThread.take())
        }
        observers?.stop()
        resolver?.stop()
        thread?.join()
    }

    private static func event(_ name: String, _ entry: Resolver.Entry) -> EdgeEvent {
        if let failure = entry.failure {
            return .unresolved(name: name, failure: failure, keepsAddresses: !entry.addresses.isEmpty)
        }
        return .resolved(name: name, entry.addresses, source: entry.source.map { "\($0)" })
    }
}
