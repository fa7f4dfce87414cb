import TailwartCore
import TailwartSystem
import TailwartWire

/// One thread of the data plane: its own epoll, its own sessions, nothing shared but the listening sockets.
///
/// Everything here is touched by that thread alone: the value is made on it and never leaves it. What crosses is the ``WorkerInbox``
/// (in), the ``RecordRing`` (out) and the counts in the objects of the ``Topology``. No call on this thread blocks, but for the wait for events.
///
/// A structure and not a class, so that the compiler proves once that no two accesses overlap, where a class has it checked at
/// run time, at each access.
struct Worker: ~Copyable {
    /// What a worker is made of: values and shared parts that may cross to its thread.
    struct Parts: Sendable {
        let number: Int
        /// How many there are.
        let workers: Int
        let topology: Topology
        let rules: AccessRules
        /// The sockets to listen on come through it.
        let inbox: WorkerInbox
        let ring: RecordRing
        /// Rung when the edge drains and no connection is open.
        let idle: Waker
        /// Different for each worker and each start, so that record ids do not repeat.
        let idSeed: UInt64
        /// An epoll descriptor, which the worker takes over: made before its thread, so that a lack of descriptors is an error of
        /// the start and not of the thread.
        let epoll: CInt
    }

    /// Shared by all sessions: bytes stay here only between a read and the write that follows.
    static let bufferSize = 64 * 1024
    /// What one flow may move before others get their turn.
    static let byteBudget: UInt64 = 4 * 1024 * 1024
    /// Over this many bytes that receivers would not take, reads become small: 8000 stalled receivers then hold 32 MiB and not
    /// 512 MiB.
    static let leftoverComfort = 16 * 1024 * 1024

    let parts: Parts
    let buffer: UnsafeMutableRawBufferPointer
    var epoll: Epoll
    var sessions = SessionTable()
    var timers: TimerWheel
    var pipes: PipePool
    var reserve = Descriptor.reserve()
    /// See ``DescriptorLimit/ofConnections``.
    var descriptorLimit = DescriptorLimit.ofConnections
    var topology: Topology
    /// By the number in a listening socket's token; nil where a door is gone.
    var accepting: [Accepting?] = []
    /// The time, read once per wake-up, and how many clients wait.
    var around: Surroundings
    var nextID: UInt64
    /// Listening sockets that are not asked at the moment, because descriptors have run out.
    var isPaused = false
    var resumeAt: UInt64 = 0
    /// In the leftovers of all sessions.
    var leftoverBytes = 0
    /// Flows that spent their byte budget.
    var queue: [LegToken] = []
    var spareQueue: [LegToken] = []
    var warm = WarmPool()
    /// Events of the present wake-up.
    var batch = 0
    var isDraining = false
    var isStopping = false

    /// Upper bits of epoll's user data: a session's token has them clear.
    static let listenerToken: UInt64 = 1 << 63
    static let inboxToken: UInt64 = 1 << 62
    static let warmToken: UInt64 = 1 << 61

    init(_ parts: Parts) {
        self.parts = parts
        pipes = PipePool(workers: parts.workers, descriptorLimit: descriptorLimit)
        buffer = .allocate(byteCount: Self.bufferSize, alignment: 64)
        epoll = Epoll(owning: parts.epoll)
        around = Surroundings(now: Clock.monotonic(), rules: parts.rules)
        timers = TimerWheel(now: around.now)
        topology = parts.topology
        nextID = parts.idSeed
        let error = epoll.add(parts.inbox.waker.raw, .readable, token: Self.inboxToken)
        precondition(error == nil, "the inbox could not be watched")
    }

    /// Serves until told to stop, closes all sessions and gives back what the worker owns.
    mutating func run() {
        wantWarm()
        while !isStopping {
            parts.inbox.live = sessions.count
            let count = epoll.wait(timeout: timeout())
            batch = count
            around.now = Clock.monotonic()
            timers.advance(to: now)
            for index in 0..<count {
                let (token, readiness) = epoll.event(index)
                handle(token, readiness)
            }
            continueQueued()
            while let index = timers.popDue(now: now) {
                if let session = sessions.live(at: index) { timerFired(session) }
            }
            if isPaused, now >= resumeAt { startAccepting() }
            if now >= warm.nextCheck { tendWarm() }
        }
        closeAll()
        parts.inbox.live = 0
        warm.closeAll()
        epoll.close()
        reserve.close()
        buffer.deallocate()
    }

    /// Microseconds on the monotonic clock.
    var now: UInt64 { around.now }

