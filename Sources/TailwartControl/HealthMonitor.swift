import NIOCore
import Synchronization
import TailwartCore
import TailwartEngine
import TailwartProbe
import TailwartSystem
import TailwartWire

/// Probes each place of each upstream now and then, joins that with what traffic finds out, tells the workers who is unwell, and the
/// operator what is the matter, on change.
final class HealthMonitor: Sendable {
    /// The longest pause between two probes of a place that is unwell for a reason which asking does not make worse: a mailbox that
    /// comes back is to be used soon.
    private static let recoveryInterval = Duration.seconds(5)
    /// Between two looks at what traffic found out.
    private static let trafficInterval = Duration.seconds(2)
    /// Between two looks at a setup page: the mail server counts requests per address.
    private static let setupInterval = Duration.seconds(20)
    /// How long a name may take to be resolved when the edge starts, before that counts as a fault.
    private static let nameLimit = Duration.seconds(10)
    /// Probes begin within this time, each at its own moment.
    private static let firstSpread = Duration.seconds(1)

    private let subjects: [ProbeSubject]
    /// By subject.
    private let places: [Place]
    private let prober: Prober
    private let log: Log
    /// Ends the connections to places that became unwell.
    private let close: @Sendable ([Place]) -> Void
    private let state: Mutex<State>

    private struct State {
        var addresses: [String: [IPAddress]] = [:]
        /// By subject.
        var cases: [Case]
        /// Whether a mail server that refuses all its ports showed its setup page, by endpoint.
        var setupPages: [String: (isOpen: Bool, asked: ContinuousClock.Instant)] = [:]
    }

    /// What is known of one subject.
    private struct Case {
        var health: Health
        var guardian = BurnGuard()
        /// The last result, by server name.
        var results: [String?: ProbeResult] = [:]
        var turn = 0
    }

    init(
        _ subjects: [ProbeSubject], in topology: Topology, prober: Prober, log: Log,
        close: @escaping @Sendable ([Place]) -> Void
    ) {
        self.subjects = subjects
        // Both come from the same ways.
        places = subjects.map { topology.place($0.place) ?? Place($0.place) }
        self.prober = prober
        self.log = log
        self.close = close
        state = Mutex(
            State(cases: subjects.map { Case(health: Health(rise: $0.health.rise, fall: $0.health.fall)) }))
    }

    /// Names have other addresses.
    func learn(_ addresses: [String: [IPAddress]]) { state.withLock { $0.addresses = addresses } }

    /// Probes until the task is cancelled.
    func run() async {
        guard !subjects.isEmpty else { return }
        await withTaskGroup { group in
            for index in subjects.indices { group.addTask { await self.watch(index) } }
            group.addTask { await self.watchTraffic() }
        }
    }

    // MARK: - one subject

    private func watch(_ index: Int) async {
        let subject = subjects[index]
        try? await Task.sleep(for: Self.firstSpread * Double.random(in: 0...1))
        await waitForAddress(of: subject)
        while !Task.isCancelled {
            if mayProbe(index) { await probe(index) }
            let health = state.withLock { $0.cases[index].health }
            let interval =
                health.standing == .unwell
                ? min(subject.health.interval, Self.recoveryInterval) : subject.health.interval
            // Jitter keeps the ports of many edges from being asked in the same moment for ever.
            try? await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
        }
    }

