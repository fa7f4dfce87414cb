import Synchronization
package import TailwartAdmin
package import TailwartCore
package import TailwartSystem
package import TailwartWire

/// Does what ``BanBook`` says: hears of all connections from the ledger and of orders from anybody, tells the door who is banned, keeps the
/// file. On a thread of its own, so that nobody waits for it but who gives an order.
package final class BanKeeper: Sendable {
    /// What it needs of the edge. All of it is called on the keeper's thread and once by its `init`, the owners
    /// on any thread.
    package struct Surroundings: Sendable {
        /// This host's own addresses, with those at which others reach it.
        var own: @Sendable () -> [IPAddress]
        /// Clients of connections that are open now and show that somebody has a mailbox here (``Record/isOfOwner(age:)``).
        var owners: @Sendable () -> [IPAddress]
        /// Puts bans in force; returns when all workers have them.
        var publish: @Sendable (BansInForce) -> Void
        /// What is said of an address at the door: by lists too. On any thread.
        var findings: @Sendable (IPAddress) -> [AccessFinding]
        /// How many networks the table of limits holds, and how many connections it could not count; nil where there is none.
        var table: @Sendable () -> (slots: Int, untracked: Int)?

        package init(
            own: @escaping @Sendable () -> [IPAddress], owners: @escaping @Sendable () -> [IPAddress],
            publish: @escaping @Sendable (BansInForce) -> Void,
            findings: @escaping @Sendable (IPAddress) -> [AccessFinding] = { _ in [] },
            table: @escaping @Sendable () -> (slots: Int, untracked: Int)? = { nil }
        ) {
            self.own = own
            self.owners = owners
            self.publish = publish
            self.findings = findings
            self.table = table
        }
    }

    /// Milliseconds between two times that bans are put in force: each makes the table of the door anew.
    private static let publishPause: UInt64 = 250
    /// The same of writing the file.
    private static let savePause: UInt64 = 1000
    /// Of trying again to write it.
    private static let retryPause: UInt64 = 60_000
    /// Of looking who has a mailbox here, before bans are put in force.
    private static let ownerPause: UInt64 = 10_000
    /// Of looking at this host's addresses, and at the table of limits.
    private static let ownPause: UInt64 = 60_000
    /// That who gives an order waits.
    private static let patience: UInt64 = 5000
    /// That a new process waits with clients until the bans of the old one are in force.
    private static let adoptionPatience: UInt64 = 500

    private struct State {
        var book: BanBook
        var webhook = StalwartWebhook()
        var strange = StrangeNetworks()
        /// Why nothing is written now.
        var failure: String?
        /// Where bans are to be kept.
        var file: String?
        /// Counts the changes that are to be put in force.
        var wanted = 0
        var inForce = 0
        var savesWanted = false
        var waiting: [(generation: Int, waker: Waker)] = []
        var isStopped = false
        /// The thread has ended.
        var isOver = false
        /// Another process writes the file.
        var isElsewhere: Bool
        var thread: Thread?
    }

    private let ledger: Ledger
    let surroundings: Surroundings
    private let subscription: Subscription
    private let state: Mutex<State>
    /// Rung when there is something to do.
    private let news: Waker

    /// Puts in force what the file says.
    ///
    /// - Parameter isFirst: it keeps the file from now on; else another process does, until ``begin()``.
    package init(
        _ settings: BanSettings, isFirst: Bool = true, ledger: Ledger, surroundings: Surroundings
    ) throws(SystemError) {
        self.ledger = ledger
        self.surroundings = surroundings
        let news = try Waker()
        self.news = news
        var book = BanBook(settings)
        var store = BanStore(settings.file)
        let (lines, loading) = store.load()
        var said = loading
        for line in lines { book.restore(line) }
        for case .say(let event) in book.take(.own(surroundings.own()), now: Self.now) { said.append(event) }
        // Before anybody comes in.
        surroundings.publish(book.inForce)
        state = Mutex(State(book: book, failure: store.trouble, file: settings.file, isElsewhere: !isFirst))
        subscription = ledger.subscribe(from: .info, records: .all) { news.ring() }
        for event in said { ledger.post(event) }
        let kept = store
        let thread = try Thread(name: "bans") { self.run(kept) }
        self.state.withLock { $0.thread = thread }
    }

    /// The file says this now.
    package func serve(_ settings: BanSettings) {
        state.withLock { $0.file = settings.file }
        take([.settings(settings)])
    }

    /// Without waiting, as for what CrowdSec says.
    package func give(_ events: [BanBook.Event]) { take(events) }

    /// Gives an order, and waits until it is in force.
    ///
    /// - Returns: false if it is not yet, though it will be.
    package func order(_ events: [BanBook.Event]) -> Bool { waitUntilInForce(take(events)) }

    /// How many bans each layer has.
    package var counts: [BanLayer: Int] {
        state.withLock { state in
            Dictionary(uniqueKeysWithValues: BanLayer.allCases.map { ($0, state.book.count($0)) })
        }
    }

    /// Why bans are not written to their file now; nil if they are, or there is none.
    var failure: String? { state.withLock(\.failure) }

    /// Who was turned away or struck lately.
    var strange: [StrangeNetworks.Row] { state.withLock(\.strange).rows(now: Self.now) }

    /// For questions.
    package var book: BanBook { state.withLock(\.book) }

    /// - Parameter body: whose signature is good.
    package func webhook(_ body: [UInt8]) -> AdminWebhook.Outcome {
        let events: [StalwartWebhook.Event]
        do throws(StalwartWebhook.Failure) {
            events = try StalwartWebhook.read(body.span)
        } catch {
            return .unreadable(error.sentence)
        }
        let consequences = state.withLock { $0.webhook.take(events, now: Self.now).consequences }
        return order(consequences) ? .inForce : .notYet
    }

    /// Looks who has a mailbox here, as is done before bans are put in force; from any thread.
    func learnOwners() { take(surroundings.owners().map { .owner($0) }) }

    /// Everything that outlives this process, for one that takes over.
    package func snapshot() -> [UInt8] {
        BanFile.write(state.withLock { $0.book.handedOver + $0.webhook.lines })
    }

    /// Another process serves, and keeps the file from now on.
    package func letGo() { state.withLock { $0.isElsewhere = true } }

    /// This process serves, and keeps the file from now on.
    package func begin() {
        state.withLock { $0.isElsewhere = false }
        news.ring()
    }

    /// Takes what ``snapshot()`` gave in the process before; returns when it is in force, or would have to be waited for too long.
    ///
    /// - Parameter isServing: what this one has found out since it serves is added to; else only what the other one says holds, with all
    ///   that was lifted there since the file was read here.
    package func adopt(_ snapshot: [UInt8], isServing: Bool = false) {
        guard let content = try? BanFile.read(snapshot.span) else { return }
        let generation = state.withLock { state in
            if isServing {
                for line in content.lines { state.book.restore(line) }
            } else {
                state.book.adopt(content.lines)
            }
            for line in content.lines { state.webhook.restore(line) }
            state.savesWanted = true
            state.wanted += 1
            return state.wanted
        }
        news.ring()
        _ = waitUntilInForce(generation, within: Self.adoptionPatience)
    }

    /// Writes the file once more, and ends.
    package func stop() {
        let thread = state.withLock { state in
            state.isStopped = true
            return state.thread.take()
        }
        news.ring()
        thread?.join()
    }

    // MARK: - what comes in

    private static var now: Int { Int(Clock.wall() / 1_000_000) }

    /// - Returns: the generation that holds what follows; 0 if nothing is to be put in force.
    @discardableResult
    private func take(_ events: [BanBook.Event]) -> Int {
        defer { news.ring() }
        return hear(events)
    }

    /// The same on the thread itself.
    @discardableResult
    private func hear(_ events: [BanBook.Event]) -> Int {
        let (generation, said) = state.withLock { Self.take(events, &$0) }
        for event in said { ledger.post(event) }
        return generation
    }

    private func restore(_ lines: [BanFile.Line]) {
        state.withLock { state in
            for line in lines { state.book.restore(line) }
            state.savesWanted = true
            state.wanted += 1
        }
    }

    private static func take(_ events: [BanBook.Event], _ state: inout State) -> (generation: Int, said: [EdgeEvent]) {
        var said: [EdgeEvent] = []
        var publishes = false
        for event in events {
            for effect in state.book.take(event, now: now) {
                switch effect {
                case .publish: publishes = true
                case .save: state.savesWanted = true
                case .say(let event): said.append(event)
                }
            }
        }
        if publishes { state.wanted += 1 }
        // Also of a ban that is there, and not in force yet.
        return (state.wanted, said)
    }

    private func waitUntilInForce(_ generation: Int, within limit: UInt64 = patience) -> Bool {
        guard let waker = try? Waker() else { return false }
        state.withLock { state in
            if state.inForce < generation { state.waiting.append((generation, waker)) }
        }
        _ = waker.wait(within: limit) { state.withLock { $0.inForce >= generation || $0.isOver } }
        return state.withLock { $0.inForce >= generation }
    }

    // MARK: - the thread

    private struct Times {
        var nextPublish: UInt64 = 0
        var nextSave: UInt64 = 0
        var nextOwners: UInt64 = 0
        var nextOwn: UInt64
    }

    private func run(_ store: BanStore) {
        defer { ledger.unsubscribe(subscription) }
        var store = store
        var fullTable = Recurrence()
        var times = Times(nextOwn: Self.milliseconds + Self.ownPause)
        while true {
            let entries = subscription.take()
            let now = Self.milliseconds
            var events = Self.events(of: entries ?? [])
            if times.nextOwn <= now {
                times.nextOwn = now + Self.ownPause
                events.append(.own(surroundings.own()))
                if let table = surroundings.table(), fullTable.look(table.untracked, now: Int(now / 1000)) {
                    ledger.post(.clientTableFull(connections: table.untracked, slots: table.slots))
                }
            }
            hear(events.isEmpty ? [.tick] : events)
            note(entries ?? [])
            let isStopped = state.withLock(\.isStopped)
            publish(&times, now: now)
            save(&store, &times, now: now, isLast: isStopped)
            guard !isStopped else {
                let waiting = state.withLock { state in
                    state.isOver = true
                    return state.waiting
                }
                return waiting.forEach { $0.waker.ring() }
            }
            guard entries?.isEmpty ?? true else { continue }
            news.wait(timeout: timeout(times))
        }
    }

    private static var milliseconds: UInt64 { Clock.monotonic() / 1000 }

    private static func events(of entries: [LedgerEntry]) -> [BanBook.Event] {
        var events: [BanBook.Event] = []
        for case .record(let shared) in entries {
            let record = shared.record
            guard let client = record.client?.ip else { continue }
            if let strike = record.strike {
                events.append(.struck(client, strike))
            } else if record.isOfOwner(age: record.times.total) {
                events.append(.owner(client))
            }
        }
        return events
    }

    private func note(_ entries: [LedgerEntry]) {
        let strange = entries.compactMap { entry -> (IPAddress, CloseReason)? in
            guard case .record(let shared) = entry, let client = shared.record.client?.ip else { return nil }
            return shared.record.strangeness.map { (client, $0) }
        }
        guard !strange.isEmpty else { return }
        let now = Self.now
        state.withLock { state in
            for (client, reason) in strange { state.strange.add(client, reason, now: now) }
        }
    }

    private func publish(_ times: inout Times, now: UInt64) {
        guard times.nextPublish <= now, state.withLock({ $0.wanted > $0.inForce }) else { return }
        if times.nextOwners <= now {
            times.nextOwners = now + Self.ownerPause
            hear(surroundings.owners().map { .owner($0) })
        }
        let (all, generation) = state.withLock { ($0.book.inForce, $0.wanted) }
        surroundings.publish(all)
        // Where the tables are so large that this takes long, most of the time is for everybody else.
        let end = Self.milliseconds
        times.nextPublish = end + max(Self.publishPause, 9 * (end - min(now, end)))
        let ready = state.withLock { state in
            state.inForce = generation
            defer { state.waiting.removeAll { $0.generation <= generation } }
            return state.waiting.filter { $0.generation <= generation }
        }
        for waiting in ready { waiting.waker.ring() }
    }

    private func save(_ store: inout BanStore, _ times: inout Times, now: UInt64, isLast: Bool) {
        let file = state.withLock(\.file)
        if file != store.path {
            store = BanStore(file)
            let (lines, said) = store.load()
            state.withLock { $0.failure = store.trouble }
            restore(lines)
            for event in said { ledger.post(event) }
            times.nextSave = 0
        }
        guard times.nextSave <= now || isLast else { return }
        let lines = state.withLock { state -> [BanFile.Line]? in
            guard state.savesWanted, !state.isElsewhere else { return nil }
            state.savesWanted = false
            return state.book.lines
        }
        guard let lines else { return }
        if let event = store.save(lines) { ledger.post(event) }
        state.withLock { $0.failure = store.trouble }
        if store.hasFailed { state.withLock { $0.savesWanted = true } }
        times.nextSave = now + (store.hasFailed ? Self.retryPause : Self.savePause)
    }

    /// Milliseconds until there is something to do though nothing happens.
    private func timeout(_ times: Times) -> CInt {
        let now = Self.milliseconds
        let (isWanted, saves, due) = state.withLock { state in
            (state.wanted > state.inForce, state.savesWanted && !state.isElsewhere, state.book.nextDue)
        }
        var next = times.nextOwn
        if isWanted { next = min(next, times.nextPublish) }
        if saves { next = min(next, times.nextSave) }
        if let due {
            let left = UInt64(max(0, due - Self.now))
            next = min(next, now + min(left, 3600) * 1000 + 1)
        }
        return next <= now ? 0 : CInt(clamping: next - now)
    }
}