    private func timeout() -> CInt {
        if !queue.isEmpty { return 0 }
        let timer = timers.timeout(now: now)
        let other = min(isPaused ? resumeAt : .max, warm.nextCheck)
        guard other < .max else { return timer }
        let pause = other > now ? CInt(clamping: (other - now) / 1000 + 1) : 0
        return timer < 0 ? pause : min(timer, pause)
    }

    private mutating func handle(_ token: UInt64, _ readiness: Readiness) {
        if token & Self.listenerToken != 0 {
            accept(Int(token & 0xffff))
        } else if token & Self.inboxToken != 0 {
            readInbox()
        } else if token & Self.warmToken != 0 {
            warmIsReady(WarmPool.Token(rawValue: token & ~Self.warmToken), readiness)
        } else {
            guard let leg = sessions.find(LegToken(rawValue: token)) else { return }
            legIsReady(leg, readiness)
        }
    }

    private mutating func legIsReady(_ leg: LegReference, _ readiness: Readiness) {
        let session = leg.session
        // In every phase: an end that comes before the relay must not be forgotten there.
        if readiness.has(.unusual) {
            session.note(leg.side)
            if readiness.has(.end) { session.noteEnd(leg.side) }
        }
        guard !session.isRelaying else { return relayIsReady(leg, readiness) }
        guard leg.side == .upstream else { return clientIsReady(session, readiness) }
        upstreamIsReady(session, readiness)
        // The upstream may have greeted already; that edge is spent.
        if readiness.has(.readable), isRelayed(leg) { relayIsReady(leg, readiness) }
    }

    private mutating func clientIsReady(_ session: UnsafeMutablePointer<Session>, _ readiness: Readiness) {
        // Bytes that were sent before a reset can still be peeked, so the peek alone would not tell of it.
        guard readiness.has(.error) else { return perform(session, session.pointee.connection.clientIsReady()) }
        let error = session.pointee.client.socket.takeError() ?? .connectionReset
        perform(session, session.pointee.connection.clientFailed(LegFault(error), &around))
    }

    private mutating func upstreamIsReady(_ session: UnsafeMutablePointer<Session>, _ readiness: Readiness) {
        guard session.pointee.connection.isConnecting else {
            return perform(session, session.pointee.connection.upstreamIsReady())
        }
        if readiness.has(.error), let error = session.pointee.upstream.socket.takeError() {
            perform(session, session.pointee.connection.connectAnswered(.failed(LegFault(error)), &around))
        } else if readiness.has(.anythingToWrite) {
            perform(session, session.pointee.connection.connectAnswered(.connected, &around))
        }
    }

    /// The session's timer has fired: perhaps early, perhaps a connection was active meanwhile.
    private mutating func timerFired(_ session: UnsafeMutablePointer<Session>) {
        perform(
            session,
            session.pointee.isDoomed
                ? session.pointee.connection.cannotBeWatched(&around)
                : session.pointee.connection.timeIsOver(&around))
    }

    private mutating func readInbox() {
        let message = parts.inbox.take()
        if let rules = message.rules { around.rules = rules }
        if message.letsGo { giveUpDoors() }
        if message.topology != nil || !message.opened.isEmpty { adopt(message.topology ?? topology, message.opened) }
        for acknowledgement in message.acknowledgements { acknowledgement.give() }
        if message.drains, !isDraining {
            isDraining = true
            giveUpDoors()
            ringIfIdle()
        }
        if message.looks { look() }
        if !message.closes.isEmpty { closeAll(at: message.closes) }
        for (survey, start) in message.surveys { answer(survey, from: start) }
        if message.stops { isStopping = true }
    }

    /// Each worker looks when it begins to drain and whenever one of its connections goes, so whoever had the last one rings.
    func ringIfIdle() {
        if isDraining, topology.headcount.live == 0 { parts.idle.ring() }
    }

    /// New connections are served by the new topology; the others go on with theirs.
    private mutating func adopt(_ topology: Topology, _ opened: [DoorSocket]) {
        leaveDoors(without: topology, opened)
        self.topology = topology
        changeDoors(opened)
        wantWarm()
    }

    /// Ends what is relayed to places that became unhealthy, whatever topology it was accepted under.
    private mutating func closeAll(at places: [Place]) {
        for index in 0..<UInt32(sessions.capacity) {
            guard let session = sessions.live(at: index), session.isRelaying,
                let place = session.pointee.connection.record.place?.takeUnretainedValue(),
                places.contains(where: { $0 === place })
            else { continue }
            perform(session, session.pointee.connection.placeTurnedUnhealthy(&around))
        }
    }

    private mutating func closeAll() {
        stopAccepting()
        for index in 0..<UInt32(sessions.capacity) {
            guard let session = sessions.live(at: index) else { continue }
            perform(session, session.pointee.connection.stop(&around))
        }
    }
}
