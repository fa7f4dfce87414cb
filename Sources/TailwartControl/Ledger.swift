import Glibc
import Synchronization
package import TailwartCore
package import TailwartEngine
package import TailwartSystem
import TailwartWire

/// What the edge knows of what happened: takes the records of all workers and the events of the control plane, keeps totals, and hands
/// both on to subscribers.
///
/// One thread, which waits for no reader. A subscriber that does not read loses what is more than its ``Subscription`` holds, and
/// nobody else does.
package final class Ledger: Sendable {
    /// Events that may wait for the ledger's thread: what is posted within ``gathering``, many times over.
    private static let inboxLimit = 1024
    /// Milliseconds that records may wait for company: a busy edge wakes the ledger fifty times a second, not at each connection.
    private static let gathering: UInt32 = 20
    /// Milliseconds that subscribers have at the end to take what is left.
    private static let patience: UInt64 = 1000

    private struct State {
        var inbox: [LedgerEntry] = []
        /// Since the thread last looked.
        var lostEvents = 0
        var memory = EventMemory()
        var rings: [RecordRing] = []
        /// How many connections are open.
        var live: @Sendable () -> Int = { 0 }
        /// See ``Engine/isShortOfDescriptors``.
        var isShort: @Sendable () -> Bool? = { nil }
        var subscriptions: [Subscription] = []
        var totals = Totals()
        var health = Health()
        var stops = false
        var thread: Thread?
    }

    private let state = Mutex(State())
    /// Rung when there is something to take.
    package let waker: Waker
    /// Rung when a subscriber has taken everything.
    private let readerEnded: Waker

    package init() throws(SystemError) {
        waker = try Waker()
        readerEnded = try Waker()
    }

    package func start() throws(SystemError) {
        let thread = try Thread(name: "ledger") { self.run() }
        state.withLock { $0.thread = thread }
    }

    package var totals: Totals { state.withLock(\.totals) }

    /// What is known of the places that are probed, and what they have in common: of the same moment.
    package struct Health: Sendable {
        package var places: [PlaceReport] = []
        package var diagnoses: [Diagnosis] = []

        package init(places: [PlaceReport] = [], diagnoses: [Diagnosis] = []) {
            self.places = places
            self.diagnoses = diagnoses
        }
    }

    package var health: Health {
        get { state.withLock(\.health) }
        set { state.withLock { $0.health = newValue } }
    }

    /// Since when things are as they are, and what was said lately.
    package var memory: EventMemory { state.withLock(\.memory) }

    /// Says what happened, now; waits for nobody.
    package func post(_ event: EdgeEvent) {
        let now = Clock.wall()
        let entry = LedgerEntry.event(event, at: now)
        state.withLock { state in
            state.memory.add(event, at: now)
            if state.inbox.count < Self.inboxLimit { state.inbox.append(entry) } else { state.lostEvents += 1 }
        }
        waker.ring()
    }

    /// From now on the records of these rings are taken.
    ///
    /// - Parameters:
    ///   - live: how many connections are open.
    ///   - isShort: see ``Engine/isShortOfDescriptors``.
    package func follow(
        _ rings: [RecordRing], live: @escaping @Sendable () -> Int = { 0 },
        isShort: @escaping @Sendable () -> Bool? = { nil }
    ) {
        state.withLock { state in
            state.rings += rings
            state.live = live
            state.isShort = isShort
        }
        waker.ring()
    }

    /// A new reader of all that comes from now on.
    ///
    /// - Parameter level: what is less grave is not for it; records are at `info`.
    package func subscribe(from level: EventLevel) throws(SystemError) -> Subscription {
        let subscription = try Subscription(from: level, ended: readerEnded)
        state.withLock { $0.subscriptions.append(subscription) }
        return subscription
    }

    /// The same for a reader that takes when it is told to, and not on a thread of its own.
    ///
    /// - Parameters:
    ///   - records: where none are for it, more events may wait.
    ///   - onNews: called, on any thread, when there is something to take again.
    package func subscribe(
        from level: EventLevel, records: RecordsWanted, onNews: @escaping @Sendable () -> Void
    ) -> Subscription {
        let subscription = Subscription(
            from: level, ended: readerEnded, records: records,
            eventLimit: records == .none ? Self.inboxLimit : Subscription.eventLimit, onNews: onNews)
        state.withLock { $0.subscriptions.append(subscription) }
        return subscription
    }

    /// The reader takes no more.
    package func unsubscribe(_ subscription: Subscription) {
        state.withLock { $0.subscriptions.removeAll { $0 === subscription } }
    }

    /// Hands on what is left, and ends the thread and all subscriptions. To be called once, when no worker writes records any more.
    ///
    /// - Returns: false if a subscriber did not take all within a second.
    @discardableResult
    package func finish() -> Bool {
        let (thread, subscriptions) = state.withLock { state in
            state.stops = true
            return (state.thread, state.subscriptions)
        }
        waker.ring()
        thread?.join()
        return readerEnded.wait(within: Self.patience) { subscriptions.allSatisfy(\.hasEnded) }
    }

    // MARK: - the thread

    private func run() {
        var lostBefore = 0
        // Here, since each storm ends in records, and no connection waits for this thread.
        var tide = Tide()
        var shortage = Recurrence()
        var turnedAway = 0
        var headers = HeaderSenders()
        var unexpected: [EdgeEvent] = []
        while true {
            let (events, lostEvents, rings, live, stops) = state.withLock { state in
                defer { (state.inbox, state.lostEvents) = ([], 0) }
                return (state.inbox, state.lostEvents, state.rings, state.live, state.stops)
            }
            let lost = rings.reduce(0) { $0 + $1.lost }
            let (records, count, subscriptions) = state.withLock { state in
                let wanted = state.subscriptions.map(\.recordsWanted).max() ?? .none
                var records: [SharedRecord] = []
                let count = Self.take(rings, &state.totals) { record in
                    switch record.ending.reason {
                    case .descriptorLimit: turnedAway += 1
                    case .proxyHeaderUnexpected:
                        if let client = record.client, headers.note(client.ip, now: Self.seconds) {
                            unexpected.append(
                                .headerUnexpected(
                                    client.ip, listener: record.frontend.takeUnretainedValue().listener.name))
                        }
                    default: break
                    }
                    if wanted.takes(record) { records.append(SharedRecord(taking: record)) } else { record.release() }
                }
                state.totals.lostRecords = lost
                state.totals.lostEvents += lostEvents
                for case .event(let event, _) in events { state.totals.events.add(event) }
                return (records, count, state.subscriptions)
            }
            if shortage.isOver(now: Self.seconds) { post(.descriptorsFree) }
            if shortage.look(turnedAway, now: Self.seconds) { tellOfShortage() }
            for event in unexpected { post(event) }
            unexpected = []
            if tide.looks(live: live(), ended: count + lost - lostBefore, now: Clock.monotonic()) { Memory.giveBack() }
            let entries = Self.inOrder(records, events)
            if !entries.isEmpty || lost > lostBefore || lostEvents > 0 {
                for subscription in subscriptions {
                    subscription.offer(entries, lostRecords: lost - lostBefore, lostEvents: lostEvents)
                }
            }
            lostBefore = lost
            if count > 0 || !events.isEmpty {
                if !stops { usleep(Self.gathering * 1000) }
                continue
            }
            if stops { return subscriptions.forEach { $0.close() } }
            for ring in rings { ring.readerWillSleep() }
            if rings.allSatisfy(\.isEmpty) { waker.wait(timeout: Self.timeout(tide, shortage)) }
        }
    }

    private static var seconds: Int { Int(Clock.monotonic() / 1_000_000) }

    /// Milliseconds; -1: without end.
    private static func timeout(_ tide: Tide, _ shortage: Recurrence) -> Int32 {
        let now = Clock.monotonic()
        let end = shortage.end.map { Int32(clamping: max(0, $0 - Int(now / 1_000_000)) * 1000 + 1) }
        return [tide.timeout(now: now), end].compactMap(\.self).filter { $0 >= 0 }.min() ?? -1
    }

    private func tellOfShortage() {
        let isShort = state.withLock(\.isShort)() ?? true
        post(.descriptorsExhausted(limit: isShort ? DescriptorLimit.current : nil))
    }

    /// Counts what has come.
    ///
    /// - Returns: how many records there were.
    private static func take(_ rings: [RecordRing], _ totals: inout Totals, _ handOn: (Record) -> Void) -> Int {
        var taken = 0
        for ring in rings {
            // No more than a ring holds: a busy worker must not keep the others waiting.
            for _ in 0..<RecordRing.capacity {
                guard let record = ring.pop() else { break }
                totals.add(record)
                if record.inboundBytes > 0, record.frontend.takeUnretainedValue().listener.proto == .smtp {
                    record.place?.takeUnretainedValue().noteClient(record)
                }
                handOn(record)
                taken += 1
            }
        }
        return taken
    }

    /// By the time at which it happened, and as it came where that is the same.
    private static func inOrder(_ records: [SharedRecord], _ events: [LedgerEntry]) -> [LedgerEntry] {
        let all = records.map { LedgerEntry.record($0) } + events
        guard !events.isEmpty, !records.isEmpty else { return all }
        return all.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }
}

/// What a subscriber of the ledger gets.
package enum LedgerEntry: Sendable {
    case record(SharedRecord)
    /// - Parameter at: microseconds since 1970.
    case event(EdgeEvent, at: Int64)

    var time: Int64 {
        switch self {
        case .record(let record): record.endedAt
        case .event(_, let time): time
        }
    }
}
