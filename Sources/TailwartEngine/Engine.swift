import Synchronization
package import TailwartCore
package import TailwartSystem

/// The data plane as the control plane sees it: apply a topology, drain, stop, read counters and records.
package final class Engine: Sendable {
    private let inboxes: [WorkerInbox]
    private let threads: [Thread]
    private let state: Mutex<State>
    /// One per worker; each is to be read by one thread.
    package let records: [RecordRing]

    /// What there is to know about the engine at a glance.
    package struct Counters: Sendable, Equatable {
        package var live: Int
        package var accepted: Int
        package var lostRecords: Int
    }

    private struct State {
        var topology: Topology
        var rules: AccessRules
        /// Those that a worker may accept at.
        var doors: [Door]
        /// At doors that are gone.
        var acceptedBefore = 0

        mutating func add(_ topology: Topology) {
            self.topology = topology
            for door in topology.frontends.flatMap(\.doors) where !doors.contains(where: { $0 === door }) {
                doors.append(door)
            }
        }

        /// No worker accepts at a door that the topology has not.
        mutating func forgetDoors() {
            let kept = topology.frontends.flatMap(\.doors)
            for door in doors where !kept.contains(where: { $0 === door }) { acceptedBefore += door.accepted }
            doors = kept
        }
    }

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - rules: who is let in.
    ///   - sockets: one for each door that is to be served.
    ///   - workers: threads, at least 1.
    ///   - idSeed: where record ids begin; different at each start.
    ///   - recordReader: rung when records arrive.
    package init(
        topology: Topology, rules: AccessRules = AccessRules(), sockets: [DoorSocket], workers: Int, idSeed: UInt64,
        recordReader: Waker
    ) throws(SystemError) {
        Signals.ignoreBrokenPipes()
        let idle = try Waker()
        let settled = try Waker()
        var inboxes: [WorkerInbox] = []
        var records: [RecordRing] = []
        var threads: [Thread] = []
        for number in 0..<max(1, workers) {
            do throws(SystemError) {
                let inbox = try WorkerInbox()
                inbox.post { $0.opened = sockets }
                let ring = RecordRing(reader: recordReader)
                let parts = Worker.Parts(
                    number: number, workers: max(1, workers), topology: topology, rules: rules, inbox: inbox,
                    ring: ring,
                    idle: idle,
                    idSeed: idSeed &+ UInt64(number) << 48, epoll: try Epoll.create())
                threads.append(
                    try Thread(name: "worker \(number)") {
                        var worker = Worker(parts)
                        worker.run()
                    })
                inboxes.append(inbox)
                records.append(ring)
            } catch {
                for inbox in inboxes { inbox.post { $0.stops = true } }
                for thread in threads { thread.join() }
                throw error
            }
        }
        self.idle = idle
        self.settled = settled
        self.inboxes = inboxes
        self.threads = threads
        self.records = records
        var state = State(topology: topology, rules: rules, doors: [])
        state.add(topology)
        self.state = Mutex(state)
    }

    /// The one that new connections are served by.
    package var topology: Topology { state.withLock(\.topology) }

    /// Connections that are open, by worker.
    package var liveByWorker: [Int] { inboxes.map(\.live) }

    /// Connections that are open.
    package var live: Int { state.withLock { $0.topology.headcount.live } }

    /// Whether it is this process that has no descriptor left, and not the system; nil where no client was turned away for that.
    package var isShortOfDescriptors: Bool? {
        let shortages = inboxes.compactMap(\.shortage)
        return shortages.isEmpty ? nil : shortages.contains(.tooManyDescriptors)
    }

    package var counters: Counters {
        let (live, accepted) = state.withLock { state in
            (state.topology.headcount.live, state.doors.reduce(state.acceptedBefore) { $0 + $1.accepted })
        }
        return Counters(live: live, accepted: accepted, lostRecords: records.reduce(0) { $0 + $1.lost })
    }

    /// Rung when the engine drains and no connection is open.
    package let idle: Waker
    /// Rung when all workers have taken in what came before ``settle(within:)``.
    private let settled: Waker

    /// New connections are served by this topology from now on; the others end as they began. Sockets of doors that it has stay open with
    /// all who wait there, those of others are let go.
    ///
    /// - Parameters:
    ///   - topology: one that carries what the one before had.
    ///   - opened: sockets of its new doors; one of a door that is open already is left to the caller.
    ///   - closed: sockets of doors that it has not: closed by the last worker that leaves, at once, so that next to nobody comes between
    ///     its last accept and that. Without it, when the last who has one lets go of it.
    package func apply(_ topology: Topology, opening opened: [DoorSocket] = [], closing closed: [DoorSocket] = []) {
        state.withLock { state in
            state.add(topology)
            let departure = closed.isEmpty ? nil : Acknowledgement(of: inboxes.count, settled, closing: closed)
            // Under the lock, so that all workers hear of topologies in the same order.
            for inbox in inboxes {
                inbox.post { message in
                    message.topology = topology
                    message.opened += opened
                    if let departure { message.acknowledgements.append(departure) }
                }
            }
        }
    }

    /// Who is let in from now on; connections that are open go on.
    ///
    /// - Parameter waker: rung when all workers have it.
    /// - Returns: the rules that were in force, to be held on to until then, so that no worker spends its time on giving back their memory.
    package func apply(_ rules: AccessRules, _ waker: Waker) -> (replaced: AccessRules, Acknowledgement) {
        state.withLock { state in
            let replaced = state.rules
            state.rules = rules
            let acknowledgement = Acknowledgement(of: inboxes.count, waker)
            for inbox in inboxes {
                inbox.post { message in
                    message.rules = rules
                    message.acknowledgements.append(acknowledgement)
                }
            }
            return (replaced, acknowledgement)
        }
    }

    /// Waits until every worker serves the topology that was applied last: none of them watches a socket of a door that it has not. To
    /// be called by one thread at a time.
    ///
    /// - Parameter limit: milliseconds; reached when the workers have ended.
    /// - Returns: whether they do.
    package func settle(within limit: UInt64 = 1000) -> Bool {
        let acknowledgement = acknowledgement(settled)
        guard settled.wait(within: limit, until: { acknowledgement.isComplete }) else { return false }
        state.withLock { $0.forgetDoors() }
        return true
    }

    /// Has every worker take who waits at any door, and then let go of it. The sockets are to be watched again by ``apply(_:opening:)``.
    package func letGo() {
        for inbox in inboxes { inbox.post { ($0.opened, $0.letsGo) = ([], true) } }
    }

    /// Has every worker take who waits at its doors, whether or not it was woken: another process that watched them too may have been, and
    /// have taken nobody.
    package func look() {
        for inbox in inboxes { inbox.post { $0.looks = true } }
    }

    /// Complete when all workers have done what they were told before; `waker` is rung then.
    package func acknowledgement(_ waker: Waker) -> Acknowledgement {
        let acknowledgement = Acknowledgement(of: inboxes.count, waker)
        for inbox in inboxes { inbox.post { $0.acknowledgements.append(acknowledgement) } }
        return acknowledgement
    }

    /// Ends the connections to places that became unhealthy.
    package func close(_ places: [Place]) {
        for inbox in inboxes { inbox.post { $0.closes += places } }
    }

    /// Looks at the connections that are open. Waits for the workers, but not for one that does not answer.
    ///
    /// - Parameter patience: milliseconds.
    package func connections(
        _ filter: ConnectionFilter, patience: UInt64 = 1000
    ) throws(SystemError) -> ConnectionList {
        try ask(.list(filter)).wait(limit: patience)
    }

    /// Closes a connection.
    ///
    /// - Returns: whether there was one with this id; nil if that is not known in time.
    package func close(connection id: UInt64, patience: UInt64 = 1000) throws(SystemError) -> Bool? {
        let answer = try ask(.close(id: id)).wait(limit: patience)
        return answer.matching > 0 ? true : answer.isWhole ? false : nil
    }

    private func ask(_ wanted: ConnectionSurvey.Wanted) throws(SystemError) -> ConnectionSurvey {
        let survey = try ConnectionSurvey(wanted, workers: inboxes.count)
        for inbox in inboxes { inbox.post { $0.surveys.append((survey, 0)) } }
        return survey
    }

    /// Stops accepting; connections go on.
    package func drain() {
        for inbox in inboxes { inbox.post { $0.drains = true } }
    }

    /// Ends all connections and the workers.
    package func stop() {
        for inbox in inboxes { inbox.post { $0.stops = true } }
    }

    /// Waits until the workers have ended.
    package func join() {
        for thread in threads { thread.join() }
    }
}
