import Synchronization
import TailwartWire

/// What is known at the moment of each place that the edge dials: who is unwell, what traffic found out, who carries how much.
///
/// Written by the control plane (wellness) and by all workers (what dialling brought), read by both, without a lock. Beside the
/// snapshot and not in it, because it changes without one, and because a count over all workers needs one place.
package final class HealthBoard: Sendable {
    /// Microseconds between two connections that are tried at a place that is unwell, so that a probe which errs cannot turn off a
    /// mailbox that works.
    package static let trialInterval: UInt64 = 5_000_000
    /// The same where each connection counts against the edge at the mailbox: 24 a day, and Stalwart bans at 30.
    package static let costlyTrialInterval: UInt64 = 3_600_000_000

    /// A place that can be dialled: one endpoint on one port.
    package struct Place: Sendable, Hashable {
        /// Numbers in the snapshot.
        package let upstream: Int
        package let endpoint: Int
        /// 0 for a Unix socket.
        package let port: UInt16

        package init(upstream: Int, endpoint: Int, port: UInt16) {
            self.upstream = upstream
            self.endpoint = endpoint
            self.port = port
        }
    }

    /// An upstream as it is reached on one port: its places in the order of its endpoints.
    package struct Group: Sendable {
        package let upstream: Int
        /// Index into ``places`` for each endpoint.
        package let places: [Int]
    }

    private final class Slot: Sendable {
        let isUnwell = Atomic<Bool>(false)
        let successes = Atomic<Int>(0)
        let failures = Atomic<Int>(0)
        let load = Atomic<Int>(0)
        let trialInterval = Atomic<UInt64>(HealthBoard.trialInterval)
        /// 0: never.
        let lastTrial = Atomic<UInt64>(0)
    }

    private final class Turn: Sendable {
        let count = Atomic<UInt64>(0)
    }

    package let places: [Place]
    package let groups: [Group]
    private let slots: [Slot]
    private let turns: [Turn]
    private let groupNumbers: [GroupKey: Int]

    private struct GroupKey: Hashable {
        let upstream: Int
        let port: UInt16
        /// A route's port holds for all endpoints, the listener's only for those that name none.
        let isOfRoute: Bool
    }

    package init(listeners: [Listener], upstreams: [Upstream]) {
        var places: [Place] = []
        var numbers: [Place: Int] = [:]
        var groups: [Group] = []
        var groupNumbers: [GroupKey: Int] = [:]
        for listener in listeners {
            for route in listener.routes {
                guard case .upstream(let upstream, let routePort) = route.target else { continue }
                for port in routePort.map({ [$0] }) ?? listener.bind.map({ $0.port ?? 0 }) {
                    let key = GroupKey(upstream: upstream, port: port, isOfRoute: routePort != nil)
                    guard groupNumbers[key] == nil else { continue }
                    groupNumbers[key] = groups.count
                    let indexes = upstreams[upstream].endpoints.enumerated().map { number, endpoint in
                        let dialled = endpoint.isUnix ? 0 : routePort ?? endpoint.port ?? port
                        let place = Place(upstream: upstream, endpoint: number, port: dialled)
                        if let known = numbers[place] { return known }
                        numbers[place] = places.count
                        places.append(place)
                        return places.count - 1
                    }
                    groups.append(Group(upstream: upstream, places: indexes))
                }
            }
        }
        self.places = places
        self.groups = groups
        self.groupNumbers = groupNumbers
        slots = places.map { _ in Slot() }
        turns = upstreams.map { _ in Turn() }
    }

    /// The group that a route leads to for a client that came to this port.
    package func group(upstream: Int, routePort: UInt16?, listenerPort: UInt16) -> Int? {
        groupNumbers[
            GroupKey(upstream: upstream, port: routePort ?? listenerPort, isOfRoute: routePort != nil)]
    }

    // MARK: - written by the control plane

    /// - Parameter trialsAreCostly: whether the mailbox counts what a trial meets against the edge.
    package func setUnwell(_ place: Int, _ isUnwell: Bool, trialsAreCostly: Bool = false) {
        slots[place].trialInterval.store(
            trialsAreCostly ? Self.costlyTrialInterval : Self.trialInterval, ordering: .relaxed)
        slots[place].isUnwell.store(isUnwell, ordering: .relaxed)
    }

    /// What traffic found out since the last call.
    package func takeTraffic(_ place: Int) -> (successes: Int, failures: Int) {
        (
            slots[place].successes.exchange(0, ordering: .relaxed),
            slots[place].failures.exchange(0, ordering: .relaxed)
        )
    }

    // MARK: - used by the workers

    package func isUnwell(_ place: Int) -> Bool { slots[place].isUnwell.load(ordering: .relaxed) }

    package func isWholeGroupUnwell(_ group: Int) -> Bool {
        let places = groups[group].places
        return !places.isEmpty && places.allSatisfy(isUnwell)
    }

    /// Whether one connection may try a place that is unwell; one asker in each interval hears yes.
    ///
    /// - Parameter now: microseconds on the monotonic clock.
    package func mayTry(_ place: Int, now: UInt64) -> Bool {
        let last = slots[place].lastTrial.load(ordering: .relaxed)
        guard last == 0 || now >= last + slots[place].trialInterval.load(ordering: .relaxed) else { return false }
        return slots[place].lastTrial.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }

    /// The place was dialled and spoke.
    package func succeeded(_ place: Int) { slots[place].successes.add(1, ordering: .relaxed) }

    /// The place could not be dialled, or closed without a byte.
    package func failed(_ place: Int) { slots[place].failures.add(1, ordering: .relaxed) }

    /// Live connections, where the policy asks for them.
    package func load(_ place: Int) -> Int { slots[place].load.load(ordering: .relaxed) }

    package func changeLoad(_ place: Int, by change: Int) { slots[place].load.add(change, ordering: .relaxed) }

    /// Counts the connections to an upstream, for round robin.
    package func takeTurn(upstream: Int) -> UInt64 { turns[upstream].count.add(1, ordering: .relaxed).oldValue }
}

extension Endpoint {
    fileprivate var isUnix: Bool {
        if case .unix = location { true } else { false }
    }
}
