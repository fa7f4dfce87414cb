import Synchronization
package import TailwartSystem
package import TailwartWire

/// Keeps names and their addresses together, on a thread of its own: takes what tailscaled says, asks name servers for the rest, and
/// tells when something has changed. Who is asked, and whose answer counts, is decided in ``NameTable``.
package final class Resolver: Sendable {
    /// What is known of one name.
    package struct Entry: Sendable, Equatable {
        /// In the order in which to try them.
        package var addresses: [IPAddress]
        /// Why the last question failed; nil if it did not.
        package var failure: String?
        /// Who said so; nil while there are no addresses.
        package var source: NameSource?

        package init(addresses: [IPAddress] = [], failure: String? = nil, source: NameSource? = nil) {
            self.addresses = addresses
            self.failure = failure
            self.source = source
        }

        /// Whether anybody has said anything, be it that there is no address.
        var isAnswered: Bool { !addresses.isEmpty || failure != nil }
    }

    private struct State {
        var table: NameTable
        /// From ``learn(from:)``, to be told on the resolver's thread.
        var news: [NameTable.News] = []
        var stops = false
    }

    /// The name, what is known of it now, and the addresses of all names; one that nobody has answered for yet is not among them.
    package typealias Changed = @Sendable (String, Entry, [String: [IPAddress]]) -> Void

    private let state: Mutex<State>
    private let waker: Waker
    private let servers: NameServers
    private let changed: Changed

    /// - Parameters:
    ///   - names: host names; an address needs no resolver.
    ///   - awaitsTailscaled: whether ``learn(from:)`` will be called soon, if only with nil.
    ///   - changed: called on the resolver's thread when a name has other addresses, or has begun to fail or ceased to.
    package init(
        names: [String], awaitsTailscaled: Bool = false, servers: NameServers = NameServers(),
        changed: @escaping Changed
    ) throws(SystemError) {
        state = Mutex(State(table: NameTable(names, awaitsTailscaled: awaitsTailscaled, at: Clock.monotonic())))
        waker = try Waker()
        self.servers = servers
        self.changed = changed
    }

    /// Starts asking.
    package func start() throws(SystemError) -> Thread {
        try Thread(name: "resolver") { self.run() }
    }

    /// Ends the thread, also in the middle of a question.
    package func stop() {
        state.withLock { $0.stops = true }
        waker.ring()
    }

    /// Keeps these names from now on, and forgets others; from any thread, also before ``start()``.
    package func follow(_ names: [String]) {
        state.withLock { $0.table.follow(names, at: Clock.monotonic()) }
        waker.ring()
    }

    /// Whether each of these names has an address.
    package func knows(_ names: [String]) -> Bool {
        let addresses = state.withLock { $0.table.addresses }
        return names.allSatisfy { !(addresses[$0] ?? []).isEmpty }
    }

    /// Takes what tailscaled says of its peers; from any thread, as often as it is asked, also before ``start()``.
    ///
    /// - Parameter addresses: of each of the names that it knows, by the name as it was given to this resolver; nil if it is not
    ///   there or does not run.
    package func learn(from addresses: [String: [IPAddress]]?) {
        state.withLock { $0.news += $0.table.learn(addresses, at: Clock.monotonic()) }
        waker.ring()
    }

    private func run() {
        var lookups: [Lookup] = []
        while !state.withLock({ $0.stops }) {
            tell()
            let isInTailnet = servers.magicDNS != nil && servers.isInTailnet()
            let (questions, due) = state.withLock { state in
                (state.table.questions(at: Clock.monotonic(), isInTailnet: isInTailnet), state.table.nextDue)
            }
            for (source, names) in questions { ask(names, source, servers.servers(of: source), &lookups) }
            askAnew(&lookups)
            Lookup.wait(for: lookups, waker: waker, longest: questions.isEmpty ? Self.milliseconds(until: due) : 0)
            for lookup in lookups { take(lookup.takeAnswers(), lookup.source, Clock.monotonic() - lookup.start) }
            lookups.removeAll(where: \.isDone)
        }
    }

    private func ask(_ names: [String], _ source: NameSource, _ servers: ResolvConf, _ lookups: inout [Lookup]) {
        if let lookup = Lookup(names, from: source, servers) {
            lookups.append(lookup)
        } else {
            take(names.map { .init(name: $0, outcome: .failed("out of memory", .other)) }, source, 0)
        }
    }

    /// Asks the system's new name servers what the old ones have not answered, as when tailscaled comes up after the edge.
    private func askAnew(_ lookups: inout [Lookup]) {
        guard lookups.contains(where: { $0.source == .system }) else { return }
        let system = servers.system()
        for lookup in lookups where lookup.source == .system && lookup.servers != system {
            // What it has answered meanwhile is not lost.
            take(lookup.takeAnswers(), .system, Clock.monotonic() - lookup.start)
            let names = lookup.open
            lookups.removeAll { $0 === lookup }
            if !names.isEmpty { ask(names, .system, system, &lookups) }
        }
    }

    private func take(_ answers: [LookupAnswer], _ source: NameSource, _ duration: UInt64) {
        guard !answers.isEmpty else { return }
        state.withLock { state in
            for answer in answers {
                let news = state.table.take(answer, from: source, after: duration, at: Clock.monotonic())
                if let news { state.news.append(news) }
            }
        }
        tell()
    }

    /// Not under the lock: the callback may take its time.
    private func tell() {
        let (news, all) = state.withLock { state in
            defer { state.news = [] }
            return (state.news, state.news.isEmpty ? [:] : state.table.addresses)
        }
        for news in news { changed(news.name, news.entry, all) }
    }

    /// −1 for never; an hour at most, so that no number overflows.
    private static func milliseconds(until due: UInt64?) -> CInt {
        guard let due else { return -1 }
        let now = Clock.monotonic()
        return due <= now ? 0 : CInt(min((due - now) / 1000 + 1, 3_600_000))
    }
}
