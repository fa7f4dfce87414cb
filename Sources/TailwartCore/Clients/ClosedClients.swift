import Synchronization
package import TailwartWire

/// Clients to whom a place closed without a byte, behind a PROXY header that named them, while it served others there: it has banned them,
/// or takes no more of them for the moment. They are turned away without a dial for some seconds, as each dial costs the mailbox
/// a connection and may count against the edge. Each port by itself: a service that fails there says nothing of the others.
///
/// Short first, since Stalwart closes in the same way when one address opens more than five connections in a second; twice as long each time;
/// forgotten as soon as the client is served, and no longer remembered if the place serves nobody else.
package final class ClosedClients: Sendable {
    /// Addresses that are remembered, of all places: 64 KiB.
    package static let capacity = 4096
    /// Microseconds of the first time, of the last, and until the next time counts as the first again.
    static let first: UInt64 = 2_000_000
    static let last: UInt64 = 60_000_000
    private static let memory: UInt64 = 60_000_000
    /// A place that served nobody for so long may be closing to everybody.
    private static let recently: UInt64 = 60_000_000
    /// Workers share the cache line, so it is written only so often.
    private static let servedStep: UInt64 = 100_000

    private let table: ClientTable
    private let subject: UInt64
    private let lastServed = Atomic<UInt64>(0)
    /// Nobody is remembered behind it.
    private let latest = Atomic<UInt64>(0)

    /// - Parameter table: the one of all places.
    package init(at place: Place.Key, in table: ClientTable) {
        self.table = table
        subject = ClientTable.subject(named: "\(place.upstream) \(place.endpoint) \(place.port)")
    }

    /// Whether a client may be dialled for.
    package func mayDial(for client: IPAddress, now: UInt64) -> Bool {
        guard now < latest.load(ordering: .relaxed) else { return true }
        let isClosed = table.update(key(client), claims: false, now: ticks(now)) { state in
            (nil, Remembered(state).until > now)
        }
        return !(isClosed?.result ?? false)
    }

    /// The place closed without a byte.
    package func closed(to client: IPAddress, now: UInt64) {
        let served = lastServed.load(ordering: .relaxed)
        guard served > 0, now < served + Self.recently else { return }
        let next = table.update(key(client), claims: true, now: ticks(now)) { state in
            let next = Remembered(state).next(now: now, served: served)
            return (state.with(count: 0, time: next.time), next)
        }
        guard let until = next?.result.until else { return }
        while true {
            let known = latest.load(ordering: .relaxed)
            let behind = until + Self.memory
            if behind <= known || latest.compareExchange(expected: known, desired: behind, ordering: .relaxed).exchanged
            {
                return
            }
        }
    }

    /// The place has spoken to a client.
    package func served(_ client: IPAddress, now: UInt64) {
        if now > lastServed.load(ordering: .relaxed) + Self.servedStep { lastServed.store(now, ordering: .relaxed) }
        guard now < latest.load(ordering: .relaxed) else { return }
        _ = table.update(key(client), claims: false, now: ticks(now)) { ($0.with(count: 0, time: 0), ()) }
    }

    private func key(_ client: IPAddress) -> ClientTable.Key {
        table.key(client, prefix: client.isV4 ? 32 : 128, subject: subject)
    }

    private func ticks(_ now: UInt64) -> UInt64 { now / ClientState.microsecondsPerTick }

    /// Until when, and for the how manieth time, in a ``ClientState``'s time: the last three bits are the one, the others the other.
    private struct Remembered {
        let time: UInt64

        init(_ state: ClientState) { time = state.time }

        init(until: UInt64, level: UInt64) {
            time = until / ClientState.microsecondsPerTick & ~7 | level
        }

        /// Microseconds.
        var until: UInt64 { (time & ~7) * ClientState.microsecondsPerTick }
        private var level: UInt64 { time & 7 }
        private static func wait(_ level: UInt64) -> UInt64 { min(ClosedClients.last, ClosedClients.first << level) }

        /// - Parameter served: when the place served somebody last.
        func next(now: UInt64, served: UInt64) -> Remembered {
            guard time > 0, now < until + ClosedClients.memory else {
                return Remembered(until: now + Self.wait(0), level: 0)
            }
            // It served nobody since the last time: it may be closing to everybody.
            guard served + Self.wait(level) > until else { return Remembered(until: 0, level: 0) }
            let level = min(level + 1, 5)
            return Remembered(until: now + Self.wait(level), level: level)
        }
    }
}
