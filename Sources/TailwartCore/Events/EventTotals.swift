/// What has come together of events, beside the records of connections: how often, and what was said last.
package struct EventTotals: Sendable, Equatable {
    /// How often something was tried.
    package struct Attempts: Sendable, Equatable {
        package var succeeded = 0
        package var failed = 0

        package init() {}
    }

    /// How packets reach a peer of the tailnet, as it was said last.
    package struct Path: Sendable, Equatable {
        package let peer: String
        package var path: TailnetNews.Path
        /// Nil while nobody has answered.
        package var roundTrip: Duration?
    }

    package var reloads = Attempts()
    package var takeovers = Attempts()
    package private(set) var paths: [Path] = []

    package init() {}

    package mutating func add(_ event: EdgeEvent) {
        switch event {
        case .reloaded: reloads.succeeded += 1
        case .reloadFailed: reloads.failed += 1
        case .takeover: takeovers.succeeded += 1
        case .takeoverFailed: takeovers.failed += 1
        case .tailnet(let news): add(news)
        default: break
        }
    }

    private mutating func add(_ news: TailnetNews) {
        guard news.change != .gone else { return paths = [] }
        guard let peer = news.name, let path = news.path else { return }
        let said = Path(peer: peer, path: path, roundTrip: news.roundTrip)
        if let index = paths.firstIndex(where: { $0.peer == peer }) { paths[index] = said } else { paths.append(said) }
    }
}
