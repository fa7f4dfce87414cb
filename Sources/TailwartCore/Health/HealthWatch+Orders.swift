/// Probes that somebody wants out of their turn, who has mended something, or wants to know how it is now.
extension HealthWatch {
    struct Order: Sendable {
        /// What is to be probed, and was not yet.
        var left: Set<Key>
        let deadline: Instant
    }

    /// Between two probes that are ordered, however often somebody does: Stalwart greets an address five times in a second.
    static var orderInterval: Duration { .seconds(1) }

    mutating func take(_ order: Order, _ number: Int, _ now: Instant, _ jitter: () -> Double) {
        for key in self.order where order.left.contains(key) {
            guard var entry = cases[key] else { continue }
            entry.guardian.lift(at: now)
            if entry.guardian.mayProbe(at: now) {
                entry.ordered = entry.subject.serverNames.count
                // One that is under way began before: it is not what is asked for.
                if case .pause = entry.step {
                    let free = entry.lastProbe.map { $0 + Self.orderInterval } ?? now
                    entry.step = .pause(until: max(now + Self.firstSpread * jitter(), free), patience: nil)
                }
            }
            cases[key] = entry
        }
        orders[number] = order
    }

    /// A probe of a place came to its end.
    mutating func answered(_ key: Key, _ now: Instant) {
        guard let entry = cases[key], entry.isOrdered else { return }
        cases[key]?.isOrdered = false
        // Another name would cost as much.
        if !entry.guardian.mayProbe(at: now) { cases[key]?.ordered = 0 }
        guard cases[key]?.ordered == 0 else { return }
        for number in orders.keys { orders[number]?.left.remove(key) }
    }

    /// Those who have waited long enough.
    mutating func fulfil(_ now: Instant) -> [Effect] {
        orders.keys.sorted().compactMap { number in
            guard let order = orders[number] else { return nil }
            let pending = order.left.filter { key in cases[key].map { $0.ordered > 0 || $0.isOrdered } ?? false }
            guard pending.isEmpty || now >= order.deadline else { return nil }
            orders[number] = nil
            return .fulfilled(
                number, late: pending, resting: order.left.filter { cases[$0] != nil }.subtracting(pending))
        }
    }
}
