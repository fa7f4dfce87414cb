import TailwartClient
package import TailwartCore
import TailwartWire

extension ProbeSubject {
    /// Asks the place at one of its addresses after the other, until one leads there and takes the header; those that are known to take
    /// it for commands are asked in any case.
    ///
    /// - Parameters:
    ///   - approach: to the place. An address that leads back to the edge is not in it, and so is not asked.
    ///   - timeout: for the connection to each address.
    ///   - listensFor: see ``ProbeQuestion``.
    ///   - clues: what is known from clients.
    ///   - found: told what each of them came to.
    package func probe(
        with prober: Prober, at approach: Approach, serverName: String?, timeout: Duration, listensFor: Duration? = nil,
        clues: ProbeClues = ProbeClues(), found: (PlaceAddress, ProbeResult) -> Void = { _, _ in }
    ) async -> ProbeResult {
        let unreached =
            approach.leftOut.first.map { .ownAddress([$0], port: port) }
            ?? ProbeResult(.nameUnknown, "The name has no address.")
        var faults: [(address: String?, result: ProbeResult)] = []
        var answer: ProbeResult?
        var mistrust: ProbeResult?
        for address in approach.addresses where answer == nil || address.distrustsHeader {
            let way = way(to: address)
            var result = await prober.probe(
                question(way, serverName: serverName, listensFor: listensFor), timeout: timeout,
                clues: clues)
            found(address, result)
            if result.verdict == .headerNotTrusted {
                if case .direct(let address) = way { result.detail = "\(address): \(result.detail)" }
                mistrust = mistrust ?? result
            } else if result.verdict.isOfTheWay {
                if case .direct(let dialled) = way {
                    faults.append(("\(dialled.ip)", result))
                } else {
                    faults.append((nil, result))
                }
            } else {
                answer = answer ?? result
            }
        }
        guard var mistrust else { return answer ?? ProbeResult.joined(faults) ?? unreached }
        mistrust.isOfOneAddress = answer != nil
        return mistrust
    }

    /// What a probe says of reachability.
    package func health(_ result: ProbeResult, serverName: String?) -> Verdict {
        result.reachability(proto, serverName: serverName, ofMany: serverNames.count > 1)
    }
}

extension Verdict {
    /// Whether it says something of one address only, or, for want of a descriptor, nothing.
    fileprivate var isOfTheWay: Bool {
        switch self {
        case .refused, .timeout, .unreachable, .unprobed: true
        default: false
        }
    }
}
