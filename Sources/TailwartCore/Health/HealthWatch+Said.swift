/// What is said of all places together.
extension HealthWatch {
    /// What there is to say of all that is known, and what has to be asked for it.
    mutating func speak(_ now: Instant, _ jitter: () -> Double) -> [Effect] {
        let outcome = herald.look(order.compactMap { cases[$0] }.map(port), now: now)
        for key in order {
            guard let entry = cases[key], case .pause(let until, let patience) = entry.step else { continue }
            let place = entry.subject.place
            let wait: Duration? =
                outcome.wanted.contains(place)
                ? Self.firstSpread * jitter() : outcome.again.contains(place) ? Self.recoveryInterval : nil
            guard let wait, now + wait < until else { continue }
            cases[key]?.step = .pause(until: now + wait, patience: patience)
            cases[key]?.hasServed = false
        }
        let paths = outcome.paths.compactMap { place in order.first { cases[$0]?.subject.place == place } }
        return outcome.events.map { .say($0) } + paths.map { .askPath($0) }
    }

    private func port(_ entry: Case) -> Diagnosis.Port {
        let subject = entry.subject
        let turnsOff = entry.latest.map { latest in
            !latest.isOfOneAddress
                && latest.reachability(subject.place.proto, serverName: nil, ofMany: subject.serverNames.count > 1)
                    .turnsOff(subject.affects)
        }
        let isTurning =
            switch (entry.health.standing, turnsOff) {
            case (_, nil): false
            case (_, _) where entry.isUnasked: false
            case (.unhealthy, let isBad?): !isBad
            case (.healthy, let isBad?): isBad
            case (.unknown, _): true
            }
        // The last of them is under way.
        let isProbing = if case .probing = entry.step { true } else { false }
        let isAskingNames = subject.serverNames.count > 1 && (entry.hurry > 0 || isProbing)
        return Diagnosis.Port(
            place: subject.place, standing: entry.health.standing, witness: entry.witness, isTurning: isTurning,
            results: subject.serverNames.compactMap { name in entry.results[name].map { (name, $0) } },
            hasAnswered: entry.hasAnswered, failures: entry.failures, failedSince: entry.failedSince,
            asked: entry.asked, isResting: entry.guardian.pausedUntil != nil, isAskingNames: isAskingNames,
            server: entry.server)
    }

    /// While a path changes, a probe may stand still on it.
    mutating func sawTailnet(_ news: TailnetNews) {
        herald.take(news)
        guard news.change == .path, let name = news.name?.lowercased() else { return }
        for key in order {
            guard let entry = cases[key], entry.subject.place.host.lowercased() == name else { continue }
            if case .probing = entry.step { cases[key]?.isDisturbed = true }
        }
    }
}
