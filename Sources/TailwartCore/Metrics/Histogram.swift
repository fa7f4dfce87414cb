/// How many times were how long, in buckets that never change: what a record costs here is one comparison for each bound that it passes
/// and two additions.
package struct Histogram: Sendable {
    /// The upper bounds of all buckets but the last, which has none: microseconds, ascending. A time equal to a bound is within it.
    package typealias Bounds = InlineArray<6, UInt64>

    /// From a mailbox on the same host to one whose address has to be tried several times.
    package static let connecting: Bounds = [2_000, 10_000, 50_000, 250_000, 1_000_000, 5_000_000]
    /// A mail server that looks its client up before it greets takes seconds, one that slows down spammers half a minute.
    package static let firstByte: Bounds = [10_000, 50_000, 250_000, 1_000_000, 5_000_000, 30_000_000]
    /// From a scanner to an IMAP client that waits for hours.
    package static let lasting: Bounds = [
        1_000_000, 10_000_000, 60_000_000, 300_000_000, 1_800_000_000, 7_200_000_000,
    ]

    private var buckets = InlineArray<7, UInt64>(repeating: 0)
    /// Microseconds.
    package private(set) var sum: UInt64 = 0

    package init() {}

    package mutating func add(_ microseconds: UInt64, within bounds: Bounds) {
        var bucket = 0
        while bucket < bounds.count, microseconds > bounds[bucket] { bucket += 1 }
        buckets[bucket] &+= 1
        sum &+= microseconds
    }

    package var count: UInt64 { upTo(buckets.count - 1) }

    /// How many were within the bound of this bucket; of the last one, all.
    package func upTo(_ bucket: Int) -> UInt64 { (0...bucket).reduce(0) { $0 &+ buckets[$1] } }

    package mutating func add(_ other: Histogram) {
        for bucket in buckets.indices { buckets[bucket] &+= other.buckets[bucket] }
        sum &+= other.sum
    }
}

extension Histogram {
    /// What one is in a scrape: its buckets, sum and count.
    package static let seriesCount = 9
}
