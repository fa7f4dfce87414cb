package import TailwartWire

/// The new process's side of a handover, as ``HandoverGiver`` is the old one's: a value without clock or I/O.
///
/// It accepts nobody before it has decided that it serves, so one that fails has no connection to lose.
package struct HandoverTaker: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// It has said hello.
        case greeted
        /// So many sockets are to come.
        case receiving(left: Int)
        /// It has all, or all that will come, and prepares everything but accepting.
        case preparing
        /// It is ready; the old process lets go.
        ///
        /// - Parameter until: then it decides alone.
        case waiting(until: UInt64)
        /// The old process has decided that it goes on, and has not said so.
        case refused
        /// The workers begin to watch.
        case beginning
        /// It serves, beside an old process that has not let go yet, and looks now and then for whom that one was woken.
        ///
        /// - Parameter look: when next.
        case overlapping(look: UInt64)
        case over(Outcome)
    }

    package enum Outcome: Sendable, Equatable {
        case serves
        /// The process ends; the old one serves.
        case failed(HandoverFault)
    }

    package enum Event: Sendable, Equatable {
        case received(HandoverMessage)
        case receivedOther
        case peerEnded
        /// The answer to ``Effect/prepare``.
        case prepared
        case notPrepared(String)
        /// The answer to ``Effect/takeBaton``.
        case baton(Bool)
        /// The answer to ``Effect/watch``: every worker does.
        case watching
        case tick
    }

    package enum Effect: Sendable, Equatable {
        case send(HandoverMessage)
        /// Open what is missing, start the workers; ``Event/prepared`` or ``Event/notPrepared(_:)`` is the answer.
        case prepare
        case takeBaton
        /// Have the workers watch all sockets, and tell the world; ``Event/watching`` is the answer.
        case watch
        /// Have the workers accept until it would block, whether or not they were woken.
        case look
        /// The sockets are this process's alone: set what is set on a socket for all who have it.
        case settle
    }

    /// How many that were taken over from may still drain. Each holds its connections, threads and memory; takeovers that come faster than
    /// connections end would pile up.
    package static let oldProcesses = 8

    package private(set) var state = State.greeted
    private let deadline: UInt64
    /// The old process has let go, or is gone.
    private var isAlone = false

    package init(now: UInt64) { deadline = now + HandoverTiming.limit }

    package var nextTick: UInt64? {
        switch state {
        case .greeted, .receiving, .preparing, .refused: deadline
        case .waiting(let until): min(until, deadline)
        case .overlapping(let look): min(look, deadline)
        case .beginning, .over: nil
        }
    }

    package mutating func take(_ event: Event, now: UInt64) -> [Effect] {
        switch (state, event) {
        case (.over, _): return []
        case (_, .peerEnded): return oldIsGone()
        case (.beginning, .watching): return watching(now)
        // What comes now changes nothing any more but that the old process has let go.
        case (.beginning, .received(.released)), (.overlapping, .received(.released)): return oldIsGone()
        case (.beginning, _): return []
        case (.overlapping(let look), .tick) where now >= min(look, deadline): return stillOverlapping(now)
        case (.overlapping, _): return []
        case (_, .received(.abort(let reason))): return end(.failed(.peerGaveUp(reason)))
        case (.greeted, .received(.welcome(let party, let doors, let older))):
            guard party.version == HandoverMessage.version else { return giveUp(.version(party.version)) }
            guard older.count < Self.oldProcesses else { return giveUp(.crowded(older.count)) }
            return receive(left: Int(doors))
        case (.receiving(let left), .received(.doors(let doors))) where !doors.isEmpty && doors.count <= left:
            return receive(left: left - doors.count)
        case (.preparing, .prepared):
            guard !isAlone else { return begin() }
            state = .waiting(until: now + HandoverTiming.patience)
            return [.send(.ready)]
        case (.preparing, .notPrepared(let reason)): return giveUp(.notPrepared(reason))
        case (.waiting, .received(.released)):
            isAlone = true
            return [.takeBaton]
        case (.waiting, .baton(true)): return begin()
        case (.waiting, .baton(false)):
            isAlone = false
            state = .refused
            return []
        case (_, .received), (_, .receivedOther): return giveUp(.confused)
        case (.waiting, .tick) where nextTick.map { now >= $0 } ?? false: return [.takeBaton]
        case (_, .tick) where nextTick.map { now >= $0 } ?? false: return giveUp(.tooLate)
        case (_, .tick), (_, .baton), (_, .prepared), (_, .notPrepared), (_, .watching): return []
        }
    }

    private mutating func receive(left: Int) -> [Effect] {
        state = left > 0 ? .receiving(left: left) : .preparing
        return left > 0 ? [] : [.prepare]
    }

    /// It has let go, or has died: nobody else accepts.
    private mutating func oldIsGone() -> [Effect] {
        isAlone = true
        switch state {
        case .greeted, .receiving:
            // With what came, and what can be opened.
            state = .preparing
            return [.prepare]
        case .waiting, .refused: return begin()
        case .overlapping: return end(.serves, [.look, .settle])
        case .preparing, .beginning, .over: return []
        }
    }

    private mutating func begin() -> [Effect] {
        state = .beginning
        return [.watch]
    }

    private mutating func watching(_ now: UInt64) -> [Effect] {
        guard !isAlone else { return end(.serves, [.send(.taken), .look, .settle]) }
        state = .overlapping(look: now + HandoverTiming.patience)
        return [.send(.taken)]
    }

    private mutating func stillOverlapping(_ now: UInt64) -> [Effect] {
        // It hangs. Whenever it goes on it finds the baton gone, and lets go.
        guard now < deadline else { return end(.serves, [.look, .settle]) }
        state = .overlapping(look: now + HandoverTiming.patience)
        return [.look]
    }

    /// Before the baton was asked for: the old process goes on in any case.
    private mutating func giveUp(_ fault: HandoverFault) -> [Effect] {
        end(.failed(fault), [.send(.abort(fault.sentence))])
    }

    private mutating func end(_ outcome: Outcome, _ effects: [Effect] = []) -> [Effect] {
        state = .over(outcome)
        return effects
    }
}
