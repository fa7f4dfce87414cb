/// Decides who is told what of the running edge, from its events. A value without clock or I/O: events go in with the time, effects come
/// out.
///
/// Nothing of it outlives the edge: one that is started anew tells what lasts again, once it has lasted from then on.
package struct Notices: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Event: Sendable {
        /// Nothing but time passed.
        case tick
        case happened(EdgeEvent)
        /// From now on these are told.
        ///
        /// - Parameters:
        ///   - places: that are probed; nobody would ever say that another one is well again.
        ///   - names: of mailboxes that are looked for in the tailnet.
        case serves([Messenger], places: Set<ProbedPlace>, names: Set<String>)
        /// - Parameter failure: a sentence without a full stop; nil if it arrived.
        case delivered(Messenger.Way, failure: String?)
    }

    package enum Effect: Sendable, Equatable {
        /// Deliver it; what comes of it is ``Event/delivered(_:failure:)``.
        case send(Notice, Messenger)
        case say(EdgeEvent)
    }

    private struct Told {
        var messenger: Messenger
        var watch: NoticeWatch
        var queue: NoticeQueue
    }

    /// What goes on, for a messenger that is new.
    private struct Open {
        var trouble: Trouble
        let since: Instant
        let wall: Int
    }

    private var told: [Told] = []
    private var open: [Trouble.Subject: Open] = [:]

    package init() {}

    /// - Parameter wall: seconds since 1970, of `now`.
    package mutating func take(_ event: Event, now: Instant, wall: Int) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .tick: break
        case .happened(let event): for change in Trouble.changes(event) { take(change, now, wall) }
        case .serves(let messengers, let places, let names): serve(messengers, places, names, now, wall)
        case .delivered(let way, let failure):
            if let index = told.firstIndex(where: { $0.messenger.way == way }),
                let news = told[index].queue.delivered(failure: failure, now: now)
            {
                effects.append(.say(news))
            }
        }
        for index in told.indices {
            for notice in told[index].watch.look(now: now) { told[index].queue.add(notice, now: now) }
            if let notice = told[index].queue.take(now: now) { effects.append(.send(notice, told[index].messenger)) }
        }
        return effects
    }

    /// When to come back with a ``Event/tick``; nil: never.
    package func nextDue(after now: Instant) -> Instant? {
        told.flatMap { [$0.watch.nextDue(after: now), $0.queue.nextDue] }.compactMap(\.self).min()
    }

    private mutating func take(_ change: Trouble.Change, _ now: Instant, _ wall: Int) {
        switch change {
        case .begins(let trouble):
            if open[trouble.subject] != nil {
                open[trouble.subject]?.trouble = trouble
            } else if open.count < NoticeWatch.limit {
                open[trouble.subject] = Open(trouble: trouble, since: now, wall: wall)
            }
        case .ends(let subject): open[subject] = nil
        }
        for index in told.indices { told[index].watch.take(change, now: now, wall: wall) }
    }

    private mutating func serve(
        _ messengers: [Messenger], _ places: Set<ProbedPlace>, _ names: Set<String>, _ now: Instant, _ wall: Int
    ) {
        let gone = open.keys.filter { subject in
            switch subject {
            case .peer(let name), .key(of: let name?): !names.contains(name)
            default: subject.place.map { !places.contains($0) } ?? false
            }
        }
        for subject in gone { take(.ends(subject), now, wall) }
        let before = told
        told = messengers.map { messenger in
            if var same = before.first(where: { $0.messenger.way == messenger.way }) {
                same.messenger = messenger
                same.watch.change(to: messenger)
                return same
            }
            var watch = NoticeWatch(messenger)
            for entry in open.values { watch.take(.begins(entry.trouble), now: entry.since, wall: entry.wall) }
            return Told(messenger: messenger, watch: watch, queue: NoticeQueue(label: messenger.label))
        }
    }
}
