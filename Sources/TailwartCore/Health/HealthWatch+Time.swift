/// How often a place is asked.
///
/// Each probe is a line or two in a mail server's log, and there are to be no more than 60 in an hour for each port. But where nothing connects
/// a probe leaves no line, and it is what decides when clients are served again: those stay frequent, for as long as it lasts.
extension HealthWatch {
    /// The longest pause between two probes of a place that is not healthy, for a reason which asking does not make worse: a mailbox that
    /// comes back is to be used soon, and one that was never reached to be judged soon.
    package static var recoveryInterval: Duration { .seconds(5) }
    /// Between two probes of a place where clients are served from one interval to the next: each probe is a line or two in a mailbox's
    /// log, and says nothing there that clients do not show.
    package static var servedInterval: Duration { .seconds(5 * 60) }
    /// A place that is found the same so many times in a row is asked so much more seldom: with the usual 30 s a probe is at most 60 lines an
    /// hour in a mail server's log. A connection that is dialled in vain, and another port that fails, bring the next one forward.
    package static var steadyCount: Int { 4 }
    package static var steadyFactor: Int { 5 }
    /// No more seldom than that, unless the file says so.
    static var steadyInterval: Duration { .seconds(150) }
    /// How long a fault may be a moment's. After that it is asked for more seldom, if the server was reached.
    package static var faultPatience: Duration { .seconds(60) }
    /// From then on where the header is not trusted: nobody but a probe finds out that it is again, and until then every client is refused. With
    /// the time that the probe itself takes a mended mailbox is used within half a minute.
    package static var mistrustInterval: Duration { .seconds(20) }
    /// Between two probes of a place that is well which are brought forward, as connections to it fail.
    static var hasteInterval: Duration { .seconds(60) }
    /// The same of a place where a fault was found that stays, when connections turn it off.
    static var faultyHasteInterval: Duration { .seconds(15 * 60) }
}

extension HealthWatch.Case {
    /// Between this probe and the next.
    func interval(now: ContinuousClock.Instant) -> Duration {
        let names = subject.serverNames.count
        let usual = subject.interval / (hurry > 0 ? names : 1)
        // A probe that listens spends a part of the pause with that, so that a mended mailbox is seen as soon.
        let listens = guardian.listensFor ?? .zero
        func soon(_ pause: Duration) -> Duration { min(usual, max(.seconds(1), pause - listens)) }
        if health.standing == .unhealthy, latest?.verdict == .headerNotTrusted {
            return soon(isFaultOld(now) ? HealthWatch<Key>.mistrustInterval : HealthWatch<Key>.recoveryInterval)
        }
        let isHealthy = health.standing == .healthy
        guard latest?.verdict.grade == .failed ? isFoundFaulty : isHealthy else {
            return isHealthy ? usual : soon(HealthWatch<Key>.recoveryInterval)
        }
        let isSteady = steady >= HealthWatch<Key>.steadyCount * names
        let seldom = min(usual * HealthWatch<Key>.steadyFactor, HealthWatch<Key>.steadyInterval)
        return isSteady || isFaultOld(now) ? max(usual, seldom) : usual
    }

    /// Whether the server was reached, and what it says is a fault that is judged: the next probe that finds the same turns nothing off. Where
    /// connections have, one that is served turns it on again; there is one every few seconds, if anybody comes.
    private var isFoundFaulty: Bool {
        guard let latest, latest.verdict.wasReached else { return false }
        let verdict = latest.reachability(
            subject.place.proto, serverName: nil, ofMany: subject.serverNames.count > 1)
        let turnsOff = !latest.isOfOneAddress && verdict.turnsOff(subject.affects)
        return turnsOff ? health.standing == .unhealthy : health.standing != .unknown
    }

    private func isFaultOld(_ now: ContinuousClock.Instant) -> Bool {
        failedSince.map { now - $0 >= HealthWatch<Key>.faultPatience } ?? false
    }

    /// Whether a connection that is dialled in vain tells something that is worth a probe before its time: not where the probe has found
    /// the fault that shows, and not again and again where it finds none.
    ///
    /// - Parameter hasTurned: whether connections have just turned the place off.
    func isWorthHaste(hasTurned: Bool, now: ContinuousClock.Instant) -> Bool {
        guard let latest else { return false }
        let pause: Duration
        if latest.verdict.grade != .failed {
            pause = hasTurned ? .zero : HealthWatch<Key>.hasteInterval
        } else {
            guard latest.verdict.wasReached, isFaultOld(now) else { return true }
            guard hasTurned else { return false }
            pause = HealthWatch<Key>.faultyHasteInterval
        }
        return hastened.map { now - $0 >= pause } ?? true
    }
}

extension Verdict {
    /// Whether somebody took the connection of the probe.
    fileprivate var wasReached: Bool { self == .headerNotTrusted || !turnsOff(.reachability) }
}
