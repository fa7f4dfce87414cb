import Synchronization
import TailwartWire

/// One of the addresses that a place has, with what became of it when it was dialled last. One object for as long as each topology, one
/// after the other, has the address at that place: what is known outlives a new answer of the resolver.
///
/// Where somebody else dials, a SOCKS proxy or tailscaled, and on a Unix socket, a place has one.
package final class PlaceAddress: Sendable {
    /// What the last dial came to. In the order in which addresses are tried.
    package enum Outcome: UInt8, Sendable {
        case connected
        case unknown
        case failed
    }

    /// Addresses of one place that are dialled; those behind them are not.
    package static let maximumCount = 32
    /// Microseconds between two clients that try an address which does not trust the header, where no probe does. The mailbox counts
    /// what each of them makes of the header against the edge.
    package static let distrustedTrialInterval: UInt64 = 60_000_000

    /// With port 0 where the port is that of the door.
    let dialled: Dialled
    private let lastOutcome = Atomic<UInt8>(Outcome.unknown.rawValue)
    private let untrusted = Atomic<Bool>(false)
    /// Microseconds on the monotonic clock; when it was found or tried last.
    private let lastTrial = Atomic<UInt64>(0)

    package init(_ dialled: Dialled) { self.dialled = dialled }

    package var outcome: Outcome { Outcome(rawValue: lastOutcome.load(ordering: .relaxed)) ?? .unknown }

    /// Written only if it changes: workers share the cache line.
    package func ended(_ outcome: Outcome) {
        if self.outcome != outcome { lastOutcome.store(outcome.rawValue, ordering: .relaxed) }
    }

    /// Whether whoever answers there takes the PROXY header for commands.
    package var distrustsHeader: Bool { untrusted.load(ordering: .relaxed) }

    /// Traffic has shown it, or a probe.
    ///
    /// - Parameter now: microseconds on the monotonic clock.
    package func distrusts(now: UInt64) {
        lastTrial.store(now, ordering: .relaxed)
        untrusted.store(true, ordering: .relaxed)
    }

    /// A probe has shown it.
    package func trustsAgain() { untrusted.store(false, ordering: .relaxed) }

    /// Whether one client may find out whether the header is trusted again; one asker in each interval hears yes.
    func mayTryTrust(now: UInt64) -> Bool {
        let last = lastTrial.load(ordering: .relaxed)
        guard now >= last + Self.distrustedTrialInterval else { return false }
        return lastTrial.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }

    /// - Parameter doorPort: where the client came in.
    package func dialled(doorPort: UInt16) -> Dialled {
        // The file leaves the choice of the listener's port to the kernel, and the endpoint takes that over.
        guard case .internet(let address) = dialled, address.port == 0 else { return dialled }
        return .internet(InternetAddress(address.ip, port: doorPort))
    }
}

extension [PlaceAddress] {
    /// The one to dial next: one that was connected to last time before one that is not known, and that before one that failed; among
    /// equals in the order of the resolver, which is that of RFC 6724.
    ///
    /// - Parameter tried: bit by bit, those that had their turn.
    /// - Returns: its number; nil if all had their turn.
    package func next(besides tried: UInt32) -> Int? {
        var best: (rank: UInt8, number: Int)?
        for number in indices where tried & 1 << UInt32(number) == 0 {
            let rank = self[number].outcome.rawValue
            if rank < best?.rank ?? .max { best = (rank, number) }
        }
        return best?.number
    }
}
