package import TailwartWire

/// The client networks that were turned away or struck the most in the last 24 hours, in a memory that nobody out there can fill.
///
/// For each hour the heaviest of the networks are kept as the space-saving algorithm does (Metwally, Agrawal, El Abbadi, *Efficient computation of
/// frequent and top-k elements in data streams*, 2005): who is not there takes the place of the one with the least, with its weight. So whoever has more
/// than a 64th of all is there. What is shown is only what was counted of a network itself, so it may be less than there was, and never more.
package struct StrangeNetworks: Sendable {
    package struct Row: Sendable, Equatable {
        /// An address of IPv4, a /64 of IPv6.
        package let network: Network
        package let count: Int
        /// The most frequent first.
        package let reasons: [(reason: CloseReason, count: Int)]

        package static func == (one: Row, other: Row) -> Bool {
            one.network == other.network && one.count == other.count
                && one.reasons.elementsEqual(other.reasons, by: ==)
        }
    }

    private struct Tally: Sendable {
        /// What it is ranked by, with the weight of those whose place it took.
        var weight: Int
        var counts: [CloseReason: Int] = [:]
    }

    private struct Hour: Sendable {
        let number: Int
        private(set) var tallies: [Network: Tally] = [:]

        init(number: Int) { self.number = number }

        mutating func add(_ network: Network, _ reason: CloseReason) {
            if tallies[network] == nil {
                var weight = 0
                if tallies.count >= limit, let least = tallies.min(by: { $0.value.weight < $1.value.weight }) {
                    weight = least.value.weight
                    tallies[least.key] = nil
                }
                tallies[network] = Tally(weight: weight)
            }
            tallies[network]?.weight += 1
            tallies[network]?.counts[reason, default: 0] += 1
        }
    }

    /// Networks of an hour.
    static let limit = 64
    /// How many are shown.
    package static let shown = 16
    private static let hours = 24
    private static let hour = 60 * 60

    /// The latest last.
    private var kept: [Hour] = []

    package init() {}

    /// - Parameter now: seconds since 1970.
    package mutating func add(_ client: IPAddress, _ reason: CloseReason, now: Int) {
        guard let network = client.unmapped.clientNetwork else { return }
        let number = now / Self.hour
        if kept.last?.number != number {
            // A clock that was set back begins the day anew.
            kept.removeAll { $0.number > number || $0.number <= number - Self.hours }
            if kept.last?.number != number { kept.append(Hour(number: number)) }
        }
        kept[kept.count - 1].add(network, reason)
    }

    /// The most frequent first.
    ///
    /// - Parameter now: seconds since 1970.
    package func rows(now: Int) -> [Row] {
        let first = now / Self.hour - Self.hours
        var sums: [Network: [CloseReason: Int]] = [:]
        for hour in kept where hour.number > first {
            for (network, tally) in hour.tallies {
                sums[network, default: [:]].merge(tally.counts, uniquingKeysWith: +)
            }
        }
        let rows = sums.map { network, counts in
            Row(
                network: network, count: counts.values.reduce(0, +),
                reasons: counts.map { ($0.key, $0.value) }.sorted { ($1.1, $0.0.name) < ($0.1, $1.0.name) })
        }
        return Array(
            rows.sorted { $0.count != $1.count ? $0.count > $1.count : Network.precedes($0.network, $1.network) }
                .prefix(Self.shown))
    }
}

extension Record {
    /// Why its client is strange: it was turned away for what it is or does, or that is a strike against it.
    package var strangeness: CloseReason? {
        switch ending.reason {
        case .clientLimit, .clientRate, .pendingLimit, .clientDenied, .clientBanned, .clientBannedUpstream:
            ending.reason
        default: strike == nil ? nil : ending.reason
        }
    }
}
