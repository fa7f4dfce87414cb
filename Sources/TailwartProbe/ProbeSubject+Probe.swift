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
    ///   - found: told what each of them came to.
    package func probe(
        with prober: Prober, at approach: Approach, serverName: String?, timeout: Duration, listensFor: Duration? = nil,
        found: (PlaceAddress, ProbeResult) -> Void = { _, _ in }
    ) async -> ProbeResult {
        let unreached =
            approach.leftOut.first.map { .ownAddress([$0], port: port) }
            ?? ProbeResult(.nameUnknown, "The name stands for no address.")
        var faults: [(way: DialWay, result: ProbeResult)] = []
        var answer: ProbeResult?
        var mistrust: ProbeResult?
        for address in approach.addresses where answer == nil || address.distrustsHeader {
            let way = way(to: address)
            var result = await prober.probe(
                question(way, serverName: serverName, listensFor: listensFor), timeout: timeout)
            found(address, result)
            if result.verdict == .headerNotTrusted {
                if case .direct(let address) = way { result.detail = "\(address): \(result.detail)" }
                mistrust = mistrust ?? result
            } else if result.verdict.isOfTheWay {
                faults.append((way, result))
            } else {
                answer = answer ?? result
            }
        }
        guard var mistrust else { return answer ?? Self.joined(faults) ?? unreached }
        mistrust.isOfOneAddress = answer != nil
        return mistrust
    }

    /// What addresses have in common of which none leads there; where they differ, each with its fault. One that is refused has a host.
    private static func joined(_ faults: [(way: DialWay, result: ProbeResult)]) -> ProbeResult? {
        guard var joined = (faults.first { $0.result.verdict == .refused } ?? faults.last)?.result else { return nil }
        guard Set(faults.map(\.result.verdict)).count > 1 else { return joined }
        joined.detail = faults.map(\.result.detail).joined(separator: " ")
        joined.byAddress = faults.compactMap { fault in
            guard case .direct(let address) = fault.way else { return nil }
            return AddressFault("\(address.ip)", fault.result.verdict)
        }
        return joined
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
