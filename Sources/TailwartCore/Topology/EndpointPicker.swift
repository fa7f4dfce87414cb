package import TailwartWire

/// In which order the endpoints of an upstream are tried for one connection.
///
/// Weights are shares: an endpoint of weight 3 is chosen three times as often as one of weight 1 by ``Upstream/Policy/roundRobin``
/// and ``Upstream/Policy/clientHash``, and may hold three times as many connections under
/// ``Upstream/Policy/leastConnections``. After the chosen one come the others in the order of the file, or of the client's own
/// ranking under ``Upstream/Policy/clientHash``; then the backups.
package enum EndpointPicker {
    /// - Parameters:
    ///   - turn: counts the connections to this upstream; drives round robin.
    ///   - client: nil for a client without an address.
    ///   - load: live connections by endpoint.
    /// - Returns: the index of the first endpoint to try, 0 if there are only backups.
    package static func first(
        of backend: Backend, turn: UInt64, client: IPAddress?, load: (Int) -> Int
    ) -> Int {
        let endpoints = backend.endpoints
        switch backend.upstream.policy {
        case .first:
            for index in endpoints.indices where !endpoints[index].isBackup { return index }
            return 0
        case .roundRobin:
            return weighted(endpoints, at: turn)
        case .clientHash:
            return ranked(endpoints, 0, client, backups: false) ?? 0
        case .leastConnections:
            var best = 0
            var found = false
            for index in endpoints.indices where !endpoints[index].isBackup {
                // load / weight, compared without dividing.
                if !found || load(index) * endpoints[best].weight < load(best) * endpoints[index].weight {
                    best = index
                    found = true
                }
            }
            return best
        }
    }

    /// The endpoint to try as number `attempt` (0 is the first), nil when all have had their turn.
    package static func endpoint(of backend: Backend, first: Int, attempt: Int, client: IPAddress?) -> Int? {
        let endpoints = backend.endpoints
        if backend.upstream.policy == .clientHash {
            let regular = endpoints.count { !$0.isBackup }
            return attempt < regular
                ? ranked(endpoints, attempt, client, backups: false)
                : ranked(endpoints, attempt - regular, client, backups: true)
        }
        var left = attempt
        // Twice around: the backups have their turn in the second round.
        for position in 0..<2 * endpoints.count {
            let index = (first + position) % endpoints.count
            guard endpoints[index].isBackup == (position >= endpoints.count) else { continue }
            if left == 0 { return index }
            left -= 1
        }
        return nil
    }

    private static func weighted(_ endpoints: [ResolvedEndpoint], at position: UInt64) -> Int {
        var total = 0
        for index in endpoints.indices where !endpoints[index].isBackup { total += endpoints[index].weight }
        guard total > 0 else { return 0 }
        var left = Int(position % UInt64(total))
        for index in endpoints.indices where !endpoints[index].isBackup {
            left -= endpoints[index].weight
            if left < 0 { return index }
        }
        return 0
    }

    // MARK: - rendezvous hashing

    /// The endpoint at `rank` of a client's ranking (Thaler and Ravishankar, "Using name-based mappings to increase hit rates",
    /// 1998): each client ranks the endpoints by a hash of both, so an endpoint that goes moves no client but its own, and those to all
    /// the others alike.
    private static func ranked(_ endpoints: [ResolvedEndpoint], _ rank: Int, _ client: IPAddress?, backups: Bool)
        -> Int?
    {
        let (high, low) = client?.bits ?? (0, 0)
        let clientHash = mix(high ^ mix(low))
        var last: (cost: Double, index: Int)?
        for _ in 0...rank {
            var best: (cost: Double, index: Int)?
            for index in endpoints.indices where endpoints[index].isBackup == backups {
                let candidate = (cost(of: endpoints[index], clientHash), index)
                if let last, candidate <= last { continue }
                if let found = best, found <= candidate { continue }
                best = candidate
            }
            guard let best else { return nil }
            last = best
        }
        return last?.index
    }

    /// Lower is better. Exponentially distributed with the weight as its rate, so that each endpoint is the lowest in proportion to
    /// its weight.
    private static func cost(of endpoint: ResolvedEndpoint, _ clientHash: UInt64) -> Double {
        minusLog2(mix(clientHash ^ endpoint.identity)) / Double(endpoint.weight)
    }

    /// −log₂ of `hash` / 2⁶⁴, to within 0.01: the standard library alone has no logarithm.
    private static func minusLog2(_ hash: UInt64) -> Double {
        let zeros = hash.leadingZeroBitCount
        guard zeros < 64 else { return 65 }
        let fraction = Double(hash << UInt64(zeros + 1)) / 0x1p64
        return Double(zeros + 1) - fraction - 0.3437 * fraction * (1 - fraction)
    }

    /// The finalizer of SplitMix64: neighbouring addresses land far apart.
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
