import Synchronization
import TailwartCore
import TailwartProbe
import TailwartSystem
import TailwartWire

/// Does what ``HealthWatch`` says: probes, looks at traffic, tells workers and operator; and tells it of answers, addresses and time.
final class HealthMonitor: Sendable {
    typealias Watch = HealthWatch<Place.Key>

    /// What could not be probed of what somebody wanted to have probed.
    struct Unprobed: Sendable {
        /// Not in time.
        var late: Set<Place.Key> = []
        /// The mailbox counts such probes against the edge, and there were enough.
        var resting: Set<Place.Key> = []
    }

    private struct Orders {
        var count = 0
        var open: [Int: @Sendable (Unprobed) -> Void] = [:]
    }

    private let subjects: Mutex<[ProbeSubject]>
    private let topology: @Sendable () -> Topology
    private let prober: Prober
    private let ledger: Ledger
    /// Ends the connections to places that became unhealthy.
    private let close: @Sendable (Place) -> Void
    private let isInTailnet: @Sendable (IPAddress) async -> Bool?
    private let orders = Mutex(Orders())
    /// When clients were last served, where none was not since.
    private let served = Mutex<[Place.Key: ContinuousClock.Instant]>([:])
    private let events: AsyncStream<Watch.Event>
    private let inbox: AsyncStream<Watch.Event>.Continuation

    /// - Parameters:
    ///   - topology: the one that new connections are served by.
    ///   - isInTailnet: whether the host of an address answers over the tailnet; nil: nobody knows.
    init(
        _ subjects: [ProbeSubject], in topology: @escaping @Sendable () -> Topology, prober: Prober, ledger: Ledger,
        isInTailnet: @escaping @Sendable (IPAddress) async -> Bool?, close: @escaping @Sendable (Place) -> Void
    ) {
        self.subjects = Mutex(subjects)
        self.topology = topology
        self.prober = prober
        self.ledger = ledger
        self.isInTailnet = isInTailnet
        self.close = close
        (events, inbox) = AsyncStream.makeStream()
    }

    /// Names have other addresses: the topology is another.
    func namesChanged() { inbox.yield(.reachable(reachable)) }

    /// Something is known of the tailnet that may explain what probes find.
    func tailnetChanged(_ news: TailnetNews) { inbox.yield(.tailnet(news)) }

    /// Others are watched from now on; the topology is the one that leads there.
    func watch(_ subjects: [ProbeSubject]) {
        let before = self.subjects.withLock { known in
            defer { known = subjects }
            return known
        }
        let asked = subjects.filter { subject in
            before.contains { $0.place == subject.place && !$0.asks(as: subject) }
        }
        let places = Set(subjects.map(\.place))
        served.withLock { served in served = served.filter { places.contains($0.key) } }
        inbox.yield(
            .subjects(subjects.map(\.watched), asked: Set(asked.map(\.place)), reachable: reachable))
    }

    /// Has places probed now, whatever the time.
    ///
    /// - Parameter done: called once, when all of them were, or the time is over.
    func probe(_ keys: Set<Place.Key>, within limit: Duration, done: @escaping @Sendable (Unprobed) -> Void) {
        let number = orders.withLock { orders in
            orders.count += 1
            orders.open[orders.count] = done
            return orders.count
        }
        for key in keys { prober.askForRecipient(upstream: key.upstream, endpoint: key.endpoint) }
        inbox.yield(.ordered(number, keys, within: limit))
    }

    private func subject(_ key: Place.Key) -> ProbeSubject? {
        subjects.withLock { $0.first { $0.place == key } }
    }

