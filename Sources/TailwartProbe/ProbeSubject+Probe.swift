import TailwartClient
package import TailwartCore
package import TailwartWire

extension ProbeSubject {
    /// Asks the place by one of its ways after the other, until one leads there.
    ///
    /// - Parameters:
    ///   - own: where the edge would meet itself; such a way is not gone.
    ///   - timeout: for each way.
    package func probe(
        with prober: Prober, _ addresses: [String: [IPAddress]], own: OwnDoors, serverName: String?, timeout: Duration
    ) async -> ProbeResult {
        var result = ProbeResult(.nameUnknown, "The name stands for no address.")
        for way in ways(addresses) {
            if case .direct(let address) = way, own.contains(address) {
                if result.verdict == .nameUnknown { result = .ownAddress([address.ip], port: port) }
                continue
            }
            result = await prober.probe(question(way, serverName: serverName), timeout: timeout)
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
