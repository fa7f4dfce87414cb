/// How long a warm socket may wait at one place, as the place has taught it.
///
/// A mailbox that waits for a PROXY header gives up at a time of its own (Dovecot 3 s, Postfix 5 s, Stalwart never) and tells nobody.
/// A spare that it closed teaches to replace the next ones earlier; one that outlived its time lets them wait a little longer again.
/// All times are microseconds.
package struct WarmWait: Sendable, Equatable {
    /// At first, and at most: below what address translators on the way remember.
    package static let longest: UInt64 = 50_000_000
    package static let shortest: UInt64 = 1_000_000
    /// A place that cannot be dialled, or closes at once, is left alone for so long.
    package static let rest: UInt64 = 30_000_000

    package private(set) var lifetime = Self.longest
    private var restsUntil: UInt64 = 0

    package init() {}

    package func mayConnect(at now: UInt64) -> Bool { now >= restsUntil }

    /// Whether a spare of this age is to be replaced. Spares that were connected in one moment do not end in one: the slots differ, by
    /// less than a quarter of the lifetime.
    package func isOver(age: UInt64, slot: Int) -> Bool {
        age >= lifetime - lifetime / 32 * UInt64(slot % 8)
    }

    /// The mailbox closed a waiting socket, or said something unasked.
    ///
    /// - Parameter age: nil if it was not connected yet.
    package mutating func spoiled(age: UInt64?, at now: UInt64) {
        guard let age, age >= Self.shortest else { return failed(at: now) }
        lifetime = max(Self.shortest, min(lifetime, age / 4 * 3))
    }

    /// A spare waited as long as it may: one bad moment is not remembered for ever.
    package mutating func outlived() { lifetime = min(Self.longest, lifetime + lifetime / 16) }

    /// The place could not be dialled.
    package mutating func failed(at now: UInt64) { restsUntil = now + Self.rest }
}
