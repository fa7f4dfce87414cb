package import TailwartCore
package import TailwartWire

extension ProbeSubject {
    /// Asks the place by one of its ways after the other, until one leads there.
    ///
    /// - Parameters:
    ///   - timeout: for the connection over each way.
    ///   - listensFor: see ``ProbeQuestion``.
    package func probe(
        with prober: Prober, _ addresses: [String: [IPAddress]], serverName: String?, timeout: Duration,
        listensFor: Duration? = nil
    ) async -> ProbeResult {
        var result = ProbeResult(.nameUnknown, "The name stands for no address.")
        for way in ways(addresses) {
            result = await prober.probe(
                question(way, serverName: serverName, listensFor: listensFor), timeout: timeout)
            // Another address of the same host may be reached where this one is not.
            guard result.verdict.isOfTheWay else { break }
        }
        return result
    }

    /// What a probe says of reachability.
    package func health(_ result: ProbeResult, serverName: String?) -> Verdict {
        result.reachability(proto, serverName: serverName, ofMany: serverNames.count > 1)
    }
}

extension Verdict {
    /// Whether it says something of one address only.
    fileprivate var isOfTheWay: Bool {
        switch self {
        case .refused, .timeout, .unreachable: true
        default: false
        }
    }
}
