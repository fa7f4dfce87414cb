import TailwartCore
import TailwartEngine
import TailwartSystem
import TailwartWire

/// What the keeper of bans needs of the edge.
extension Edge {
    /// Connections that are looked at for owners, the oldest first.
    private static let ownersSeen = 4096

    static func surroundings(of engine: Engine) -> BanKeeper.Surroundings {
        BanKeeper.Surroundings(
            own: { InterfaceAddresses.all() },
            owners: {
                let open = (try? engine.connections(ConnectionFilter(limit: ownersSeen)))?.connections ?? []
                return open.filter { $0.record.record.isOfOwner(age: $0.age) }
                    .compactMap { $0.record.record.client?.ip }.withoutRepeats
            },
            publish: { _ in })
    }
}
