/// Decides when each place is probed, joins what probes and traffic find out, and says who is unhealthy. A value without clock, randomness
/// or I/O: events go in with the time, effects come out.
///
/// - Parameter Key: what a subject is known by.
package struct HealthWatch<Key: Hashable & Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// Between two looks at what traffic found out.
    package static var trafficInterval: Duration { .seconds(2) }
    /// Between two looks at a setup page: the mail server counts requests per address.
    package static var setupInterval: Duration { .seconds(20) }
    /// How long a name may take to be resolved when the edge starts, before that counts as a fault.
    package static var nameLimit: Duration { .seconds(10) }
    /// Probes begin within this time, each at its own moment.
    package static var firstSpread: Duration { .seconds(1) }

    /// What is known of one subject.
    struct Case {
        var subject: Subject
        var health: Health
        var guardian = BurnGuard()
        /// The last result, by server name, and the last of all.
        var results: [String?: ProbeResult] = [:]
        /// Who greeted last, if it said so.
        var server: MailServer?
        /// Whether a certificate was seen that the server had not made up.
        var hadCertificate = false
        var latest: ProbeResult?
        /// The next of the server names.
        var turn = 0
        /// Names that are to be asked for soon: all of them within one interval, as nothing is known of them yet or one has changed.
        var hurry = 0
        var isMarkedUnhealthy = false
        var lastProbe: Instant?
        /// Whether a server ever answered a probe there.
        var hasAnswered = false
        /// Probes in a row that got no use out of it, when the first of them began, and the last.
        var failures = 0
        var failedSince: Instant?
        var asked: Instant?
        /// Probes in a row that found the same as the one before of their name.
        var steady = 0
        /// What showed the standing, and whether no probe was made since connections did.
        var witness = EdgeEvent.Witness.probes
        var isUnasked = false
        /// Whether the path there changed while a probe was under way.
        var isDisturbed = false
        /// Whether connections were served, and none was dialled in vain, since a probe was last due.
        var hasServed = false
        /// When a connection that was dialled in vain last brought the next probe forward.
        var hastened: Instant?
        /// Probes that somebody wants to have begun now, one for each name; and whether the one that is under way is of these.
        var ordered = 0
        var isOrdered = false
        var step: Step

        /// What there is to remember of a probe beside its result.
        mutating func note(_ result: ProbeResult, before: ProbeResult?, isProbe: Bool, _ now: Instant) {
            asked = lastProbe ?? now
            isUnasked = false
            steady = before?.verdict == result.verdict ? steady + 1 : 0
            if result.verdict.grade == .failed {
                failures += 1
                failedSince = failedSince ?? (isProbe ? asked : now)
            } else {
                (failures, failedSince, hasAnswered) = (0, nil, true)
            }
        }
    }

    enum Step {
        /// The next probe is due. Before the first, a subject without an address waits until `patience` is over.
        case pause(until: Instant, patience: Instant?)
        case probing
        /// Refused, like all ports of its endpoint: is the server there at all?
        case asking(ProbeResult, serverName: String?)
    }

    var cases: [Key: Case] = [:]
    var herald = Herald()
    private(set) var order: [Key] = []
    var orders: [Int: Order] = [:]
    private var reachable: Set<Key>
    private var nextLook: Instant
    /// Whether a mail server that refuses all its ports showed its setup page.
    private var setupPages: [Endpoint: (isOpen: Bool, asked: Instant)] = [:]

    private struct Endpoint: Hashable {
        let upstream: String
        let endpoint: String

        init(_ place: ProbedPlace) { (upstream, endpoint) = (place.upstream, place.endpoint) }
    }

    /// - Parameters:
    ///   - reachable: subjects that have addresses, or need none.
    ///   - jitter: 0 to 1, anew for each call.
    package init(_ subjects: [Subject], reachable: Set<Key>, now: Instant, jitter: () -> Double) {
        self.reachable = reachable
        nextLook = now + Self.trafficInterval
        _ = watch(subjects, asked: [], now, jitter)
    }

    /// When to come back with a ``Event/tick``; nil: never.
    package var nextDue: Instant? {
        let watched =
            cases.isEmpty ? [] : [nextLook] + cases.values.compactMap(due) + [herald.nextDue].compactMap(\.self)
        return (watched + orders.values.map(\.deadline)).min()
    }

    private func due(_ entry: Case) -> Instant? {
        guard case .pause(let until, let patience) = entry.step else { return nil }
        return patience.map { reachable.contains(entry.subject.key) ? until : $0 } ?? until
    }

    /// What is known of each place, in the order of the subjects.
    package var reports: [PlaceReport] {
        order.compactMap { cases[$0] }.map { entry in
            let asked = Set(entry.subject.serverNames)
            return PlaceReport(
                entry.subject.place, entry.health.standing, entry.results.filter { asked.contains($0.key) })
        }
    }

    /// What is the matter at each endpoint, and what is well, with all ports that have it in common.
    package var diagnoses: [Diagnosis] { herald.diagnoses }

    /// Takes in what happened.
    ///
    /// - Parameter jitter: 0 to 1, anew for each call: keeps the ports of many edges from being asked in the same moment for ever.
    package mutating func take(_ event: Event, now: Instant, jitter: () -> Double) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .tick: break
        case .subjects(let subjects, let asked, let keys):
            reachable = keys
            effects = watch(subjects, asked: asked, now, jitter)
        case .reachable(let keys): reachable = keys
        case .probed(let key, let name, let result): effects = probed(key, name, named(result, key), now, jitter)
        case .setupPage(let key, let isOpen): effects = sawSetupPage(key, isOpen, now, jitter)
        case .traffic(let key, let successes, let failures): effects = sawTraffic(key, successes, failures, now)
        case .mistrusted(let key, let isOfOne): effects = sawMistrust(key, isOfOneAddress: isOfOne, now, jitter)
        case .path(let key, let isUp): if let entry = cases[key] { herald.takePath(entry.subject.place, isUp: isUp) }
        case .tailnet(let news): sawTailnet(news)
        case .ordered(let number, let keys, let limit):
            take(Order(left: keys, deadline: now + limit), number, now, jitter)
        }
        effects += speak(now, jitter)
        return effects + startDue(now, jitter) + fulfil(now)
    }

    // MARK: - what is watched

    private mutating func watch(
        _ subjects: [Subject], asked: Set<Key>, _ now: Instant, _ jitter: () -> Double
    ) -> [Effect] {
        let before = cases
        let gone = order.filter { key in !subjects.contains { $0.key == key } }
        // Of what nobody probes nobody would ever say that it is healthy.
        var effects = gone.compactMap { key in before[key]?.isMarkedUnhealthy ?? false ? Self.forget(key) : nil }
        order = subjects.map(\.key)
        cases = [:]
        for subject in subjects {
            let first = now + Self.firstSpread * jitter()
            guard var entry = before[subject.key] else {
                cases[subject.key] = Case(
                    subject: subject, health: Health(affects: subject.affects, rise: subject.rise, fall: subject.fall),
                    hurry: subject.serverNames.count, step: .pause(until: first, patience: first + Self.nameLimit))
                continue
            }
            entry.subject = subject
            entry.turn %= subject.serverNames.count
            entry.health.change(affects: subject.affects, rise: subject.rise, fall: subject.fall)
            if entry.isMarkedUnhealthy, entry.health.standing != .unhealthy {
                entry.isMarkedUnhealthy = false
                effects.append(Self.forget(subject.key))
            }
            if asked.contains(subject.key) {
                entry.guardian.reset()
                entry.hurry = subject.serverNames.count
                entry.step = .pause(until: first, patience: first + Self.nameLimit)
                // What was ordered is asked for as it is now.
                if entry.isOrdered || entry.ordered > 0 {
                    (entry.ordered, entry.isOrdered) = (subject.serverNames.count, false)
                }
            } else if !entry.guardian.mayProbe(at: now) {
                // Whoever has a file read anew has mended something, if only elsewhere.
                entry.guardian.lift(at: now)
                if entry.guardian.mayProbe(at: now), case .pause = entry.step {
                    entry.step = .pause(until: first, patience: nil)
                }
            }
            cases[subject.key] = entry
        }
        return effects
    }

    private static func forget(_ key: Key) -> Effect {
        .mark(key, isUnhealthy: false, trialsAreCostly: false, forgetsTraffic: true)
    }

    // MARK: - time

    private mutating func startDue(_ now: Instant, _ jitter: () -> Double) -> [Effect] {
        var effects: [Effect] = []
        for key in order {
            guard let entry = cases[key], let due = due(entry), due <= now else { continue }
            guard entry.guardian.mayProbe(at: now) else {
                cases[key]?.ordered = 0
                pause(key, now, jitter)
                continue
            }
            if mayRest(entry, now) {
                cases[key]?.hasServed = false
                pause(key, now, jitter)
                continue
            }
            let names = entry.subject.serverNames
            cases[key]?.turn = (entry.turn + 1) % names.count
            cases[key]?.hurry = max(0, entry.hurry - 1)
            cases[key]?.step = .probing
            cases[key]?.isOrdered = entry.ordered > 0
            cases[key]?.ordered = max(0, entry.ordered - 1)
            cases[key]?.lastProbe = now
            cases[key]?.hasServed = false
            effects.append(.probe(key, serverName: names[entry.turn], listensFor: entry.guardian.listensFor))
        }
        if nextLook <= now, !cases.isEmpty {
            nextLook = now + Self.trafficInterval
            effects.append(.lookAtTraffic)
        }
        return effects
    }

    /// Whether traffic says enough this time. Of many names each is asked for in its turn, and clients of one say nothing of the others.
    private func mayRest(_ entry: Case, _ now: Instant) -> Bool {
        guard entry.ordered == 0, entry.hasServed, entry.subject.serverNames.count == 1, let last = entry.lastProbe,
            entry.health.standing == .healthy, let latest = entry.latest, latest.verdict.grade != .failed
        else { return false }
        return now < last + Self.servedInterval
    }

    private mutating func pause(_ key: Key, _ now: Instant, _ jitter: () -> Double) {
        guard let entry = cases[key] else { return }
        let wait = entry.ordered > 0 ? .zero : entry.interval(now: now) * (0.9 + 0.2 * jitter())
        cases[key]?.step = .pause(until: now + wait, patience: nil)
    }

    // MARK: - probes

    private mutating func probed(
        _ key: Key, _ name: String?, _ result: ProbeResult, _ now: Instant, _ jitter: () -> Double
    ) -> [Effect] {
        guard let entry = cases[key] else { return [] }
        if cases[key]?.isDisturbed ?? false {
            cases[key]?.isDisturbed = false
            if result.verdict.grade == .failed, !result.verdict.costsQuota {
                if entry.isOrdered { cases[key]?.ordered += 1 }
                cases[key]?.step = .pause(until: now + Self.firstSpread * jitter(), patience: nil)
                return []
            }
        }
        let results = joint(key, result)
        if result.verdict == .refused, let results, EndpointDiagnosis.mayBeBooting(results), reachable.contains(key) {
            if let known = setupPages[Endpoint(entry.subject.place)], now - known.asked < Self.setupInterval {
                return takeIn(key, name, joined(key, result, known.isOpen), now, jitter)
            }
            cases[key]?.step = .asking(result, serverName: name)
            return [.askSetupPage(key)]
        }
        return takeIn(key, name, result, now, jitter)
    }

    /// With the server that answered before, where this one came to no greeting; else with that of the other ports.
    private mutating func named(_ result: ProbeResult, _ key: Key) -> ProbeResult {
        guard let entry = cases[key] else { return result }
        let place = entry.subject.place
        var result = result
        if !result.isAnonymous(place.proto) { result.server = result.server ?? entry.server }
        cases[key]?.server = result.server
        let siblings = cases.values.filter { $0.subject.place.hasEndpoint(of: place) }
        result.server = EndpointDiagnosis.server(of: result, place.proto, beside: siblings.map(\.server))
        let isOwn = result.certificate.map { !$0.isFallback } ?? false
        cases[key]?.hadCertificate = entry.hadCertificate || isOwn
        return EndpointDiagnosis.judged(
            result, beside: siblings.flatMap(\.results.values),
            hadCertificate: siblings.contains(where: \.hadCertificate))
    }

    private mutating func sawSetupPage(
        _ key: Key, _ isOpen: Bool, _ now: Instant, _ jitter: () -> Double
    ) -> [Effect] {
        guard let entry = cases[key], case .asking(let result, let name) = entry.step else { return [] }
        setupPages[Endpoint(entry.subject.place)] = (isOpen, now)
        return takeIn(key, name, joined(key, result, isOpen), now, jitter)
    }

    /// What all ports of the subject's endpoint said last, this one with `result`; nil while not all were probed.
    private func joint(_ key: Key, _ result: ProbeResult) -> [UInt16: ProbeResult]? {
        guard let subject = cases[key]?.subject else { return nil }
        let siblings = cases.values.filter { $0.subject.place.hasEndpoint(of: subject.place) }
        var results: [UInt16: ProbeResult] = [:]
        for sibling in siblings {
            results[sibling.subject.place.port] = sibling.subject.key == key ? result : sibling.latest
        }
        return results.count == siblings.count ? results : nil
    }

    /// What a refused port means together with the others of its endpoint.
    private func joined(_ key: Key, _ result: ProbeResult, _ isSetupPageOpen: Bool) -> ProbeResult {
        guard let results = joint(key, result), let port = cases[key]?.subject.place.port else { return result }
        return EndpointDiagnosis.joined(results, isSetupPortOpen: isSetupPageOpen)[port] ?? result
    }

    /// - Parameter isProbe: whether a probe has found it, and not a client.
    private mutating func takeIn(
        _ key: Key, _ name: String?, _ result: ProbeResult, isProbe: Bool = true, _ now: Instant, _ jitter: () -> Double
    ) -> [Effect] {
        guard var entry = cases[key] else { return [] }
        let subject = entry.subject
        let before = entry.results.updateValue(result, forKey: name)
        entry.note(result, before: before, isProbe: isProbe, now)
        entry.latest = result
        entry.guardian.record(result, at: now)
        let hasTurned = entry.health.probed(
            result.isOfOneAddress ? .well : result.reachability(of: subject, serverName: name),
            serverGreets: subject.place.proto.firstSpeaker == .server)
        if hasTurned { entry.witness = .probes }
        var effects = [Self.mark(&entry, trialsAreCostly: result.verdict.costsQuota && !result.isOfOneAddress)]
        cases[key] = entry
        if before?.verdict.costsQuota ?? false, !result.verdict.costsQuota {
            // What was wrong with one port is mended: the others need not wait.
            for sibling in order where cases[sibling]?.subject.place.hasEndpoint(of: subject.place) ?? false {
                cases[sibling]?.guardian.reset()
                guard sibling != key, let entry = cases[sibling], entry.latest?.verdict.costsQuota ?? false,
                    case .pause = entry.step
                else { continue }
                cases[sibling]?.step = .pause(until: now, patience: nil)
            }
        }
        if let before,
            before.verdict != result.verdict
                || before.certificate?.missingNames != result.certificate?.missingNames
                    && result.verdict == .certificateNameMismatch
        {
            // What is so of one name may be so of the others.
            cases[key]?.hurry = subject.serverNames.count - 1
        }
        if hasTurned { effects += Self.turned(entry) }
        if isProbe { answered(key, now) }
        pause(key, now, jitter)
        return effects
    }

    // MARK: - traffic

    private mutating func sawTraffic(_ key: Key, _ successes: Int, _ failures: Int, _ now: Instant) -> [Effect] {
        guard var entry = cases[key] else { return [] }
        defer { cases[key] = entry }
        if failures == 0 { entry.hasServed = entry.hasServed || successes > 0 } else { entry.hasServed = false }
        let hasTurned = entry.health.sawTraffic(successes: successes, failures: failures)
        if successes == 0, case .pause(let until, nil) = entry.step, entry.latest != nil,
            entry.isWorthHaste(hasTurned: hasTurned, now: now), now + Self.recoveryInterval < until
        {
            // Something changed: a probe tells what, and need not wait until the last one is old.
            entry.step = .pause(until: now + Self.recoveryInterval, patience: nil)
            entry.hastened = now
        }
        guard hasTurned else { return [] }
        if successes > 0 { entry.guardian.reset() }
        (entry.witness, entry.isUnasked) = (.connections, true)
        return [Self.mark(&entry, trialsAreCostly: false)] + Self.turned(entry)
    }

    /// As good as a probe that found it out. What a client spent at the mailbox is no probe's doing, and the next one listens first anyway.
    private mutating func sawMistrust(
        _ key: Key, isOfOneAddress: Bool, _ now: Instant, _ jitter: () -> Double
    ) -> [Effect] {
        guard let entry = cases[key] else { return [] }
        var result = named(
            ProbeResult(.headerNotTrusted, "The mailbox answered the header of a client's connection."), key)
        result.isOfOneAddress = isOfOneAddress
        let effects = takeIn(key, entry.subject.serverNames[0], result, isProbe: false, now, jitter)
        // A probe that is under way goes on, and its end decides when the next one is due.
        if case .pause = entry.step {} else { cases[key]?.step = entry.step }
        return effects
    }

    // MARK: - what follows

    private static func mark(_ entry: inout Case, trialsAreCostly: Bool) -> Effect {
        let isUnhealthy = entry.health.standing == .unhealthy
        defer { entry.isMarkedUnhealthy = isUnhealthy }
        return .mark(
            entry.subject.key, isUnhealthy: isUnhealthy, trialsAreCostly: trialsAreCostly,
            forgetsTraffic: entry.isMarkedUnhealthy && !isUnhealthy)
    }

    private static func turned(_ entry: Case) -> [Effect] {
        entry.health.standing == .unhealthy && entry.subject.closesIfUnhealthy ? [.close(entry.subject.key)] : []
    }
}

extension ProbeResult {
    /// What it says of reachability. A web server that is asked for no name, or for one that it does not know, may refuse the handshake
    /// and serve everybody else.
    package func reachability(_ proto: ListenerProtocol, serverName: String?, ofMany: Bool) -> Verdict {
        verdict == .tlsFailed && proto == .https && (serverName == nil || ofMany) ? .well : verdict
    }

    fileprivate func reachability<Key>(of subject: HealthWatch<Key>.Subject, serverName: String?) -> Verdict {
        reachability(subject.place.proto, serverName: serverName, ofMany: subject.serverNames.count > 1)
    }
}
