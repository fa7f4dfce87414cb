import Synchronization
import TailwartConfig
import TailwartCore
import TailwartProbe
import TailwartWire

/// Does what ``HealthWatch`` says: probes, looks at traffic, tells workers and operator; and tells it of answers, addresses and time.
final class HealthMonitor: Sendable {
    typealias Watch = HealthWatch<Int>

    private let subjects: [Int: ProbeSubject]
    private let order: [ProbeSubject]
    private let board: HealthBoard
    private let prober: Prober
    private let ledger: Ledger
    /// Ends the connections to places that became unhealthy.
    private let close: @Sendable (Set<Int>) -> Void
    private let addresses = Mutex<[String: [IPAddress]]>([:])
    private let events: AsyncStream<Watch.Event>
    private let inbox: AsyncStream<Watch.Event>.Continuation

    init(
        _ subjects: [ProbeSubject], board: HealthBoard, prober: Prober, ledger: Ledger,
        close: @escaping @Sendable (Set<Int>) -> Void
    ) {
        self.subjects = Dictionary(subjects.map { ($0.place, $0) }) { first, _ in first }
        order = subjects
        self.board = board
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
    private var reachable: Set<Int> {
        let addresses = addresses.withLock { $0 }
        return Set(order.filter { !$0.ways(addresses).isEmpty }.map(\.place))
    }

    private func perform(_ effect: Watch.Effect, in group: inout DiscardingTaskGroup) {
        switch effect {
        case .probe(let key, let name): group.addTask { await self.probe(key, name) }
        case .askSetupPage(let key): group.addTask { await self.askSetupPage(key) }
        case .lookAtTraffic:
            for subject in order {
                let (successes, failures) = board.takeTraffic(subject.place)
                if successes > 0 || failures > 0 {
                    inbox.yield(.traffic(subject.place, successes: successes, failures: failures))
                }
            }
        case .mark(let key, let isUnhealthy, let trialsAreCostly, let forgetsTraffic):
            if forgetsTraffic { _ = board.takeTraffic(key) }
            board.setUnwell(key, isUnhealthy, trialsAreCostly: trialsAreCostly)
        case .say(let event): ledger.post(event)
        case .close(let key): close([key])
        }
    }

    private func probe(_ key: Int, _ name: String?) async {
        guard let subject = subjects[key] else { return }
        let result = await subject.probe(
            with: prober, addresses.withLock { $0 }, serverName: name, timeout: subject.health.timeout)
        // What a probe says that was cut short is not true.
        if !Task.isCancelled { inbox.yield(.probed(key, serverName: name, result)) }
    }

    private func askSetupPage(_ key: Int) async {
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
            key: place, place: named, interval: health.interval, rise: health.rise, fall: health.fall,
            closesIfUnhealthy: health.closeIfUnhealthy, serverNames: serverNames)
    }
}
