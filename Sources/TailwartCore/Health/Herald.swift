import TailwartWire

/// Decides what is said of the places that are probed, and when: one line for each cause, with all ports of an endpoint that have it. A
/// value without clock or I/O: it looks at all that is known, and says what has changed since it spoke last.
///
/// - A change waits until the other ports of the endpoint were asked since, and all names of its own, ``round`` at most: five ports make one
///   line, and so do five names.
/// - A port that stops answering is asked twice: one that was being restarted, or whose path was changing, is no news.
/// - Nor is a conversation that broke off while other ports went away: it began before they did, and its port is asked anew.
/// - While a host is away, it is no news that it refuses, is silent and refuses again, unless that lasts for ``outagePatience``.
/// - What was said of another port of the endpoint within ``company``, and still holds there, is not said again.
/// - What is well again is said with the standing: one line, not two.
struct Herald: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Longer than a probe that is under way when a round begins may take (``Defaults/healthPatience``), and one more after it.
    static let round = Duration.seconds(60)
    /// Where no other port is asked out of its turn. Longer than it takes to dial two addresses in vain twice, and to become healthy again.
    static let interval = Duration.seconds(30)
    /// What an interval that is shorter does not shorten: a server that stops does so port by port.
    static let secondLook = Duration.seconds(5)
    /// A host that starts anew is back sooner.
    static let outagePatience = Duration.seconds(60)
    /// How long a standing waits for those of other ports, where it was said already why: three probes and a half of the usual interval.
    static let standingPatience = Duration.seconds(120)
    static let company = Duration.seconds(10 * 60)
    /// Between two rounds in which all ports of an endpoint are asked at once, so that a port which errs now and then does not make noise
    /// at the others.
    static let calm = Duration.seconds(60)
    /// For the answer of the tailnet.
    static let pathPatience = Duration.seconds(6)

    /// What follows from a look.
    struct Outcome: Sendable {
        var events: [EdgeEvent] = []
        /// Places that are to be asked soon, though it is not their turn.
        var wanted: Set<ProbedPlace> = []
        /// Places that are to be asked once more, a little later.
        var again: Set<ProbedPlace> = []
        /// Of each endpoint one place whose host is to be asked for over the tailnet.
        var paths: [ProbedPlace] = []
    }

    private enum Path: Sendable {
        case asked(Instant)
        case known(isUp: Bool?)

        var isUp: Bool? { if case .known(let isUp) = self { isUp } else { nil } }
    }

    /// What was said of one endpoint, and what is to be.
    private struct Topic: Sendable {
        var said: [AskedPlace: (matter: Diagnosis.Matter, at: Instant)] = [:]
        var found: [AskedPlace: (matter: Diagnosis.Matter, since: Instant)] = [:]
        var standings: [ProbedPlace: Health.Standing] = [:]
        /// Since when something is to be said, and when the probe began that found it.
        var opened: (at: Instant, began: Instant)?
        /// Since when a standing is to be said.
        var turned: Instant?
        /// When the last round began in which others were asked out of their turn.
        var lastRound: Instant?
        var path: Path?
        /// Of what is held back.
        private(set) var due: Instant?

        mutating func begin() { due = nil }

        mutating func hold(until time: Instant) { due = min(due ?? time, time) }

        /// Whether it was said, and is still so, that nothing comes back from a port.
        func isInOutage(_ port: Diagnosis.Port) -> Bool { isStill(Verdict.ofOutage, port) }

        /// Whether one of these was said of a port, and one of them is still found there.
        func isStill(_ verdicts: Set<Verdict>, _ port: Diagnosis.Port) -> Bool {
            said.contains { asked, said in
                asked.place == port.place && verdicts.contains(said.matter.verdict)
                    && found[asked].map { verdicts.contains($0.matter.verdict) } ?? false
            }
        }

        /// Whether others are not back yet, or it is still to be said that they are.
        func isComingBack(_ ports: [Diagnosis.Port], besides place: ProbedPlace) -> Bool {
            ports.contains { $0.place != place && (isInOutage($0) || standings[$0.place] == .unhealthy) }
        }
    }

    private struct Endpoint: Hashable {
        let upstream: String
        let endpoint: String

        init(_ place: ProbedPlace) { (upstream, endpoint) = (place.upstream, place.endpoint) }
    }

    private var topics: [Endpoint: Topic] = [:]
    private(set) var diagnoses: [Diagnosis] = []
    /// The last that was said of each aspect of the tailnet, while it is bad.
    private var tailnet: [TailnetNews.Aspect: TailnetNews] = [:]
    /// Names that are of this tailnet.
    private var peers: Set<String> = []

    /// When to look again though nothing has happened; nil: never.
    var nextDue: Instant? { topics.values.compactMap(\.due).min() }

    mutating func take(_ news: TailnetNews) {
        if let name = news.name?.lowercased(), peers.count < EventMemory.nameLimit { peers.insert(name) }
        if news.explainsSilence {
            if tailnet.count < EventMemory.nameLimit { tailnet[news.aspect] = news }
        } else {
            tailnet[news.aspect] = nil
            if news.change == .peerBack { tailnet[.key(of: news.name)] = nil }
        }
    }

    /// Whether the host of a place answers over the tailnet; nil: nobody knows.
    mutating func takePath(_ place: ProbedPlace, isUp: Bool?) {
        guard case .asked = topics[Endpoint(place)]?.path else { return }
        topics[Endpoint(place)]?.path = .known(isUp: isUp)
    }

    /// - Parameter ports: all that are watched, in the order of the file.
    mutating func look(_ ports: [Diagnosis.Port], now: Instant) -> Outcome {
        let groups = Dictionary(grouping: ports) { Endpoint($0.place) }
        // Of each host the endpoints at which a port answers.
        var answering: [String: Set<Endpoint>] = [:]
        for port in ports where port.answers { answering[port.place.host, default: []].insert(Endpoint(port.place)) }
        topics = topics.filter { groups[$0.key] != nil }
        var outcome = Outcome()
        diagnoses = []
        for endpoint in ports.map({ Endpoint($0.place) }).withoutRepeats {
            guard let group = groups[endpoint] else { continue }
            var topic = topics[endpoint] ?? Topic()
            let answersElsewhere = answering[group[0].place.host]?.contains { $0 != endpoint } ?? false
            look(&topic, group, answersElsewhere: answersElsewhere, &outcome, now)
            topics[endpoint] = topic
        }
        return outcome
    }

    // MARK: - one endpoint

    private mutating func look(
        _ topic: inout Topic, _ ports: [Diagnosis.Port], answersElsewhere: Bool, _ outcome: inout Outcome,
        _ now: Instant
    ) {
        topic.begin()
        askPath(&topic, ports, &outcome, now)
        let around = Diagnosis.Surroundings(
            tailnet: explanation(of: ports[0].place.host), isPathUp: topic.path?.isUp,
            answersElsewhere: answersElsewhere)
        let found = Diagnosis.all(of: ports, around)
        diagnoses += found
        let here = Set(ports.map(\.place))
        topic.said = topic.said.filter { here.contains($0.key.place) }
        topic.standings = topic.standings.filter { here.contains($0.key) }
        let before = topic.found
        topic.found = [:]
        for diagnosis in found {
            for asked in diagnosis.asked {
                let known = before[asked]
                topic.found[asked] =
                    known?.matter == diagnosis.matter ? known : (diagnosis.matter, now)
            }
        }
        let verdicts = verdicts(&topic, found, ports, now)
        if !verdicts.isEmpty, isOver(&topic, verdicts, ports, &outcome, now) {
            topic.opened = nil
            for diagnosis in verdicts {
                for asked in diagnosis.asked { topic.said[asked] = (diagnosis.matter, now) }
                outcome.events.append(.verdict(diagnosis))
            }
        } else if verdicts.isEmpty {
            topic.opened = nil
        }
        sayStandings(&topic, found, ports, &outcome, now)
    }

    /// Where no port says anything, the tailnet may know whether the host is there.
    private func askPath(
        _ topic: inout Topic, _ ports: [Diagnosis.Port], _ outcome: inout Outcome, _ now: Instant
    ) {
        guard isOfTailnet(ports[0].place.host), ports.allSatisfy({ $0.isAll([.timeout]) }) else {
            return topic.path = nil
        }
        guard topic.path == nil else { return }
        topic.path = .asked(now)
        outcome.paths.append(ports[0].place)
    }

    /// What the tailnet says that explains why nothing comes back from a host.
    private func explanation(of host: String) -> TailnetNews? {
        guard isOfTailnet(host) else { return nil }
        let host = host.lowercased()
        let own = [tailnet[.tailscaled], tailnet[.key(of: nil)]].compactMap(\.self).first
        return own ?? tailnet.values.first { $0.name?.lowercased() == host }
    }

    private func isOfTailnet(_ host: String) -> Bool {
        let host = host.lowercased()
        return host.hasSuffix(".ts.net") || peers.contains(host) || IPAddress(host)?.isOfTailnet ?? false
    }

    // MARK: - verdicts

    /// What is to be said of probes, whether the round is over or not.
    private func verdicts(
        _ topic: inout Topic, _ found: [Diagnosis], _ ports: [Diagnosis.Port], _ now: Instant
    ) -> [Diagnosis] {
        found.compactMap { diagnosis in
            let news = diagnosis.asked.filter { isNews($0, diagnosis, &topic, ports, now) }
            guard let first = news.first else { return nil }
            // What was seen at the first that is named.
            let seen = ports.result(of: first).flatMap { $0.verdict == diagnosis.verdict ? $0 : nil }
            return Diagnosis(news, seen ?? diagnosis.result, joint: diagnosis.joint, servers: diagnosis.servers)
        }
    }

    private func isNews(
        _ asked: AskedPlace, _ diagnosis: Diagnosis, _ topic: inout Topic, _ ports: [Diagnosis.Port], _ now: Instant
    ) -> Bool {
        let matter = diagnosis.matter
        guard let port = ports.first(where: { $0.place == asked.place }) else { return false }
        let before = topic.said[asked]
        guard before?.matter != matter else { return false }
        // With the standing, one line; another name of a place that is well is no news at all.
        if matter.verdict == .well, topic.standings[asked.place] != .healthy { return false }
        if matter.verdict == .well, before == nil {
            topic.said[asked] = (matter, now)
            return false
        }
        if port.hasAnswered, let before, Verdict.ofOutage.contains(before.matter.verdict),
            Verdict.ofOutage.contains(matter.verdict), let since = topic.found[asked]?.since,
            now < since + Self.outagePatience
        {
            topic.hold(until: since + Self.outagePatience)
            return false
        }
        if matter.verdict == .well, let since = topic.found[asked]?.since, now < since + Self.outagePatience,
            topic.isComingBack(ports, besides: asked.place)
        {
            // The others come back too: one line.
            topic.hold(until: since + Self.outagePatience)
            return false
        }
        guard matter.verdict.grade != .good else { return true }
        let isKnown = diagnosis.asked.contains { other in
            guard other.place != asked.place, let said = topic.said[other] else { return false }
            return said.matter == matter && now < said.at + Self.company
        }
        if isKnown { topic.said[asked] = (matter, now) }
        return !isKnown
    }

    /// Whether all ports were asked since something changed; if not, they are wanted.
    private func isOver(
        _ topic: inout Topic, _ verdicts: [Diagnosis], _ ports: [Diagnosis.Port], _ outcome: inout Outcome,
        _ now: Instant
    ) -> Bool {
        let news = Set(verdicts.flatMap(\.places))
        let began = ports.filter { news.contains($0.place) }.compactMap(\.asked).min() ?? now
        let opened = topic.opened ?? (now, min(began, now))
        if topic.opened == nil {
            topic.opened = opened
            topic.lastRound = topic.lastRound.flatMap { now < $0 + Self.calm ? $0 : nil } ?? now
        }
        let isStopped = verdicts.contains { if case .stopped = $0.joint { true } else { false } }
        // Whoever was asked before the first sign may have answered before it happened. At a start there was nothing before it.
        let since = topic.said.isEmpty ? opened.began : opened.at
        let others = ports.filter { port in
            guard !port.isResting else { return false }
            return news.contains(port.place) ? port.wasInterrupted(by: ports) : port.asked.map { $0 < since } ?? true
        }
        // One that answered may be away for a moment.
        let unsure = ports.filter { port in
            !port.isResting && news.contains(port.place) && port.hasAnswered && !isStopped
                && (port.failures == 1
                    || ports.count > 1 && port.failedSince.map { now < $0 + Self.secondLook } ?? false)
                && port.results.contains { Verdict.ofOutage.contains($0.result.verdict) }
        }
        // What is so of one name may be so of the others.
        var isAsked = ports.contains { news.contains($0.place) && !$0.isResting && $0.isAskingNames }
        if case .asked(let at)? = topic.path { isAsked = isAsked || now < at + Self.pathPatience }
        let limit = opened.at + (topic.lastRound == opened.at ? Self.round : Self.interval)
        guard isAsked || !others.isEmpty || !unsure.isEmpty, now < limit else { return true }
        if topic.lastRound == opened.at {
            outcome.wanted.formUnion(others.map(\.place))
            outcome.again.formUnion(unsure.map(\.place))
        }
        topic.hold(until: limit)
        for port in unsure where port.failures > 1 {
            if let since = port.failedSince { topic.hold(until: since + Self.secondLook) }
        }
        return false
    }

    // MARK: - standings

    private func sayStandings(
        _ topic: inout Topic, _ found: [Diagnosis], _ ports: [Diagnosis.Port], _ outcome: inout Outcome, _ now: Instant
    ) {
        let turned = ports.filter { port in
            let before = topic.standings[port.place] ?? .unknown
            return port.standing != before && (port.standing != .unknown || before == .unhealthy)
        }
        // That a port which a probe got no use out of goes on to get connections is no news beside what is said of it.
        let mute = turned.filter { port in
            port.standing == .unknown
                || topic.standings[port.place] == nil && port.standing == .healthy && port.witness == .probes
                    && !port.results.isEmpty && port.results.allSatisfy { $0.result.verdict.grade == .failed }
        }
        for port in mute { topic.standings[port.place] = port.standing }
        let news = turned.filter { port in !mute.contains { $0.place == port.place } }
        guard !news.isEmpty else { return topic.turned = nil }
        let began = topic.turned ?? now
        topic.turned = began
        // What connections met, a probe explains.
        let unexplained =
            ports.count == 1
            ? []
            : news.filter { port in
                port.standing == .unhealthy && port.witness == .connections && port.failures == 0 && !port.isResting
                    && port.asked.map { $0 < began } ?? true
            }
        outcome.wanted.formUnion(unexplained.map(\.place))
        let isOff = news.allSatisfy { $0.standing == .unhealthy }
        let isComplete =
            topic.opened == nil && unexplained.isEmpty
            && !ports.contains { port in
                !port.isResting
                    && (port.isTurning || port.results.isEmpty
                        || !isOff && port.standing == .unhealthy
                            && (port.hasAnswered && topic.isInOutage(port) || topic.isStill([.headerNotTrusted], port)))
            }
        // Why it is off was said already.
        let isKnown = isOff && news.allSatisfy { topic.isInOutage($0) }
        let limit = began + (isKnown ? Self.standingPatience : Self.interval)
        guard isComplete || now >= limit else { return topic.hold(until: limit) }
        // Not before it is said why; that is held back no longer than its own limit.
        guard topic.opened == nil else { return }
        topic.turned = nil
        for isHealthy in [false, true] {
            let these = news.filter { ($0.standing == .healthy) == isHealthy }
            guard !these.isEmpty else { continue }
            for port in these { topic.standings[port.place] = port.standing }
            let witnesses = Set(these.map(\.witness))
            // What is well is said here, if it was not before; also of ports that were away too shortly to be off.
            var well: [AskedPlace] = []
            if isHealthy {
                well = found.filter { $0.verdict == .well }.flatMap(\.asked).filter { asked in
                    topic.standings[asked.place] == .healthy && topic.said[asked]?.matter.verdict != .well
                }
            }
            for asked in well {
                if let matter = topic.found[asked]?.matter { topic.said[asked] = (matter, now) }
            }
            let places = ports.map(\.place).filter { place in
                these.contains { $0.place == place } || well.contains { $0.place == place }
            }
            outcome.events.append(
                .health(
                    places, isHealthy: isHealthy,
                    witnesses.count > 1 ? .both : these[0].witness,
                    found: well.first.flatMap { ports.result(of: $0) }.map { Diagnosis(well, $0) }))
        }
    }
}