    /// A name that is looked up for the first time gets some time before its place is judged.
    private func waitForAddress(of subject: ProbeSubject) async {
        let end = ContinuousClock.now + Self.nameLimit
        while !Task.isCancelled, ContinuousClock.now < end, subject.ways(state.withLock { $0.addresses }).isEmpty {
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func mayProbe(_ index: Int) -> Bool {
        let now = ContinuousClock.now
        return state.withLock { $0.cases[index].guardian.mayProbe(at: now) }
    }

    private func probe(_ index: Int) async {
        let subject = subjects[index]
        let (addresses, name) = state.withLock { state in
            let names = subject.serverNames
            defer { state.cases[index].turn = (state.cases[index].turn + 1) % names.count }
            return (state.addresses, names[state.cases[index].turn])
        }
        var result = await subject.probe(with: prober, addresses, serverName: name, timeout: subject.health.timeout)
        if result.verdict == .refused { result = await joined(result, index) }
        guard !Task.isCancelled else { return }
        take(result, name, index)
    }

    /// Takes in a result: health, place, log.
    private func take(_ result: ProbeResult, _ name: String?, _ index: Int) {
        let subject = subjects[index]
        let now = ContinuousClock.now
        let (before, health, hasTurned) = state.withLock { state in
            let before = state.cases[index].results.updateValue(result, forKey: name)
            state.cases[index].guardian.record(result.verdict, isCostly: result.isCostly, at: now)
            if before?.verdict.costsQuota ?? false, !result.verdict.costsQuota {
                // What was wrong with one port is mended: the others need not wait.
                for sibling in subjects.indices where subjects[sibling].hasEndpoint(of: subject) {
                    state.cases[sibling].guardian.reset()
                }
            }
            let hasTurned = state.cases[index].health.probed(
                subject.health(result, serverName: name), serverGreets: subject.proto.firstSpeaker == .server)
            tellPlace(state.cases[index].health, index, trialsAreCostly: result.verdict.costsQuota)
            return (before, state.cases[index].health, hasTurned)
        }
        if before?.verdict != result.verdict
            || before?.certificate?.missingNames != result.certificate?.missingNames
                && result.verdict == .certificateNameMismatch
        {
            say(result, name, subject)
        }
        if hasTurned { turned(index, health, because: result.verdict) }
    }

    /// What a refused port means together with the others of its endpoint: where all are refused, is the server there at all?
    private func joined(_ result: ProbeResult, _ index: Int) async -> ProbeResult {
        let subject = subjects[index]
        let now = ContinuousClock.now
        let (results, addresses, known) = state.withLock { state in
            var results: [UInt16: ProbeResult] = [:]
            for sibling in subjects.indices where subjects[sibling].hasEndpoint(of: subject) {
                results[subjects[sibling].port] = sibling == index ? result : state.cases[sibling].results.values.first
            }
            return (results, state.addresses, state.setupPages[subject.endpoint.text])
        }
        let siblings = subjects.count { $0.hasEndpoint(of: subject) }
        guard results.count == siblings, EndpointDiagnosis.mayBeBooting(results),
            let way = subject.ways(addresses).first
        else { return result }
        let isOpen: Bool
        if let known, now - known.asked < Self.setupInterval {
            isOpen = known.isOpen
        } else {
            isOpen = await prober.isSetupPortOpen(way, timeout: subject.health.timeout)
            state.withLock { $0.setupPages[subject.endpoint.text] = (isOpen, now) }
        }
        return EndpointDiagnosis.joined(results, isSetupPortOpen: isOpen)[subject.port] ?? result
    }

    // MARK: - traffic

    private func watchTraffic() async {
        while !Task.isCancelled {
            for index in subjects.indices {
                let (successes, failures) = places[index].takeTraffic()
                guard successes > 0 || failures > 0 else { continue }
                let (health, hasTurned) = state.withLock { state in
                    let hasTurned = state.cases[index].health.sawTraffic(successes: successes, failures: failures)
                    if hasTurned {
                        tellPlace(state.cases[index].health, index, trialsAreCostly: false)
                        if successes > 0 { state.cases[index].guardian.reset() }
                    }
                    return (state.cases[index].health, hasTurned)
                }
                if hasTurned { turned(index, health, because: nil) }
            }
            try? await Task.sleep(for: Self.trafficInterval)
        }
    }

    // MARK: - what follows

    /// Under the lock, so that the place never says something older than the standing. What traffic met before a place became well
    /// counts no longer.
    private func tellPlace(_ health: Health, _ index: Int, trialsAreCostly: Bool) {
        let place = places[index]
        let isUnwell = health.standing == .unwell
        if place.isUnhealthy, !isUnwell { _ = place.takeTraffic() }
        place.setUnhealthy(isUnwell, trialsAreCostly: trialsAreCostly)
    }

    /// - Parameter verdict: nil if it was traffic that showed it.
    private func turned(_ index: Int, _ health: Health, because verdict: Verdict?) {
        let subject = subjects[index]
        let isUnwell = health.standing == .unwell
        let source = verdict == nil ? "connections" : "probes"
        log.post(
            isUnwell ? .error : .info,
            isUnwell
                ? "\(subject.label(nil)) counts as unwell, as \(source) say: it gets no connections but a trial now and then"
                : "\(subject.label(nil)) counts as well, as \(source) say",
            subject.fields("health") + [LogField("standing", isUnwell ? "unwell" : "well")])
        if isUnwell, subject.health.closeIfUnhealthy { close([places[index]]) }
    }

    private func say(_ result: ProbeResult, _ name: String?, _ subject: ProbeSubject) {
        let verdict = result.verdict
        let level: LogSettings.Level =
            switch verdict.grade {
            case .good: .info
            case .degraded: .warning
            case .failed: .error
            }
        let sentence =
            verdict == .well ? result.detail : "\(verdict.cause) \(result.detail) \(verdict.fix)"
        log.post(
            level, "\(subject.label(name)): \(verdict.name): \(sentence)",
            subject.fields("verdict") + result.fields(serverName: subject.proto == .https ? name : nil))
    }
}

extension ProbeResult {
    package func fields(serverName: String?) -> [LogField] {
        var fields = [
            LogField("verdict", verdict.name), LogField("grade", verdict.grade.rawValue), LogField("detail", detail),
            LogField("cause", verdict.cause), LogField("fix", verdict.fix),
        ]
        if let serverName { fields.append(LogField("server_name", serverName)) }
        if let roundTrip { fields.append(LogField("connect_us", Int(clamping: roundTrip.microseconds))) }
        if let certificate {
            fields += [
                LogField("certificate_subject", certificate.subject),
                LogField("certificate_issuer", certificate.issuer),
                LogField("certificate_names", certificate.names),
                LogField("certificate_not_after", certificate.notAfter),
                LogField("certificate_lifetime_left_percent", Int(certificate.lifetimeLeft * 100)),
            ]
        }
        return fields
    }
}

extension ProbeSubject {
    package func fields(_ event: String) -> [LogField] {
        [
            LogField("event", event), LogField("upstream", upstream.name), LogField("endpoint", endpoint.text),
            LogField("port", Int(port)), LogField("protocol", proto.rawValue),
        ]
    }
}
