import Synchronization
import TailwartCore
import TailwartWire

/// Says which addresses of a topology are not dialled as they lead back to the edge, once each time that they change; only where no
/// probe says so: of places that are not probed, and of those that have other addresses.
final class LeftOutReport: Sendable {
    private struct State {
        var places: [Place.Key: ProbedPlace] = [:]
        var probed: Set<Place.Key> = []
        var said: [Place.Key: [IPAddress]] = [:]
    }

    private let ledger: Ledger
    private let state = Mutex(State())

    init(ledger: Ledger) { self.ledger = ledger }

    /// - Parameters:
    ///   - configuration: of the topologies to come.
    ///   - probed: places that are.
    func change(to configuration: Configuration, probed: Set<Place.Key>) {
        state.withLock { state in
            state.places = configuration.placesWithWays.reduce(into: [:]) { places, entry in
                guard let way = entry.ways.first else { return }
                places[entry.place] = ProbedPlace(entry.place, endpoint: way.endpoint, proto: way.proto)
            }
            state.probed = probed
            state.said = state.said.filter { state.places[$0.key] != nil }
        }
    }

    func take(_ topology: Topology) {
        for approach in topology.approaches {
            let key = approach.place.key
            let news = state.withLock { state -> ProbedPlace? in
                let isNews = state.said.updateValue(approach.leftOut, forKey: key) ?? [] != approach.leftOut
                let hasOthers = !approach.addresses.isEmpty
                return isNews && (hasOthers || !state.probed.contains(key)) ? state.places[key] : nil
            }
            guard !approach.leftOut.isEmpty, let news else { continue }
            ledger.post(.verdict(news, .ownAddress(approach.leftOut, port: key.port), serverName: nil))
        }
    }
}