extension [Diagnosis.Port] {
    fileprivate func result(of asked: AskedPlace) -> ProbeResult? {
        guard let port = first(where: { $0.place == asked.place }) else { return nil }
        let named = port.results.first { port.place.proto != .https || $0.serverName == asked.serverName }
        return named?.result
    }
}

extension Diagnosis.Port {
    /// Whether the last probe broke off in mid-conversation, and what closed another port may have come in between: that one was found to be
    /// away by a probe that began later, or its conversation broke off too.
    fileprivate func wasInterrupted(by ports: [Self]) -> Bool {
        guard let asked, failures == 1, hasBrokenOff else { return false }
        return ports.contains { other in
            other.place != place
                && (other.hasBrokenOff || other.isAll(Verdict.ofOutage) && other.asked.map { $0 > asked } ?? false)
        }
    }

    private var hasBrokenOff: Bool { hasAnswered && isAll(Verdict.ofInterruption) }
}

extension TailnetNews {
    /// Whether it explains that nothing comes back from the host that it is about.
    fileprivate var explainsSilence: Bool {
        switch change {
        case .gone, .keyExpired, .peerMissing, .peerRenamed, .peerOffline: true
        case .state: level != .info
        case .back, .restarted, .ownAddresses, .keyExpires, .keyRenewed, .peerBack, .peerAddresses, .path, .userspace:
            false
        }
    }
}
