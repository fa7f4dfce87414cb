/// Decides when which list is read or fetched, what holds of it, and what is said of it. A value without clock or I/O: events go in with the time,
/// effects come out.
///
/// A list that cannot be had, or has nothing in it any more, is as it was: neither an empty download nor a file that somebody moved away opens or
/// closes anything. That it fails is said once, and once when it is back.
package struct ListBook: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Event: Sendable {
        /// Nothing but time passed.
        case tick
        /// From now on these lists hold.
        case serves([NetworkList])
        /// The files at these paths may be others.
        case changed(Set<String>)
        /// What came of ``Effect/watch(_:)`` where it failed: nobody will say that the file changes.
        case unwatched(String)
        /// What came of ``Effect/read(_:)`` and ``Effect/fetch(_:_:)``.
        case got(NetworkList.Source, Outcome)
        /// What came of ``Effect/recall(_:)``: it holds until the server has answered, which may be away too.
        case kept(NoticeURL, NetworkListReading)
    }

    package enum Outcome: Sendable {
        /// With what the server wants to hear again with the next question.
        case read(NetworkListReading, Validator? = nil)
        /// As the server says.
        case unchanged
        /// A sentence without a full stop.
        case failed(String)
    }

    /// What a server tells an answer from another one by (RFC 9110 section 8.8).
    package struct Validator: Sendable, Equatable {
        package let etag: String?
        package let lastModified: String?

        /// Nil if the server says neither.
        package init?(etag: String?, lastModified: String?) {
            guard etag != nil || lastModified != nil else { return nil }
            self.etag = etag
            self.lastModified = lastModified
        }
    }

    package enum Effect: Sendable {
        /// Say ``Event/changed(_:)`` of this file from now on.
        case watch(String)
        case forget(String)
        case read(String)
        case fetch(NoticeURL, Validator?)
        /// Say ``Event/kept(_:_:)`` if something was kept of this one when it was last fetched.
        case recall(NoticeURL)
        /// These hold, each with its networks.
        case publish([AccessLists.List])
        case say(EdgeEvent)
    }

    private struct Entry {
        var list: NetworkList
        /// Nil as long as there is none.
        var networks: PackedNetworks?
        var validator: Validator?
        /// When it is read or fetched.
        var due: Instant?
        /// When the first of the changes came for which it is due.
        var changedSince: Instant?
        var isUnderWay = false
        /// Since it was last had.
        var failures = 0
        var isWatched = false

        var path: String? { if case .file(let path) = list.source { path } else { nil } }
    }

    /// So long nothing must change before a file is read: who writes it may not be done.
    static let quiet = Duration.milliseconds(200)
    /// …and no longer than this after the first change.
    static let longestQuiet = Duration.seconds(2)
    /// After the first failure; each further one waits four times as long, up to `every`.
    static let retry = Duration.seconds(60)

    private var entries: [Entry] = []
    private var isPublished = true

    package init() {}

    /// When ``Event/tick`` is to come; nil: never.
    package var nextDue: Instant? { entries.filter { !$0.isUnderWay }.compactMap(\.due).min() }

    /// - Parameter jitter: 0 to 1, so that not all edges fetch at once.
    package mutating func take(_ event: Event, now: Instant, jitter: () -> Double) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .tick: break
        case .serves(let lists): serve(lists, now, &effects)
        case .changed(let paths): for path in paths { note(path, now) }
        case .unwatched(let path):
            if let index = index(.file(path)) { entries[index].isWatched = false }
        case .got(let source, let outcome):
            if let index = index(source) { take(outcome, of: index, now, jitter, &effects) }
        case .kept(let url, let reading):
            guard let index = index(.url(url)), entries[index].networks == nil else { break }
            entries[index].networks = reading.networks
            isPublished = false
        }
        for index in entries.indices {
            guard let due = entries[index].due, due <= now, !entries[index].isUnderWay else { continue }
            begin(index, &effects)
        }
        // What is read from files comes at once: it is published together. A server may take its time.
        if !isPublished, !entries.contains(where: { $0.isUnderWay && $0.path != nil }) {
            isPublished = true
            effects.append(
                .publish(
                    entries.compactMap { entry in
                        entry.networks.map { AccessLists.List(entry.list.label, allows: entry.list.allows, $0) }
                    }))
        }
        return effects
    }

    private func index(_ source: NetworkList.Source) -> Int? { entries.firstIndex { $0.list.source == source } }

    private mutating func serve(_ lists: [NetworkList], _ now: Instant, _ effects: inout [Effect]) {
        let before = entries
        entries = lists.map { list in
            guard var known = before.first(where: { $0.list.source == list.source }) else {
                if let url = list.url { effects.append(.recall(url)) }
                guard case .networks(let networks) = list.source else { return Entry(list: list, due: now) }
                return Entry(list: list, networks: PackedNetworks(networks))
            }
            if let due = known.due, known.list.every > list.every { known.due = min(due, now + list.every) }
            known.list = list
            return known
        }
        for entry in before where index(entry.list.source) == nil {
            if let path = entry.path, entry.isWatched { effects.append(.forget(path)) }
        }
        // One that is not there yet changes nothing.
        let held = { (entries: [Entry]) in entries.filter { $0.networks != nil }.map(\.list) }
        if held(before) != held(entries) { isPublished = false }
    }

    private mutating func note(_ path: String, _ now: Instant) {
        guard let index = index(.file(path)) else { return }
        let since = entries[index].changedSince ?? now
        entries[index].changedSince = since
        entries[index].due = min(now + Self.quiet, since + Self.longestQuiet)
    }

    /// A file is watched first, so that no change is missed between the two.
    private mutating func begin(_ index: Int, _ effects: inout [Effect]) {
        entries[index].isUnderWay = true
        entries[index].due = nil
        entries[index].changedSince = nil
        switch entries[index].list.source {
        case .file(let path):
            if !entries[index].isWatched { effects.append(.watch(path)) }
            entries[index].isWatched = true
            effects.append(.read(path))
        case .url(let url): effects.append(.fetch(url, entries[index].validator))
        case .networks: entries[index].isUnderWay = false
        }
    }

    private mutating func take(
        _ outcome: Outcome, of index: Int, _ now: Instant, _ jitter: () -> Double, _ effects: inout [Effect]
    ) {
        entries[index].isUnderWay = false
        let entry = entries[index]
        switch outcome {
        case .failed(let failure): fail(index, failure, now, &effects)
        case .read(let reading, _) where reading.networks.isEmpty && reading.skipped > 0:
            fail(index, "none of its \(reading.skipped) lines is a network", now, &effects)
        case .read(let reading, _) where reading.networks.isEmpty && entry.networks?.isEmpty == false:
            fail(index, "there is no network in it any more", now, &effects)
        case .read(let reading, let validator):
            entries[index].validator = validator
            if entry.networks != reading.networks {
                entries[index].networks = reading.networks
                isPublished = false
            }
            if entry.networks != reading.networks || entry.failures > 0 {
                effects.append(.say(.listLoaded(ListNews(entry.list.label, reading))))
            }
            had(index, now, jitter)
        case .unchanged:
            if entry.failures > 0, let networks = entry.networks {
                effects.append(.say(.listLoaded(ListNews(entry.list.label, networks: networks.count))))
            }
            had(index, now, jitter)
        }
    }

    private mutating func had(_ index: Int, _ now: Instant, _ jitter: () -> Double) {
        entries[index].failures = 0
        let every = entries[index].list.every
        if entries[index].path == nil { entries[index].due = now + every * (0.9 + 0.1 * jitter()) }
        lookAgain(index, now)
    }

    private mutating func fail(_ index: Int, _ failure: String, _ now: Instant, _ effects: inout [Effect]) {
        let entry = entries[index]
        if entry.failures == 0 {
            effects.append(
                .say(.listFailed(name: entry.list.label, failure: failure, kept: entry.networks?.count)))
        }
        entries[index].failures += 1
        if entry.path == nil {
            entries[index].due = now + min(entry.list.every, Self.retry * (1 << (2 * min(entry.failures, 10))))
        }
        lookAgain(index, now)
    }

    /// A file of which nobody will say that it changes, since its folder is not there, is looked for now and then.
    private mutating func lookAgain(_ index: Int, _ now: Instant) {
        guard entries[index].path != nil, !entries[index].isWatched, entries[index].due == nil else { return }
        entries[index].due = now + Self.retry
    }
}

/// What is said of a list that was had.
package struct ListNews: Sendable, Equatable {
    /// `list deny.txt`
    package let name: String
    package let networks: Int
    /// Lines that are no network, and networks that are too many.
    package let skipped: Int
    package let problems: [String]

    package init(_ name: String, networks: Int, skipped: Int = 0, problems: [String] = []) {
        self.name = name
        self.networks = networks
        self.skipped = skipped
        self.problems = problems
    }

    package init(_ name: String, _ reading: NetworkListReading) {
        self.init(
            name, networks: reading.networks.count, skipped: reading.skipped + reading.leftOut,
            problems: reading.problems)
    }
}
