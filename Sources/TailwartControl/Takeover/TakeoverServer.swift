import Glibc
import Synchronization
import TailwartCore
import TailwartEngine
package import TailwartSystem
import TailwartWire

/// The old process's side of takeovers: waits at a Unix socket for a process that wants to take over, and does what ``HandoverGiver`` says. One
/// takeover at a time.
package final class TakeoverServer: Sendable {
    private let edge: Edge
    /// Rung when the workers have done what they were told, and when it is to end.
    private let waker: Waker
    private let stops = Atomic<Bool>(false)
    private let thread: Mutex<Thread?>

    /// Where the takeovers of an edge with this admin socket are asked for. A socket of its own: see docs/architecture.md.
    package static func path(besides admin: String) -> String { admin + ".takeover" }

    /// - Parameter replaces: the path is taken from an older process, whose sockets this one has.
    package init(_ edge: Edge, at path: String, replaces: Bool) throws(SystemError) {
        self.edge = edge
        waker = try Waker()
        thread = Mutex(nil)
        // Whose user may not have the sockets is turned away; nobody else needs to see the file.
        let listening = try ListeningSocket(unixPath: path, isPacket: true, permissions: 0o600, replaces: replaces)
        let held = Mutex<ListeningSocket?>(listening)
        let made = try Thread(name: "takeover") { [self] in
            guard var listening = held.withLock({ $0.take() }) else { return }
            run(&listening)
            listening.close()
        }
        thread.withLock { $0 = made }
    }

    /// Gives up a takeover that is going on, and waits for the thread.
    package func stop() {
        stops.store(true, ordering: .releasing)
        waker.ring()
        thread.withLock { $0.take() }?.join()
    }

    private var isStopping: Bool { stops.load(ordering: .acquiring) }

    private func run(_ listening: inout ListeningSocket) {
        while !isStopping {
            HandoverConnection.wait(for: [listening.socket.raw, waker.raw], until: nil)
            waker.clear()
            guard !isStopping, case .connection(let descriptor, _) = listening.socket.accept() else { continue }
            var connection = HandoverConnection(PacketSocket(owning: descriptor))
            let isGiven = serve(connection, listening.socket)
            connection.close()
            // The path is the new process's, now or in a moment.
            if isGiven { return listening.disown() }
        }
    }

    /// - Returns: whether another process serves now.
    private func serve(_ connection: borrowing HandoverConnection, _ listening: Socket) -> Bool {
        guard connection.isTrusted, let hello = hello(on: connection), var baton = Baton() else { return false }
        defer { baton.close() }
        let begun = HandoverGiver.begin(hello, isFree: true, isStopping: isStopping, now: Clock.monotonic())
        guard case .success(let giver) = begun else {
            if case .failure(let fault) = begun { connection.send(.abort(fault.sentence)) }
            return false
        }
        offer(baton, on: connection)
        switch outcome(giver, baton, connection, listening) {
        case .given: return true
        case .kept(let fault):
            // The other one may serve with them.
            if fault == .stopping { edge.disownPaths() }
            edge.ledger.post(.takeoverFailed(fault.sentence))
            return false
        }
    }

    private func hello(on connection: borrowing HandoverConnection) -> HandoverMessage.Party? {
        let deadline = Clock.monotonic() + HandoverTiming.patience
        while !isStopping, Clock.monotonic() < deadline {
            switch connection.receive() {
            case .message(.hello(let party), _): return party
            case .nothing: connection.wait(until: deadline, or: [waker.raw])
            default: return nil
            }
        }
        return nil
    }

    private func offer(_ baton: borrowing Baton, on connection: borrowing HandoverConnection) {
        let sockets = edge.listeners.sockets
        let party = HandoverMessage.Party(process: UInt32(getpid()), program: Version.current.line)
        let older = edge.olderProcesses.withLock { $0 }.filter(Spawn.isAlive)
        connection.send(
            .welcome(party, doors: UInt16(clamping: sockets.count), older: older), passing: [baton.raw])
        for start in stride(from: 0, to: sockets.count, by: HandoverMessage.doorsInMessage) {
            let some = sockets[start..<min(start + HandoverMessage.doorsInMessage, sockets.count)]
            connection.send(.doors(some.map { .init($0.key) }), passing: some.map(\.socket.raw))
        }
    }

    /// With what this process knows of clients, as of the moment since which nobody accepts.
    private func release(on connection: borrowing HandoverConnection) {
        guard var file = MemoryFile(edge.estate.bytes) else { return connection.send(.released) }
        connection.send(.released, passing: [file.raw])
        file.close()
    }

    private func outcome(
        _ giver: HandoverGiver, _ baton: borrowing Baton, _ connection: borrowing HandoverConnection,
        _ listening: Socket
    ) -> HandoverGiver.Outcome {
        var giver = giver
        var letGo: Acknowledgement?
        var events: [HandoverGiver.Event] = []
        while true {
            if case .over(let outcome) = giver.state { return outcome }
            if events.isEmpty { events.append(next(giver, &letGo, connection, listening)) }
            for effect in giver.take(events.removeFirst(), now: Clock.monotonic()) {
                switch effect {
                case .send(.released): release(on: connection)
                case .send(let message): connection.send(message)
                case .takeBaton: events.append(.baton(baton.take()))
                case .letGo:
                    // While clients are still served: it asks all workers.
                    edge.access.bans.learnOwners()
                    letGo = edge.letGo(waker)
                case .watch: edge.watch()
                case .give: edge.give()
                }
            }
        }
    }

    private func next(
        _ giver: HandoverGiver, _ letGo: inout Acknowledgement?, _ connection: borrowing HandoverConnection,
        _ listening: Socket
    ) -> HandoverGiver.Event {
        while true {
            waker.clear()
            let isStopping = isStopping
            if let acknowledgement = letGo, acknowledgement.isComplete {
                letGo = nil
                return .letGo
            }
            switch connection.receive() {
            case .message(let message, _): return .received(message)
            case .other: return .receivedOther
            case .end: return .peerEnded
            case .nothing: break
            }
            // Not before what was sent: perhaps the other one serves.
            if isStopping { return .stopping }
            if let tick = giver.nextTick, Clock.monotonic() >= tick { return .tick }
            turnAway(at: listening)
            connection.wait(until: giver.nextTick, or: [waker.raw, listening.raw])
        }
    }

    /// Who else wants to take over is told that it must wait.
    private func turnAway(at listening: Socket) {
        guard case .connection(let descriptor, _) = listening.accept() else { return }
        var other = HandoverConnection(PacketSocket(owning: descriptor))
        other.send(.abort(HandoverFault.busy.sentence))
        other.close()
    }
}

extension HandoverMessage.Door {
    init(_ key: Door.Key) { self.init(key.bind, ordinal: UInt16(clamping: key.ordinal)) }

    var key: Door.Key { Door.Key(bind, ordinal: Int(ordinal)) }
}
