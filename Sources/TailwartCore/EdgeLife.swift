/// The life of an edge in the foreground, from its start to its end: what is to be done when something happens. A value without clock or
/// I/O; times are microseconds on one clock, which is the caller's.
package enum EdgeLife: Sendable, Equatable {
    /// - Parameter limit: how long to serve; nil: until a signal.
    case starting(limit: Duration?)
    /// - Parameter until: nil: until a signal.
    case serving(until: UInt64?)
    case draining(until: UInt64)
    /// Another process serves, and this one drains: nobody has asked for its end yet.
    case yielding(until: UInt64)
    case stopping
    case stopped

    package enum Event: Sendable, Equatable {
        /// The edge accepts.
        case started
        case signal(EdgeEvent.StopCause)
        /// Another process serves.
        case takenOver
        /// Somebody asked over the admin interface for an end like that of a signal.
        ///
        /// - Parameter limit: how long connections may finish; nil: as the configuration says.
        case drainWanted(limit: Duration?)
        /// A signal that asks for a reload.
        case reloadSignal
        /// A signal that means nothing to an edge.
        case otherSignal(EdgeEvent.OtherSignal)
        /// No connection is open, or was for a moment.
        case idle
        /// Nothing but time passed.
        case tick
        /// The workers have ended.
        case ended(accepted: Int)
    }

    package enum Effect: Sendable, Equatable {
        case say(EdgeEvent)
        /// Ask for one; whether it may still be is decided in ``Reload``.
        case reload
        /// Accept no more, and tell when no connection is open.
        case drain
        /// End what is left; ``Event/ended(accepted:)`` is the answer.
        case stop
    }

    /// When to come back with a ``Event/tick``; nil: never.
    package var deadline: UInt64? {
        switch self {
        case .serving(let until): until
        case .draining(let until), .yielding(let until): until
        case .starting, .stopping, .stopped: nil
        }
    }

    /// Takes in what happened.
    ///
    /// - Parameters:
    ///   - live: connections that are open now.
    ///   - drain: how long connections may finish once the edge accepts no more.
    package mutating func take(_ event: Event, live: Int, drain: Duration, now: UInt64) -> [Effect] {
        switch (self, event) {
        // What is due is done at the tick that follows at once.
        case (_, .otherSignal(let signal)): return [.say(.signalIgnored(signal))]
        case (_, .reloadSignal): return [.reload]
        case (.starting(let limit), .started):
            self = .serving(until: limit.map { now + $0.microseconds })
            return []
        case (.serving, .signal(let cause)):
            return beginDrain(cause, drain, live, now)
        case (.serving, .takenOver):
            self = .yielding(until: now + drain.microseconds)
            return [.say(.draining(.takenOver, live: live, limit: drain)), .drain]
        case (.yielding(let until), .signal):
            // A service manager that stops the service, as for a restart, knows nothing of the takeover.
            self = .draining(until: until)
            return []
        case (.serving, .drainWanted(let limit)):
            return beginDrain(.asked, limit ?? drain, live, now)
        case (.serving(let until?), _) where now >= until:
            return beginDrain(.timeIsUp, drain, live, now)
        case (.draining, .signal(let cause)):
            self = .stopping
            return [.say(.cutShort(cause, live: live)), .stop]
        case (.draining(let until), _) where live == 0 || now >= until,
            (.yielding(let until), _) where live == 0 || now >= until:
            self = .stopping
            return [.stop]
        case (.stopping, .ended(let accepted)):
            self = .stopped
            return [.say(.stopped(accepted: accepted))]
        default:
            return []
        }
    }

    private mutating func beginDrain(
        _ cause: EdgeEvent.StopCause, _ drain: Duration, _ live: Int, _ now: UInt64
    ) -> [Effect] {
        self = .draining(until: now + drain.microseconds)
        return [.say(.draining(cause, live: live, limit: drain)), .drain]
    }
}
