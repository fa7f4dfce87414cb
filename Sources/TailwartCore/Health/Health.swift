/// Whether a place is healthy, from probes and from what traffic found out.
///
/// Nothing is judged before the first probe; that one decides at once. From then on it takes `fall` bad signs in a row to become unhealthy and
/// `rise` good probes in a row to become healthy again. A client who was served is worth more than any probe.
package struct Health: Sendable, Equatable {
    package enum Standing: Sendable, Equatable {
        case unknown
        case healthy
        case unhealthy
    }

    package private(set) var standing = Standing.unknown
    private let rise: Int
    private let fall: Int
    /// Signs in a row against the present standing.
    private var streak = 0
    /// Whether the last probe found out something that a connection which opens does not disprove.
    private var isBeyondTraffic = false

    /// - Parameters:
    ///   - rise: at least 1.
    ///   - fall: at least 1.
    package init(rise: Int, fall: Int) {
        self.rise = rise
        self.fall = fall
    }

    /// Takes in a probe.
    ///
    /// - Parameter serverGreets: whether the server speaks first. One that greets may be of no use all the same: it takes the PROXY
    ///   header for commands, speaks another protocol, or turns everybody away.
    /// - Returns: whether the standing changed.
    package mutating func probed(_ verdict: Verdict, serverGreets: Bool) -> Bool {
        isBeyondTraffic = serverGreets && [.headerNotTrusted, .wrongProtocol, .busy].contains(verdict)
        return sign(isGood: verdict.grade != .failed, decides: standing == .unknown)
    }

    /// Takes in what connections met since the last call: `failures` that could not be made or got no byte, and `successes`.
    ///
    /// - Returns: whether the standing changed.
    package mutating func sawTraffic(successes: Int, failures: Int) -> Bool {
        if successes > 0 {
            guard !isBeyondTraffic, standing != .unknown else { return false }
            streak = 0
            guard standing == .unhealthy else { return false }
            standing = .healthy
            return true
        }
        guard failures > 0, standing == .healthy else { return false }
        streak += min(failures, fall)
        return turn(at: fall)
    }

    private mutating func sign(isGood: Bool, decides: Bool) -> Bool {
        if decides {
            standing = isGood ? .healthy : .unhealthy
            streak = 0
            return true
        }
        guard isGood == (standing == .unhealthy) else {
            streak = 0
            return false
        }
        streak += 1
        return turn(at: standing == .healthy ? fall : rise)
    }

    private mutating func turn(at limit: Int) -> Bool {
        guard streak >= limit else { return false }
        standing = standing == .healthy ? .unhealthy : .healthy
        streak = 0
        return true
    }
}
