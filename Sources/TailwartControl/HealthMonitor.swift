import Synchronization
import TailwartCore
import TailwartProbe
import TailwartWire

/// Does what ``HealthWatch`` says: probes, looks at traffic, tells workers and operator; and tells it of answers, addresses and time.
final class HealthMonitor: Sendable {
    typealias Watch = HealthWatch<Place.Key>

    private let subjects: [Place.Key: ProbeSubject]
    private let order: [ProbeSubject]
    private let places: [Place.Key: Place]
    private let prober: Prober
    private let ledger: Ledger
    /// Ends the connections to places that became unhealthy.
    private let close: @Sendable (Place) -> Void
    private let addresses = Mutex<[String: [IPAddress]]>([:])
    private let events: AsyncStream<Watch.Event>
    private let inbox: AsyncStream<Watch.Event>.Continuation

    init(
        _ subjects: [ProbeSubject], in topology: Topology, prober: Prober, ledger: Ledger,
        close: @escaping @Sendable (Place) -> Void
    ) {
        self.subjects = Dictionary(subjects.map { ($0.place, $0) }) { first, _ in first }
        order = subjects
        places = Dictionary(
            // Both come from the same ways.
            subjects.map { ($0.place, topology.place($0.place) ?? Place($0.place)) }
        ) { first, _ in first }
        self.prober = prober
        self.ledger = ledger
        self.close = close
        (events, inbox) = AsyncStream.makeStream()
    }

    /// Names have other addresses.
    func learn(_ addresses: [String: [IPAddress]]) {
        self.addresses.withLock { $0 = addresses }
        inbox.yield(.reachable(reachable))
    }

    /// Probes until the task is cancelled.
    func run() async {
        guard !order.isEmpty else { return }
        var watch = Watch(order.map(\.watched), reachable: reachable, now: .now, jitter: Self.jitter)
        await withDiscardingTaskGroup { group in
            var timer: Task<Void, Never>?
            defer { timer?.cancel() }
            inbox.yield(.tick)
            for await event in events {
                for effect in watch.take(event, now: .now, jitter: Self.jitter) { perform(effect, in: &group) }
                timer?.cancel()
                timer = watch.nextDue.map { due in
                    Task { [inbox] in
                        do {
                            try await Task.sleep(until: due, clock: .continuous)
                            inbox.yield(.tick)
                        } catch {
                            // Cancelled: another timer takes its place.
                        }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private static func jitter() -> Double { Double.random(in: 0...1) }

    /// The subjects that there is a way to now.
    private var reachable: Set<Place.Key> {
        let addresses = addresses.withLock { $0 }
        return Set(order.filter { !$0.ways(addresses).isEmpty }.map(\.place))
    }

    private func perform(_ effect: Watch.Effect, in group: inout DiscardingTaskGroup) {
        switch effect {
        case .probe(let key, let name, let time): group.addTask { await self.probe(key, name, listensFor: time) }
        case .askSetupPage(let key): group.addTask { await self.askSetupPage(key) }
        case .lookAtTraffic:
            for subject in order {
                guard let (successes, failures) = places[subject.place]?.takeTraffic() else { continue }
                if successes > 0 || failures > 0 {
                    inbox.yield(.traffic(subject.place, successes: successes, failures: failures))
                }
            }
        case .mark(let key, let isUnhealthy, let trialsAreCostly, let forgetsTraffic):
            if forgetsTraffic { _ = places[key]?.takeTraffic() }
            places[key]?.setUnhealthy(isUnhealthy, trialsAreCostly: trialsAreCostly)
        case .say(let event): ledger.post(event)
        case .close(let key): if let place = places[key] { close(place) }
        }
    }

    private func probe(_ key: Place.Key, _ name: String?, listensFor: Duration?) async {
        guard let subject = subjects[key] else { return }
        let result = await subject.probe(
            with: prober, addresses.withLock { $0 }, serverName: name, timeout: subject.health.timeout,
            listensFor: listensFor)
        // What a probe says that was cut short is not true.
        if !Task.isCancelled { inbox.yield(.probed(key, serverName: name, result)) }
    }

    private func askSetupPage(_ key: Place.Key) async {
        guard let subject = subjects[key] else { return }
        let way = subject.ways(addresses.withLock { $0 }).first
        var isOpen = false
        if let way { isOpen = await prober.isSetupPortOpen(way, timeout: subject.health.timeout) }
        if !Task.isCancelled { inbox.yield(.setupPage(key, isOpen: isOpen)) }
    }
}

extension ProbeSubject {
    fileprivate var watched: HealthMonitor.Watch.Subject {
        HealthMonitor.Watch.Subject(
            key: place, place: named, interval: health.interval, affects: health.affects, rise: health.rise,
            fall: health.fall,
            closesIfUnhealthy: health.closeIfUnhealthy, serverNames: serverNames)
    }
}
