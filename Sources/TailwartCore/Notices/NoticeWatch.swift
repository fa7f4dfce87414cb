import TailwartWire

/// Decides what one messenger tells of which trouble, and when. A value without clock or I/O.
///
/// - What ends before it has lasted ``Messenger/after`` is not told, but for what is urgent, which is told at once. What comes back within ``calm`` has not ended.
/// - What began within ``company`` of the trouble that falls due, and lasts, is told with it: one cause, one message. What falls due later at
///   the same endpoint, and began in that time, is told already.
/// - What was told is told once more when all of it is over; where some of it lasts, that is told once the rest has been over for
///   ``Messenger/after``.
/// - Each time that a trouble was told within a day doubles how long it must last to be told again, to a day.
package struct NoticeWatch: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// How far apart things may begin that have one cause: health is probed every five minutes where clients are served, and judged by
    /// three probes.
    package static var company: Duration { .seconds(10 * 60) }
    /// What fails in the same moment is told together, however soon it is to be told.
    package static var gathering: Duration { .seconds(2) }
    /// What holds back after an end, at most.
    package static var longestCalm: Duration { .seconds(60) }
    /// Troubles that are followed at a time.
    package static var limit: Int { 512 }
    private static var day: Duration { .seconds(24 * 60 * 60) }

    private struct Entry {
        var trouble: Trouble
        let since: Instant
        /// Seconds since 1970.
        let begun: Int
        /// Since when it is as bad as it is.
        var worseSince: Instant
        var ended: Instant?
        /// The event that it was told with, and how bad it was then.
        var told: (event: Int, rank: Int)?

        var until: Int { begun + Int((ended.map { $0 - since } ?? .zero) / .seconds(1)) }
    }

    /// What was told in one message, and is not over.
    private struct Told {
        let since: Instant
        var begun: Int
        var members: Set<Trouble.Subject>
    }

    private var messenger: Messenger
    private var entries: [Trouble.Subject: Entry] = [:]
    private var events: [Int: Told] = [:]
    private var eventCount = 0
    /// How often each was told lately, and when last.
    private var past: [Trouble.Subject: (times: Int, last: Instant)] = [:]

    package init(_ messenger: Messenger) { self.messenger = messenger }

    /// Other kinds, or another time, from now on.
    package mutating func change(to messenger: Messenger) { self.messenger = messenger }

    /// Takes in that a trouble begins, goes on in another way, or ends.
    ///
    /// - Parameter wall: seconds since 1970, of `now`.
    package mutating func take(_ change: Trouble.Change, now: Instant, wall: Int) {
        switch change {
        case .begins(let trouble):
            guard var entry = entries[trouble.subject], entry.told != nil || !hasEnded(entry, now) else {
                entries[trouble.subject] = nil
                guard entries.count < Self.limit else { return }
                entries[trouble.subject] = Entry(trouble: trouble, since: now, begun: wall, worseSince: now)
                return
            }
            if trouble.rank > entry.trouble.rank { entry.worseSince = now }
            entry.trouble = trouble
            entry.ended = nil
            entries[trouble.subject] = entry
        case .ends(let subject):
            if entries[subject]?.ended == nil { entries[subject]?.ended = now }
        }
    }

    /// What is to be told now. To be called after each ``take(_:now:wall:)``, and at ``nextDue(after:)``.
    package mutating func look(now: Instant) -> [Notice] {
        let notices = ends(now) + dues(now)
        past = past.filter { now - $0.value.last < Self.day }
        return notices
    }

    /// When to look again though nothing has happened; nil: never.
    package func nextDue(after now: Instant) -> Instant? {
        entries.values.lazy.flatMap { entry -> [Instant] in
            if let ended = entry.ended { return [ended + calm, ended + patience] }
            return isToTell(entry) ? [due(entry, now)] : []
        }.filter { $0 > now }.min()
    }

    private var calm: Duration { min(messenger.after, Self.longestCalm) }

    /// How long the end of one part waits for that of the others.
    private var patience: Duration { max(messenger.after, Self.gathering) }

    private func isToTell(_ entry: Entry) -> Bool {
        messenger.on.contains(entry.trouble.subject.kind) && entry.told.map { $0.rank < entry.trouble.rank } ?? true
    }

    private func due(_ entry: Entry, _ now: Instant) -> Instant {
        entry.worseSince + max(wait(entry.trouble.subject, now), Self.gathering)
    }

    private func wait(_ subject: Trouble.Subject, _ now: Instant) -> Duration {
        guard let past = past[subject], now - past.last < Self.day else {
            return subject.isUrgent ? .zero : messenger.after
        }
        return min(max(messenger.after, Self.longestCalm) * (1 << min(past.times, 16)), Self.day)
    }

    // MARK: - what is over

    private mutating func ends(_ now: Instant) -> [Notice] {
        for (subject, entry) in entries where entry.told == nil && hasEnded(entry, now) { entries[subject] = nil }
        return events.keys.sorted().compactMap { end($0, now) }
    }

    private func hasEnded(_ entry: Entry, _ now: Instant) -> Bool { entry.ended.map { $0 + calm <= now } ?? false }

    /// - Returns: nil also where nothing is to be said of it.
    private mutating func end(_ number: Int, _ now: Instant) -> Notice? {
        guard var event = events[number] else { return nil }
        let members = event.members.compactMap { entries[$0] }
        let over = members.filter { hasEnded($0, now) }
        guard let last = over.compactMap(\.ended).max() else { return nil }
        let left = members.filter { !hasEnded($0, now) }
        // One that has ended just now belongs to this end too.
        guard left.isEmpty || left.allSatisfy({ $0.ended == nil }) && last + patience <= now else {
            return nil
        }
        for entry in over {
            entries[entry.trouble.subject] = nil
            past[entry.trouble.subject]?.last = now
        }
        let begun = over.map(\.begun).min() ?? event.begun
        event.members = Set(left.map(\.trouble.subject))
        events[number] = left.isEmpty ? nil : event
        let troubles = Self.shown(over)
        let isOfPlaces = troubles.first.map { [.unhealthy, .degraded].contains($0.subject.kind) } ?? false
        guard !isOfPlaces || messenger.on.contains(.healthy) else { return nil }
        return Notice(
            troubles, id: Self.id(event.begun, number), also: Self.shown(left).map(Self.sentence), since: begun,
            until: over.map(\.until).max())
    }

    // MARK: - what has lasted

    private mutating func dues(_ now: Instant) -> [Notice] {
        let due = entries.values.filter { $0.ended == nil && isToTell($0) && self.due($0, now) <= now }
        let toTell = due.filter { !joinsTold($0) }
        guard let first = toTell.map(\.worseSince).min() else { return [] }
        let company = entries.values.filter { entry in
            entry.ended == nil && entry.told == nil && isToTell(entry)
                && wait(entry.trouble.subject, now) == messenger.after && abs(entry.since, first) <= Self.company
        }
        let told = Set((toTell + company).map(\.trouble.subject))
        for subject in told { explain(subject) }
        eventCount += 1
        let members = told.compactMap { entries[$0] }
        let event = Told(
            since: members.map(\.since).min() ?? first, begun: members.map(\.begun).min() ?? 0, members: told)
        for subject in told {
            // One that has grown worse is no longer part of what was told before.
            if let before = entries[subject]?.told?.event {
                events[before]?.members.remove(subject)
                if events[before]?.members.isEmpty ?? false { events[before] = nil }
            }
            let rank = entries[subject]?.trouble.rank ?? 0
            entries[subject]?.told = (eventCount, rank)
            past[subject] = ((past[subject]?.times ?? 0) + 1, now)
        }
        events[eventCount] = event
        let troubles = Self.shown(members)
        let cause = troubles.first?.cause
        let also = troubles.filter { $0.cause != cause }.map(Self.sentence).withoutRepeats
        return [Notice(troubles, id: Self.id(event.begun, eventCount), also: also, since: event.begun)]
    }

    /// Whether it belongs to what was told already of its endpoint; from then on it does.
    private mutating func joinsTold(_ entry: Entry) -> Bool {
        guard entry.told == nil, let place = entry.trouble.subject.place, Self.isOfPlace(entry.trouble.subject),
            let number = events.first(where: { _, event in
                abs(entry.since, event.since) <= Self.company
                    && event.members.contains {
                        Self.isOfPlace($0) && $0.order <= entry.trouble.subject.order
                            && ($0.place?.hasEndpoint(of: place) ?? false)
                    }
            })?.key
        else { return false }
        events[number]?.members.insert(entry.trouble.subject)
        entries[entry.trouble.subject]?.told = (number, entry.trouble.rank)
        return true
    }

    private static func isOfPlace(_ subject: Trouble.Subject) -> Bool {
        [.unhealthy, .degraded].contains(subject.kind)
    }

    private func abs(_ first: Instant, _ second: Instant) -> Duration {
        first < second ? first.duration(to: second) : second.duration(to: first)
    }

    // MARK: - words

    /// Why a place is turned off, if a probe found that out.
    private mutating func explain(_ subject: Trouble.Subject) {
        guard case .standing(let place) = subject else { return }
        let finding = entries.values.first { entry in
            if case .finding(place, _) = entry.trouble.subject { entry.ended == nil } else { false }
        }?.trouble
        guard let finding else { return }
        entries[subject]?.trouble = Trouble(
            subject, cause: finding.cause, detail: finding.detail, fix: finding.fix)
    }

    private static func id(_ begun: Int, _ number: Int) -> String { "\(begun)-\(number)" }

    /// The likely cause first; what was found at a place that is turned off is not said beside that.
    private static func shown(_ entries: [Entry]) -> [Trouble] {
        let off = Set(
            entries.compactMap { entry -> ProbedPlace? in
                if case .standing(let place) = entry.trouble.subject { place } else { nil }
            })
        let shown = entries.filter { entry in
            if case .finding(let place, _) = entry.trouble.subject { !off.contains(place) } else { true }
        }
        return shown.sorted { first, second in
            let (one, other) = (first.trouble.subject, second.trouble.subject)
            return (one.order, -first.trouble.rank, first.since, one.label ?? "")
                < (other.order, -second.trouble.rank, second.since, other.label ?? "")
        }.map(\.trouble)
    }

    private static func sentence(_ trouble: Trouble) -> String {
        (trouble.subject.label.map { "\($0): " } ?? "") + trouble.cause
    }
}
