import Synchronization
import TailwartCore
import TailwartWire

/// Says which addresses of a topology are not dialled as they lead back to the edge, once each time that they change; only where no
/// probe says so: of places that are not probed, and of those that have other addresses.
final class LeftOutReport: Sendable {
    private let places: [Place.Key: ProbedPlace]
    private let probed: Set<Place.Key>
    private let ledger: Ledger
    private let said = Mutex<[Place.Key: [IPAddress]]>([:])

    init(_ configuration: Configuration, probed: Set<Place.Key>, ledger: Ledger) {
        places = configuration.placesWithWays.reduce(into: [:]) { places, entry in
            guard let way = entry.ways.first else { return }
            places[entry.place] = ProbedPlace(entry.place, endpoint: way.endpoint, proto: way.proto)
        }
        self.probed = probed
        self.ledger = ledger
    }

    func take(_ topology: Topology) {
        for approach in topology.approaches {
            let key = approach.place.key
            let isNews = said.withLock { said in
                said.updateValue(approach.leftOut, forKey: key) ?? [] != approach.leftOut
            }
            guard isNews, !approach.leftOut.isEmpty, let place = places[key] else { continue }
            let hasOthers = !approach.addresses.isEmpty
            guard hasOthers || !probed.contains(key) else { continue }
            ledger.post(.verdict(place, .ownAddress(approach.leftOut, port: key.port), serverName: nil))
        }
    }
}
