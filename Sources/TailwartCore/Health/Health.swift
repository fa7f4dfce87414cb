/// Whether a place is healthy, from probes and from what traffic found out.
///
/// Nothing is judged before the first probe. One that is good decides at once; it takes `fall` bad signs in a row to become unhealthy, or one
/// bad probe beside a connection that was dialled in vain, and `rise` good probes in a row to become healthy again. A client who was
/// served is worth more than any probe.
///
/// A header that is taken for commands is no matter of counting: it is seen in what the server says, and every client meanwhile would
/// get a permanent error. One probe turns the place off, and one turns it on again.
package struct Health: Sendable, Equatable {
    package enum Standing: Sendable, Equatable {
        case unknown
        case healthy
        case unhealthy
    }

    package private(set) var standing = Standing.unknown
    private var affects: HealthSettings.Affects
    private var rise: Int
    private var fall: Int
    /// Signs in a row against the present standing.
    private var streak = 0
    /// Whether a connection was dialled in vain since the last one that was served.
    private var hasFailed = false
    /// Whether the last probe found out something that a connection which opens does not disprove.
    private var isBeyondTraffic = false
    /// Whether it is unhealthy since the header was seen to be taken for commands.
    private var isMistrusted = false

    /// - Parameters:
    ///   - rise: at least 1.
    ///   - fall: at least 1.
    package init(affects: HealthSettings.Affects = Defaults.healthAffects, rise: Int, fall: Int) {
        self.affects = affects
        self.rise = rise
        self.fall = fall
    }

    /// Counts on by other rules. Where nothing can turn it off any more, it is no longer unhealthy.
    package mutating func change(affects: HealthSettings.Affects, rise: Int, fall: Int) {
        self.affects = affects
        self.rise = rise
        self.fall = fall
        if affects == .nothing, standing == .unhealthy { turn(.unknown) }
    }

    /// Takes in a probe.
    ///
    /// - Parameter serverGreets: whether the server speaks first. One that greets may be of no use all the same: it takes the PROXY
    ///   header for commands, speaks another protocol, or turns everybody away.
    /// - Returns: whether the standing changed.
    package mutating func probed(_ verdict: Verdict, serverGreets: Bool) -> Bool {
        let isBad = verdict.turnsOff(affects)
        isBeyondTraffic =
            isBad && serverGreets && [.headerNotTrusted, .wrongProtocol, .busy].contains(verdict)
        let before = standing
        if !isBad {
            streak = standing == .unhealthy ? streak + 1 : 0
            if standing == .unknown || isMistrusted || streak >= rise { turn(.healthy) }
        } else if verdict == .headerNotTrusted {
            turn(.unhealthy)
            streak = 0
            isMistrusted = true
        } else {
            streak = standing == .unhealthy ? 0 : streak + 1
            if standing == .unknown && hasFailed || streak >= fall { turn(.unhealthy) }
        }
        return standing != before
    }

    /// Takes in what connections met since the last call: `failures` that could not be made or got no byte, and `successes`.
    ///
    /// - Returns: whether the standing changed.
    package mutating func sawTraffic(successes: Int, failures: Int) -> Bool {
        guard affects != .nothing else { return false }
        let before = standing
        if successes > 0 {
            guard !isBeyondTraffic else { return false }
            hasFailed = false
            if standing != .unhealthy { streak = 0 } else { turn(.healthy) }
        } else if failures > 0 {
            hasFailed = true
            switch standing {
            case .unhealthy: break
            // A probe failed already; while there was none, nothing is judged.
            case .unknown: if streak > 0 { turn(.unhealthy) }
            case .healthy:
                streak += min(failures, fall)
                if streak >= fall { turn(.unhealthy) }
            }
        }
        return standing != before
    }

    private mutating func turn(_ standing: Standing) {
        guard standing != self.standing else { return }
        self.standing = standing
        streak = 0
        hasFailed = false
        isMistrusted = false
    }
}
