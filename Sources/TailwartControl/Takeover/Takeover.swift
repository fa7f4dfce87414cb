import Glibc
import Synchronization
package import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire

/// The new process's side of a takeover: asks the running edge for its listening sockets, and does what ``HandoverTaker`` says.
package struct Takeover {
    /// It could not take over: the running edge goes on.
    package struct Failure: Error, Sendable {
        package let fault: HandoverFault
    }

    /// What the edge is to begin with: sockets that another process has too, and which nobody of this one watches before it is decided.
    package struct Inheritance: Sendable {
        let sockets: [DoorSocket]

        package static let none = Inheritance(sockets: [])
    }

    /// How long names may take to be known for the first time: the old process knows them, and clients must not wait for that.
    private static let namesLimit: UInt64 = 5_000_000

    private static let tries = 10

    /// How often, and at which distance in microseconds, an address is asked for again that a dying process still has: it ends the connection and
    /// its listening sockets one after the other.
    private static let triesBesideDying = 100
    private static let pauseBesideDying: UInt64 = 20_000

    private let given: Inheritance
    private let prepare: (Inheritance) throws -> Edge
    private var taker: HandoverTaker
    private var sockets: [DoorSocket] = []
    private var olderProcesses: [UInt32] = []
    private var edge: Edge?
    /// When the edge was made.
    private var preparedAt: UInt64?
    private var watching: Acknowledgement?
    /// What the old process knew, until this one does.
    private var estate: HandoverEstate?
    /// The old process has ended the connection, or has ended.
    private var isAlone = false
    private let waker: Waker

    /// Takes over from the edge that has its admin socket at this path. Where there is none, the edge serves at once.
    ///
    /// - Parameters:
    ///   - given: what the service manager gave: for doors whose sockets do not come from the old process.
    ///   - prepare: makes the edge; see ``Edge/init(_:ledger:log:inheriting:)``.
    ///   - began: told when it serves, and whether another one did before.
    /// - Returns: an edge that serves.
    /// - Throws: ``Failure``, and what `prepare` throws where there is none to take over from.
    package static func run(
        at admin: String, besides given: Inheritance, prepare: @escaping (Inheritance) throws -> Edge,
        began: (Edge, _ isTakeover: Bool) -> Void
    ) throws -> Edge {
        let path = TakeoverServer.path(besides: admin)
        var connection: HandoverConnection
        var tries = Self.tries
        while true {
            do throws(SystemError) {
                connection = HandoverConnection(try PacketSocket(connectingTo: path))
                break
            } catch {
                // Nobody is there, or nobody any more.
                guard error.errno == .noEntry || error.errno == .connectionRefused else {
                    throw Failure(fault: .notPrepared("\(path): \(error)"))
                }
            }
            tries -= 1
            do {
                let edge = try prepare(given)
                edge.watch()
                edge.settleSockets()
                began(edge, false)
                return edge
            } catch is ListenErrors where tries > 0 {
                // Perhaps another process has just taken over, and will be asked in a moment.
                HandoverConnection.wait(for: [], until: Clock.monotonic() + 200_000)
            }
        }
        defer { connection.close() }
        guard connection.isTrusted else {
            throw Failure(fault: .notPrepared("\(path) belongs to a process of another user"))
        }
        var takeover = try Takeover(besides: given, prepare)
        let edge = try takeover.run(connection)
        began(edge, true)
        return edge
    }

    private init(besides given: Inheritance, _ prepare: @escaping (Inheritance) throws -> Edge) throws {
        self.prepare = prepare
        self.given = given
        waker = try Waker()
        taker = HandoverTaker(now: Clock.monotonic())
    }

    private mutating func run(_ connection: borrowing HandoverConnection) throws -> Edge {
        connection.send(.hello(.init(process: UInt32(getpid()), program: Version.current.line)))
        // Comes with the first message.
        var baton = Baton(owning: Descriptor())
        defer { baton.close() }
        var events: [HandoverTaker.Event] = []
        while true {
            if case .over(let outcome) = taker.state {
                if case .failed(let fault) = outcome { throw fail(fault) }
                guard let edge else { throw fail(.confused) }
                edge.olderProcesses.withLock { $0 = olderProcesses }
                return edge
            }
            if events.isEmpty { events.append(next(connection, &baton)) }
            for effect in taker.take(events.removeFirst(), now: Clock.monotonic()) {
                switch effect {
                case .send(let message): connection.send(message)
                case .takeBaton: events.append(.baton(baton.take()))
                case .prepare: if let failure = make() { events.append(.notPrepared(failure)) }
                case .watch:
                    // Before anybody comes in.
                    adopt(isServing: false)
                    watching = edge?.watch(waker)
                case .look: edge?.look()
                case .settle:
                    edge?.settleSockets()
                    adopt(isServing: true)
                }
            }
        }
    }

    private func fail(_ fault: HandoverFault) -> Failure {
        edge?.stop()
        return Failure(fault: fault)
    }

    /// - Returns: why it could not.
    private mutating func make() -> String? {
        let besides = given.sockets.filter { other in !sockets.contains { $0.key == other.key } }
        var tries = isAlone ? Self.triesBesideDying : 1
        while true {
            do {
                edge = try prepare(Inheritance(sockets: sockets + besides))
                preparedAt = Clock.monotonic()
                sockets = []
                return nil
            } catch {
                tries -= 1
                guard tries > 0, error is ListenErrors else { return "\(error)" }
                HandoverConnection.wait(for: [], until: Clock.monotonic() + Self.pauseBesideDying)
            }
        }
    }

    private mutating func adopt(isServing: Bool) {
        guard let known = estate, let edge else { return }
        estate = nil
        edge.adopt(known, isServing: isServing)
    }

    private mutating func next(
        _ connection: borrowing HandoverConnection, _ baton: inout Baton
    ) -> HandoverTaker.Event {
        while true {
            waker.clear()
            let now = Clock.monotonic()
            if let acknowledgement = watching, acknowledgement.isComplete {
                watching = nil
                return .watching
            }
            // Not before what it says is needed: what was sent after the old one's decision is read after it.
            switch connection.receive() {
            case .message(let message, var descriptors): return received(message, &descriptors, &baton)
            case .other: return .receivedOther
            case .end:
                isAlone = true
                return .peerEnded
            case .nothing: break
            }
            if let preparedAt, let edge {
                let awaited = edge.awaitedNames
                if awaited.isEmpty {
                    self.preparedAt = nil
                    return .prepared
                }
                if now >= preparedAt + Self.namesLimit {
                    self.preparedAt = nil
                    return .notPrepared("no address is known for \(awaited.joined(separator: ", "))")
                }
            }
            if let tick = taker.nextTick, now >= tick { return .tick }
            let look = preparedAt == nil ? taker.nextTick : min(now + 10_000, taker.nextTick ?? .max)
            connection.wait(until: look, or: [waker.raw])
        }
    }

    private mutating func received(
        _ message: HandoverMessage, _ descriptors: inout DescriptorList, _ baton: inout Baton
    ) -> HandoverTaker.Event {
        switch message {
        case .welcome(let party, _, let older):
            olderProcesses = older + [party.process]
            guard let first = descriptors.takeFirst() else { return .receivedOther }
            baton.close()
            baton = Baton(owning: first)
        case .doors(let doors):
            guard descriptors.count == doors.count else { return .receivedOther }
            for door in doors {
                guard let descriptor = descriptors.takeFirst(),
                    let socket = try? ListeningSocket(adopting: descriptor)
                else { return .receivedOther }
                sockets.append(DoorSocket(socket, of: door.key))
            }
        case .released:
            guard let first = descriptors.takeFirst() else { break }
            var file = MemoryFile(owning: first)
            estate = file.read(limit: HandoverEstate.byteLimit).flatMap { HandoverEstate($0) }
            file.close()
        default: break
        }
        return .received(message)
    }
}
