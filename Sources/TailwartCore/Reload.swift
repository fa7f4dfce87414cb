import TailwartWire

/// Serving one configuration after the other without an end: what is to be done when a reload is asked for, and what has to be done
/// before what. A value without clock or I/O; times are microseconds on one clock, which is the caller's.
///
/// One reload at a time. Whoever asks while one is going on is served by one more after it. Until ``Effect/apply(_:)`` nothing
/// that clients meet has changed, so all that goes wrong before leaves everything as it was.
package struct Reload: Sendable, Equatable {
    /// How long the addresses of names that are new are waited for, before they are dialled: clients that come meanwhile are served as
    /// before, where they would be turned away. Behind that they are as at a start.
    package static let nameLimit: UInt64 = 3_000_000

    package enum State: Sendable, Equatable {
        case serving
        case reading
        /// The addresses that are new are bound.
        case opening(Change)
        /// The new names are looked up.
        case lookingUp(Change, until: UInt64)
        /// The edge drains: what it serves does not change any more.
        case closed
    }

    /// From what is served to what was read.
    package struct Change: Sendable, Equatable {
        /// Served so far.
        package let previous: Configuration
        /// As far as it can be served without a restart.
        package let configuration: Configuration
        package let difference: ConfigurationDifference
        let warnings: [CommandAnswer.Problem]
    }

    package enum Event: Sendable, Equatable {
        case wanted
        case read(ConfigurationReading)
        /// The new addresses are bound, but for these.
        case opened(problems: [CommandAnswer.Problem])
        /// Each new name has an address.
        case named
        /// Nothing but time passed.
        case tick
        /// The edge begins to drain.
        case closing
    }

    package enum Effect: Sendable, Equatable {
        /// Read the file; the answer is ``Event/read(_:)``.
        case read
        /// Bind what is new; the answer is ``Event/opened(problems:)``.
        case open(Configuration)
        /// Look these names up, besides those that are known; the answer is ``Event/named`` or, in time, ``Event/tick``.
        case lookUp([String])
        /// Close what was bound for it and forget its names: it will not be served.
        case giveBack
        /// Serve it.
        case apply(Change)
        /// Tell who asked.
        case answer(ReloadOutcome)
    }

    package private(set) var state = State.serving
    /// What is served.
    package private(set) var configuration: Configuration
    /// How many configurations have been served, this one included.
    package private(set) var generation = 1
    private var isWantedAgain = false

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// When to come back with a ``Event/tick``; nil: never.
    package var deadline: UInt64? { if case .lookingUp(_, let until) = state { until } else { nil } }

    package mutating func take(_ event: Event, now: UInt64) -> [Effect] {
        switch (state, event) {
        case (.closed, .wanted), (.closed, .read): return [.answer(.refused([Self.tooLate]))]
        case (.closed, .opened): return [.giveBack, .answer(.refused([Self.tooLate]))]
        case (.closed, _): return []
        case (.lookingUp, .closing):
            state = .closed
            return [.giveBack, .answer(.refused([Self.tooLate]))]
        case (_, .closing):
            // Where somebody reads or binds, the end of that is waited for.
            state = .closed
            return []
        case (.serving, .wanted):
            state = .reading
            return [.read]
        case (_, .wanted):
            isWantedAgain = true
            return []
        case (.reading, .read(.bad(let problems))):
            return end(.refused(problems))
        case (.reading, .read(.good(let read, let warnings))):
            let difference = ConfigurationDifference(from: configuration, to: read)
            let change = Change(
                previous: configuration, configuration: read.withoutRestart(after: configuration),
                difference: difference, warnings: warnings)
            // What is not told, such as another order of listeners, is served all the same.
            guard change.configuration != configuration else { return end(.reloaded(difference, warnings: warnings)) }
            state = .opening(change)
            return [.open(change.configuration)]
        case (.opening, .opened(let problems)) where !problems.isEmpty:
            return [.giveBack] + end(.refused(problems))
        case (.opening(let change), .opened):
            let known = Set(configuration.hostNames)
            let names = change.configuration.hostNames.filter { !known.contains($0) }
            guard !names.isEmpty else { return apply(change) }
            state = .lookingUp(change, until: now + Self.nameLimit)
            return [.lookUp(names)]
        case (.lookingUp(let change, _), .named):
            return apply(change)
        case (.lookingUp(let change, let until), _) where now >= until:
            return apply(change)
        default:
            return []
        }
    }

    private mutating func apply(_ change: Change) -> [Effect] {
        configuration = change.configuration
        generation += 1
        return [.apply(change)] + end(.reloaded(change.difference, warnings: change.warnings))
    }

    private mutating func end(_ outcome: ReloadOutcome) -> [Effect] {
        state = isWantedAgain ? .reading : .serving
        defer { isWantedAgain = false }
        return [.answer(outcome)] + (isWantedAgain ? [.read] : [])
    }

    private static let tooLate = CommandAnswer.Problem(
        .error, "the edge is draining: what it serves does not change any more",
        fix: "Start it with the changed file.")
}

/// What reading the configuration file anew came to.
package enum ConfigurationReading: Sendable, Equatable {
    case good(Configuration, warnings: [CommandAnswer.Problem])
    case bad([CommandAnswer.Problem])
}

/// What came of a reload.
package enum ReloadOutcome: Sendable, Equatable {
    /// The new configuration is served; the difference may be empty.
    case reloaded(ConfigurationDifference, warnings: [CommandAnswer.Problem])
    /// Nothing has changed.
    case refused([CommandAnswer.Problem])

    /// What a script gets.
    package var answer: CommandAnswer {
        switch self {
        case .reloaded(let difference, let warnings): difference.answer(problems: warnings)
        case .refused(let problems): CommandAnswer(isGood: false, problems: problems, ["changes": .list([])])
        }
    }
}

extension ConfigurationDifference {
    /// What a script gets of a good file.
    package func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        CommandAnswer(isGood: true, problems: problems, ["changes": json])
    }
}
