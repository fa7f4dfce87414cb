import TailwartClient
package import TailwartCore
package import TailwartWire

extension ProbeSubject {
    /// Asks the place by one of its ways after the other, until one leads there and takes the header.
    ///
    /// - Parameters:
    ///   - own: where the edge would meet itself; such a way is not gone.
    ///   - timeout: for the connection over each way.
    ///   - listensFor: see ``ProbeQuestion``.
    ///   - isDistrusted: addresses that are asked in any case, as whoever is there is known to take the header for commands; nil stands for
    ///     the one way where somebody else dials, and for a Unix socket.
    ///   - found: told what each of them came to.
    package func probe(
        with prober: Prober, _ addresses: [String: [IPAddress]], own: OwnDoors, serverName: String?, timeout: Duration,
        listensFor: Duration? = nil, isDistrusted: (InternetAddress?) -> Bool = { _ in false },
        found: (InternetAddress?, ProbeResult) -> Void = { _, _ in }
    ) async -> ProbeResult {
        var unreached = ProbeResult(.nameUnknown, "The name stands for no address.")
        var answer: ProbeResult?
        var mistrust: ProbeResult?
        for way in ways(addresses) where answer == nil || isDistrusted(way.address) {
            if let address = way.address, own.contains(address) {
                if unreached.verdict == .nameUnknown { unreached = .ownAddress([address.ip], port: port) }
                continue
            }
            var result = await prober.probe(
                question(way, serverName: serverName, listensFor: listensFor), timeout: timeout)
            found(way.address, result)
            if result.verdict == .headerNotTrusted {
                if let address = way.address { result.detail = "\(address): \(result.detail)" }
                mistrust = mistrust ?? result
            } else if result.verdict.isOfTheWay {
                unreached = result
            } else {
                answer = answer ?? result
            }
        }
        guard var mistrust else { return answer ?? unreached }
        mistrust.isOfOneAddress = answer != nil
        return mistrust
    }

    /// What a probe says of reachability.
    package func health(_ result: ProbeResult, serverName: String?) -> Verdict {
        result.reachability(proto, serverName: serverName, ofMany: serverNames.count > 1)
    }
}

extension ProbeWay {
    fileprivate var address: InternetAddress? {
        if case .direct(let address) = self { address } else { nil }
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
