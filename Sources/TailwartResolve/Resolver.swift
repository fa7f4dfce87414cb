import Synchronization
package import TailwartSystem
package import TailwartWire

/// Keeps names and their addresses together, on a thread of its own: asks again when an answer has lived its time, keeps the last
/// good answer while the name servers are away, and tells when something has changed.
package final class Resolver: Sendable {
    /// Seconds: an answer is asked for again no sooner and no later than this, whatever its time to live. MagicDNS answers
    /// live 5 s; a hosts file has none.
    package static let refreshRange = 5...3600
    /// Seconds after a failure.
    private static let retryInterval = 2

    /// What is known of one name.
    package struct Entry: Sendable, Equatable {
        package var addresses: [IPAddress] = []
        /// Why the last question failed; nil if it did not.
        package var failure: String?
    }

    private struct State {
        var entries: [String: Entry]
        var stops = false
    }

    private let state: Mutex<State>
    private let waker: Waker
    private let servers: String?
    /// The name, what is known of it now, and the addresses of all names.
    package typealias Changed = @Sendable (String, Entry, [String: [IPAddress]]) -> Void

    private let changed: Changed

    /// - Parameters:
    ///   - servers: `address:port`, separated by commas, in place of those of `/etc/resolv.conf`.
    ///   - changed: called on the resolver's thread when a name has other addresses, or has begun to fail or ceased to.
    package init(
        names: [String], servers: String? = nil, changed: @escaping Changed
    ) throws(SystemError) {
        state = Mutex(State(entries: Dictionary(names.map { ($0, Entry()) }) { first, _ in first }))
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

    private var stops: Bool { state.withLock { $0.stops } }

    private func run() {
        let start = Clock.monotonic()
        var due = state.withLock { $0.entries.mapValues { _ in start } }
        while !stops {
            let now = Clock.monotonic()
            let names = due.filter { $0.value <= now }.map(\.key).sorted()
            if names.isEmpty {
                let next = due.values.min().map { CInt(($0 - now) / 1000 + 1) }
                waker.wait(timeout: next ?? -1)
            } else if var lookup = Lookup(names, servers: servers) {
                while !lookup.isDone, !stops {
                    for answer in lookup.step(waker: waker) {
                        due[answer.name] = Clock.monotonic() + UInt64(take(answer)) * 1_000_000
                    }
                }
            } else {
                waker.wait(timeout: CInt(Self.retryInterval * 1000))
            }
        }
    }

    /// Takes an answer in.
    ///
    /// - Returns: seconds until the name is to be asked for again.
    private func take(_ answer: LookupAnswer) -> Int {
        let (entry, all, isNews, wait) = state.withLock { state in
            var entry = state.entries[answer.name] ?? Entry()
            let before = entry
            let wait: Int
            switch answer.outcome {
            case .addresses(let addresses, let timeToLive):
                entry = Entry(addresses: addresses)
                wait = min(max(timeToLive, Self.refreshRange.lowerBound), Self.refreshRange.upperBound)
            case .failed(let reason):
                // The last good answer stands: a mailbox rarely moves in the minute in which its name server is away.
                entry.failure = reason
                wait = Self.retryInterval
            }
            state.entries[answer.name] = entry
            // Name servers turn the order to spread load; that is no news.
            let isNews = Set(entry.addresses) != Set(before.addresses) || entry.failure != before.failure
            return (entry, isNews ? state.entries.mapValues(\.addresses) : [:], isNews, wait)
        }
        if isNews { changed(answer.name, entry, all) }
        return wait
    }
}
