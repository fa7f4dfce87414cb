import Synchronization
import TailwartCore
import TailwartSystem

/// One reader's place at the ledger: what it has not taken yet, so much and no more, and what it lost.
///
/// Every record and event that the ledger took is in ``next()`` or in the number of an `eventsLost` or `recordsLost` there, which
/// stands where the lost ones would.
package final class Subscription: Sendable {
    /// Records that may wait: a second of a busy edge.
    package static let recordLimit = 1024
    /// Events that may wait; beside the records, so that a flood of these drowns none.
    package static let eventLimit = 256

    private struct State {
        /// What is less grave is not for this reader.
        var level: EventLevel
        var wanted = RecordsWanted.all
        var eventLimit = Subscription.eventLimit
        var entries: [LedgerEntry] = []
        var records = 0
        var events = 0
        /// Since the last entry.
        var lostRecords = 0
        var lostEvents = 0
        var readerSleeps = false
        var isClosed = false
        var hasEnded = false

        /// Records are at `info`.
        var recordsWanted: RecordsWanted { level <= .info ? wanted : .none }
    }

    private let state: Mutex<State>
    /// Tells the reader that there is something to take.
    private let ring: @Sendable () -> Void
    /// Of a reader who waits on a thread of its own.
    private let waker: Waker?
    private let ended: Waker

    /// - Parameter ended: rung when the reader has taken everything.
    init(from level: EventLevel, ended: Waker) throws(SystemError) {
        state = Mutex(State(level: level))
        self.ended = ended
        let waker = try Waker()
        self.waker = waker
        ring = { waker.ring() }
    }

    /// For a reader that takes when it is told to.
    ///
    /// - Parameter eventLimit: events that may wait.
    init(
        from level: EventLevel, ended: Waker, records: RecordsWanted = .all, eventLimit: Int = eventLimit,
        onNews: @escaping @Sendable () -> Void
    ) {
        state = Mutex(State(level: level, wanted: records, eventLimit: eventLimit))
        self.ended = ended
        waker = nil
        ring = onNews
    }

    /// Which records are for it.
    var recordsWanted: RecordsWanted { state.withLock(\.recordsWanted) }

    /// Of what comes from now on.
    func change(to level: EventLevel) { state.withLock { $0.level = level } }

    /// Whether the reader has taken everything, and there will be no more.
    var hasEnded: Bool { state.withLock(\.hasEnded) }

    // MARK: - by the ledger

    /// - Parameters:
    ///   - lostRecords: that did not even reach the ledger.
    func offer(_ entries: [LedgerEntry], lostRecords: Int, lostEvents: Int) {
        let wakes = state.withLock { state in
            let wanted = state.recordsWanted
            for entry in entries {
                switch entry {
                case .record(let record):
                    guard wanted.takes(record.record) else { continue }
                    guard state.records < Self.recordLimit else {
                        state.lostRecords += 1
                        continue
                    }
                    noteLost(&state)
                    state.records += 1
                case .event(let event, _):
                    guard state.level <= event.level else { continue }
                    guard state.events < state.eventLimit else {
                        state.lostEvents += 1
                        continue
                    }
                    noteLost(&state)
                    state.events += 1
                }
                state.entries.append(entry)
            }
            if wanted != .none { state.lostRecords += lostRecords }
            state.lostEvents += lostEvents
            // Not for what was all for others: on a busy edge that is fifty times a second.
            guard !state.entries.isEmpty || state.lostRecords > 0 || state.lostEvents > 0 else { return false }
            return Self.wakes(&state)
        }
        if wakes { ring() }
    }

    /// There will be no more.
    func close() {
        let wakes = state.withLock { state in
            state.isClosed = true
            return Self.wakes(&state)
        }
        if wakes { ring() }
    }

    private static func wakes(_ state: inout State) -> Bool {
        defer { state.readerSleeps = false }
        return state.readerSleeps
    }

    /// What was lost is said where it would have stood.
    private func noteLost(_ state: inout State) {
        guard state.lostEvents > 0 || state.lostRecords > 0 else { return }
        let now = Clock.wall()
        if state.lostEvents > 0 { state.entries.append(.event(.eventsLost(state.lostEvents), at: now)) }
        if state.lostRecords > 0 { state.entries.append(.event(.recordsLost(state.lostRecords), at: now)) }
        (state.lostEvents, state.lostRecords) = (0, 0)
    }

    // MARK: - by the reader

    /// Takes all that has come, perhaps nothing; nil when the ledger has ended and everything was taken. To be called by one thread.
    package func take() -> [LedgerEntry]? {
        let (entries, isOver) = state.withLock { state -> ([LedgerEntry], Bool) in
            noteLost(&state)
            let entries = state.entries
            (state.entries, state.records, state.events) = ([], 0, 0)
            state.readerSleeps = entries.isEmpty && !state.isClosed
            state.hasEnded = entries.isEmpty && state.isClosed
            return (entries, state.hasEnded)
        }
        if isOver { ended.ring() }
        return isOver ? nil : entries
    }

    /// Waits for something to read and takes all of it; nil as above.
    package func next() -> [LedgerEntry]? {
        while true {
            guard let entries = take() else { return nil }
            if !entries.isEmpty { return entries }
            waker?.wait(timeout: -1)
        }
    }
}
