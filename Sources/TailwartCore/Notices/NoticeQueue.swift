/// What one messenger has still to deliver: in order, one at a time, tried again and again with longer pauses. A value without clock or I/O.
///
/// What is over before anybody could be told that it began is told once, with both.
package struct NoticeQueue: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Notices that wait; of more the oldest are lost.
    package static var limit: Int { 64 }
    /// Between an attempt that failed and the next; the last one again and again.
    package static let pauses: [Duration] = [10, 60, 300, 900, 1800].map { .seconds($0) }
    /// How long a notice is tried.
    package static var patience: Duration { .seconds(24 * 60 * 60) }

    private struct Waiting {
        let notice: Notice
        let since: Instant
    }

    private let label: String
    private var waiting: [Waiting] = []
    private var underWay: Waiting?
    private var attempts = 0
    private var nextTry: Instant?
    /// Notices that were given up since one arrived.
    private var lost = 0

    /// - Parameter label: of the messenger, for the log.
    package init(label: String) { self.label = label }

    package var isEmpty: Bool { waiting.isEmpty && underWay == nil }

    package mutating func add(_ notice: Notice, now: Instant) {
        let isBegun: (Waiting) -> Bool = { $0.notice.id == notice.id && !$0.notice.isOver }
        if notice.isOver, let index = waiting.firstIndex(where: isBegun) {
            waiting[index] = Waiting(notice: notice, since: waiting[index].since)
        } else {
            waiting.append(Waiting(notice: notice, since: now))
            trim()
        }
    }

    private mutating func trim() {
        let surplus = max(0, waiting.count - Self.limit)
        waiting.removeFirst(surplus)
        lost += surplus
    }

    /// When there is something to send; nil: nothing, or one is under way.
    package var nextDue: Instant? {
        guard underWay == nil, let first = waiting.first else { return nil }
        return nextTry ?? first.since
    }

    /// The notice to send now, if one is due; from then on it is under way.
    package mutating func take(now: Instant) -> Notice? {
        guard let due = nextDue, due <= now else { return nil }
        underWay = waiting.removeFirst()
        return underWay?.notice
    }

    /// Takes in what came of the one that was under way.
    ///
    /// - Parameter failure: a sentence without a full stop; nil if it arrived.
    /// - Returns: what is to be said of it: each that arrives, and the first failure after one that did.
    package mutating func delivered(failure: String?, now: Instant) -> EdgeEvent? {
        guard let sent = underWay.take() else { return nil }
        guard let failure else {
            defer { (attempts, nextTry, lost) = (0, nil, 0) }
            return .noticeSent(to: label, sent.notice, lost: lost)
        }
        // The end of what could not be told tells both.
        let isOver = waiting.contains { $0.notice.id == sent.notice.id && $0.notice.isOver }
        if isOver, !sent.notice.isOver {
            // Nothing is lost.
        } else if now - sent.since >= Self.patience {
            lost += 1
        } else {
            waiting.insert(sent, at: 0)
            trim()
        }
        nextTry = now + Self.pauses[min(attempts, Self.pauses.count - 1)]
        attempts += 1
        return attempts == 1 ? .noticeFailed(to: label, failure: failure) : nil
    }
}
