package import TailwartWire

/// In which order the endpoints of an upstream are tried for one connection.
///
/// Weights are shares: an endpoint of weight 3 is chosen three times as often as one of weight 1 by ``Upstream/Policy/roundRobin``
/// and ``Upstream/Policy/clientHash``, and may hold three times as many connections under
/// ``Upstream/Policy/leastConnections``. After the chosen one come the others in the order of the file, then the backups.
package enum EndpointPicker {
    /// - Parameters:
    ///   - turn: counts the connections of this worker to this upstream; drives round robin.
    ///   - client: nil for a client without an address.
    ///   - load: live connections of this worker by endpoint.
    /// - Returns: the index of the first endpoint to try, 0 if there are only backups.
    package static func first(
        of upstream: Upstream, turn: UInt64, client: IPAddress?, load: (Int) -> Int
    ) -> Int {
        let endpoints = upstream.endpoints
        switch upstream.policy {
        case .first:
            for index in endpoints.indices where !endpoints[index].isBackup { return index }
            return 0
        case .roundRobin:
            return weighted(endpoints, at: turn)
        case .clientHash:
            let (high, low) = client?.bits ?? (0, 0)
            return weighted(endpoints, at: mix(high ^ mix(low)))
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
    package static func endpoint(of upstream: Upstream, first: Int, attempt: Int) -> Int? {
        let endpoints = upstream.endpoints
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

    private static func weighted(_ endpoints: [Endpoint], at position: UInt64) -> Int {
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

    /// The finalizer of SplitMix64: neighbouring addresses land far apart.
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
