import TailwartWire

/// When CrowdSec is asked for its decisions, for which of them, and what follows from what it answers. A value without clock and I/O.
///
/// It fails open: while CrowdSec cannot be asked, each decision holds until it is over by itself.
package struct CrowdSecFeed: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Why there is no answer.
    package struct Failure: Error, Sendable, Equatable {
        /// Of each it is said once, until there is an answer.
        package enum Kind: Sendable {
            case away
            /// There is no key here, or not one that CrowdSec knows.
            case key
            /// What answers is no such API.
            case answer
        }

        package let kind: Kind
        /// Without a full stop.
        package let sentence: String

        package init(_ kind: Kind, _ sentence: String) {
            self.kind = kind
            self.sentence = sentence
        }
    }

    /// Between an answer and the next question, as CrowdSec's own bouncers have it.
    package static let shortestPause = Duration.seconds(10)
    /// The same while there is no answer, in the end.
    package static let longestPause = Duration.seconds(60)
    /// After which all decisions are asked for and not the changes alone: CrowdSec keeps for each key when it was last asked, so an answer
    /// that is lost on the way, or another program with the same key, takes changes away that are never said again.
    package static let wholeTime = Duration.seconds(60 * 60)

    private let name: String
    /// Until when the changes are enough; nil: not now.
    private var changesUntil: Instant?
    private var asksForAll = true
    private var failures = 0
    private var said: Set<Failure.Kind> = []
    /// The last question had an answer.
    private var isFollowed = false
    private var wasFollowed = false

    package init(_ url: NoticeURL) { name = "CrowdSec at \(url.origin)" }

    /// Until the next question.
    package var pause: Duration { min(Self.shortestPause * max(1, failures), Self.longestPause) }

    /// What to ask for now, behind the path of the URL. Without `dedup=false`, of several decisions on one address only that which ends last is
    /// said, and its deletion would be that of all.
    package mutating func question(now: Instant) -> String {
        asksForAll = changesUntil.map { $0 <= now } ?? true
        return "/v1/decisions/stream?startup=\(asksForAll)&scopes=ip,range&dedup=false"
    }

    /// - Parameter book: the bans of now.
    /// - Returns: what follows for it, and what is to be said.
    package mutating func take(
        _ outcome: Result<CrowdSecAnswer, Failure>, book: BanBook, now: Instant
    ) -> (events: [BanBook.Event], said: EdgeEvent?) {
        switch outcome {
        case .success(let answer):
            defer { (failures, said, isFollowed, wasFollowed) = (0, [], true, true) }
            if asksForAll { changesUntil = now + Self.wholeTime }
            let networks = Set(answer.new.map(\.network)).count
            return (
                answer.events(insteadOf: asksForAll ? book : nil),
                isFollowed ? nil : .listLoaded(ListNews(name, networks: networks))
            )
        case .failure(let failure):
            (changesUntil, isFollowed) = (nil, false)
            failures += 1
            guard said.insert(failure.kind).inserted else { return ([], nil) }
            let kept = Set(book.bans.lazy.filter { $0.layer == .crowdsec }.map(\.network)).count
            return ([], .listFailed(name: name, failure: failure.sentence, kept: wasFollowed ? kept : nil))
        }
    }
}
