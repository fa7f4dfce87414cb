package import TailwartWire

/// The old process's side of a handover: what it does when something happens. A value without clock or I/O; times are microseconds on one clock,
/// which is the caller's. Verify/ has the model of both sides.
///
/// Until the workers have let go it accepts; then it keeps the sockets, unwatched, until the new process says that it has taken them. Where one
/// side is silent, the baton decides: the first who takes it says whether the new process serves (it took it) or the old one (it did). Who sees
/// the other's end serves, whatever the baton says.
package struct HandoverGiver: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// The sockets are on their way, or there: the new process prepares itself.
        case offered
        /// The workers let go.
        case releasing
        /// They have; the new process is about to take the baton.
        ///
        /// - Parameter until: then it is asked for its decision.
        case released(until: UInt64)
        /// It has the baton, and has not said that it serves.
        case decided
        case over(Outcome)
    }

    package enum Outcome: Sendable, Equatable {
        /// The new process serves: this one drains.
        case given
        case kept(HandoverFault)
    }

    package enum Event: Sendable, Equatable {
        case received(HandoverMessage)
        /// Not a message, or one with the wrong number of descriptors.
        case receivedOther
        /// The end of the stream, or an error.
        case peerEnded
        /// All workers have let go, and have taken who waited.
        case letGo
        /// The answer to ``Effect/takeBaton``: whether it was there.
        case baton(Bool)
        /// The process is to end.
        case stopping
        /// Nothing but time passed.
        case tick
    }

    package enum Effect: Sendable, Equatable {
        case send(HandoverMessage)
        case takeBaton
        /// Have the workers let go; ``Event/letGo`` is the answer.
        case letGo
        /// Have the workers watch again.
        case watch
        /// Close the sockets, and leave the paths of Unix sockets where they are; drain.
        case give
    }

    package private(set) var state: State
    private let deadline: UInt64
    /// Known while the workers let go.
    private var peer = Peer.silent
    /// Why the baton is asked for.
    private var fault = HandoverFault.tooLate

    private enum Peer: Sendable, Equatable {
        case silent
        /// It has taken the baton.
        case decided
        /// It serves.
        case serves
        case gone(HandoverFault)
    }

    /// What the first message of a connection leads to: a handover whose welcome is to be sent, or a reason to refuse.
    ///
    /// - Parameter isFree: no other handover is under way.
    package static func begin(
        _ hello: HandoverMessage.Party, isFree: Bool, isStopping: Bool, now: UInt64
    ) -> Result<HandoverGiver, HandoverFault> {
        if hello.version != HandoverMessage.version { return .failure(.version(HandoverMessage.version)) }
        if isStopping { return .failure(.stopping) }
        guard isFree else { return .failure(.busy) }
        return .success(HandoverGiver(now: now))
    }

    package init(now: UInt64) {
        state = .offered
        deadline = now + HandoverTiming.limit
    }

    /// When to come back with a ``Event/tick``; nil: never.
    package var nextTick: UInt64? {
        switch state {
        case .offered, .decided: deadline
        // Nothing is decided before the workers have answered, unless the new process has long been waiting.
        case .releasing: peer == .silent ? deadline : nil
        case .released(let until): min(until, deadline)
        case .over: nil
        }
    }

    package mutating func take(_ event: Event, now: UInt64) -> [Effect] {
        switch (state, event) {
        case (.over, _): return []
        case (.offered, .received(.ready)):
            state = .releasing
            return [.letGo]
        case (.releasing, .letGo): return hasLetGo(now)
        case (_, .received(.taken)): return newServes()
        case (_, .received(.abort(let reason))): return newIsGone(.peerGaveUp(reason))
        case (_, .peerEnded): return newIsGone(.peerEnded)
        case (_, .received), (_, .receivedOther): return confused()
        // The new process sees the end of the stream, and serves if it has the sockets.
        case (_, .stopping): return end(.kept(.stopping), [])
        case (_, .baton(let isMine)): return decide(isMine)
        case (_, .tick) where nextTick.map { now >= $0 } ?? false:
            guard state != .decided else { return end(.given, [.give]) }
            return [.takeBaton]
        case (_, .tick), (_, .letGo): return []
        }
    }

    private mutating func hasLetGo(_ now: UInt64) -> [Effect] {
        switch peer {
        case .silent: state = .released(until: now + HandoverTiming.patience)
        case .decided: state = .decided
        case .serves: return end(.given, [.send(.released), .give])
        case .gone(let fault): return end(.kept(fault), [.watch])
        }
        return [.send(.released)]
    }

    private mutating func newServes() -> [Effect] {
        switch state {
        case .releasing:
            peer = .serves
            return []
        case .released, .decided: return end(.given, [.give])
        case .offered, .over: return confused()
        }
    }

    private mutating func newIsGone(_ fault: HandoverFault) -> [Effect] {
        switch state {
        case .offered: return end(.kept(fault), [])
        case .releasing:
            // Who serves may close the connection.
            if peer != .serves { peer = .gone(fault) }
            return []
        case .released, .decided: return end(.kept(fault), [.watch])
        case .over: return []
        }
    }

    /// It may have decided that it serves, whatever it says.
    private mutating func confused() -> [Effect] {
        fault = .confused
        return [.takeBaton]
    }

    private mutating func decide(_ isMine: Bool) -> [Effect] {
        switch state {
        case .offered:
            guard !isMine else { return end(.kept(fault), [.send(.abort(fault.sentence))]) }
            // It has decided already: its message that it is ready was not read yet.
            peer = .decided
            state = .releasing
            return [.letGo]
        case .releasing:
            guard isMine else {
                peer = .decided
                return []
            }
            peer = .gone(fault)
            return [.send(.abort(fault.sentence))]
        case .released:
            guard !isMine else { return end(.kept(fault), [.send(.abort(fault.sentence)), .watch]) }
            state = .decided
            return []
        case .decided, .over: return []
        }
    }

    private mutating func end(_ outcome: Outcome, _ effects: [Effect]) -> [Effect] {
        state = .over(outcome)
        return effects
    }
}