    /// Probes until the task is cancelled.
    func run() async {
        var watch = Watch(
            subjects.withLock { $0 }.map(\.watched), reachable: reachable, now: .now, jitter: Self.jitter)
        await withDiscardingTaskGroup { group in
            var timer: Task<Void, Never>?
            defer { timer?.cancel() }
            inbox.yield(.tick)
            for await event in events {
                let effects = watch.take(event, now: .now, jitter: Self.jitter)
                // First: who is told of something looks there.
                ledger.health = .init(places: watch.reports, diagnoses: watch.diagnoses)
                for effect in effects { perform(effect, in: &group) }
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

    /// The subjects that have addresses now, if only such as are not dialled.
    private var reachable: Set<Place.Key> {
        let topology = topology()
        return Set(
            subjects.withLock { $0 }.map(\.place).filter { key in
                topology.approach(key).map { !$0.addresses.isEmpty || !$0.leftOut.isEmpty } ?? false
            })
    }

    private func perform(_ effect: Watch.Effect, in group: inout DiscardingTaskGroup) {
        switch effect {
        case .probe(let key, let name, let time): group.addTask { await self.probe(key, name, listensFor: time) }
        case .askSetupPage(let key): group.addTask { await self.askSetupPage(key) }
        case .askPath(let key): group.addTask { await self.askPath(key) }
        case .lookAtTraffic: lookAtTraffic()
        case .mark(let key, let isUnhealthy, let trialsAreCostly, let forgetsTraffic):
            let place = topology().place(key)
            if forgetsTraffic { _ = place?.takeTraffic() }
            place?.setUnhealthy(isUnhealthy, trialsAreCostly: trialsAreCostly)
        case .say(let event): ledger.post(event)
        case .close(let key): if let place = topology().place(key) { close(place) }
        case .fulfilled(let number, let late, let resting):
            orders.withLock { $0.open.removeValue(forKey: number) }?(Unprobed(late: late, resting: resting))
        }
    }

    private func lookAtTraffic() {
        let topology = topology()
        for subject in subjects.withLock({ $0 }) {
            guard let place = topology.place(subject.place) else { continue }
            if place.takeAnsweredHeaders() > 0 {
                let isOfOne = topology.addresses(of: subject.place).contains { !$0.distrustsHeader }
                inbox.yield(.mistrusted(subject.place, isOfOneAddress: isOfOne))
            }
            let (successes, failures) = place.takeTraffic()
            if failures > 0 {
                served.withLock { $0[subject.place] = nil }
            } else if successes > 0, subject.header != .none {
                served.withLock { $0[subject.place] = .now }
            }
            if successes > 0 || failures > 0 {
                inbox.yield(.traffic(subject.place, successes: successes, failures: failures))
            }
        }
    }

    private func probe(_ key: Place.Key, _ name: String?, listensFor: Duration?) async {
        while let subject = subject(key), let approach = topology().approach(key) {
            let clues = clues(key, approach.place)
            let result = await subject.probe(
                with: prober, at: approach, serverName: name, timeout: subject.health.timeout, listensFor: listensFor,
                clues: clues
            ) { address, found in
                // Elsewhere nothing is learned of how the header of clients is taken.
                guard self.isCurrent(subject), !subject.health.asksElsewhere else { return }
                switch found.verdict {
                case .headerNotTrusted:
                    if subject.health.affects != .nothing { address.distrusts(now: Clock.monotonic()) }
                case .refused, .timeout, .unreachable, .proxyFailed, .unprobed: break
                // Whatever else is wrong there, it is no answer to a header.
                default: address.trustsAgain()
                }
            }
            guard isCurrent(subject) else { return }
            guard result.verdict == .unprobed else {
                inbox.yield(.probed(key, serverName: name, result))
                return
            }
            // This host's own lack of descriptors is no news of the place: it is asked when there are some.
            try? await Task.sleep(for: Watch.recoveryInterval)
            guard isCurrent(subject) else { return }
        }
    }

    private func clues(_ key: Place.Key, _ place: Place) -> ProbeClues {
        var clues = ProbeClues()
        clues.getsNoMail = place.getsNoMail
        clues.areServed = served.withLock { $0[key] }.map { .now - $0 < ProbeClues.memory } ?? false
        return clues
    }

    /// Whether what a probe says is true and of use. One that was cut short says what is not true, and one that asked in another way what
    /// nobody wants to know any more.
    private func isCurrent(_ asked: ProbeSubject) -> Bool {
        !Task.isCancelled && subject(asked.place)?.asks(as: asked) ?? false
    }

    private func askPath(_ key: Place.Key) async {
        var isUp: Bool?
        if subject(key)?.upstream.via == .direct, let address = topology().addresses(of: key).first,
            case .internet(let dialled) = address.dialled(doorPort: key.port)
        {
            isUp = await isInTailnet(dialled.ip)
        }
        if !Task.isCancelled { inbox.yield(.path(key, isUp: isUp)) }
    }

    private func askSetupPage(_ key: Place.Key) async {
        guard let subject = subject(key) else { return }
        var isOpen = false
        if let address = topology().addresses(of: key).first {
            isOpen = await prober.isSetupPortOpen(subject.way(to: address), timeout: subject.health.timeout)
        }
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
