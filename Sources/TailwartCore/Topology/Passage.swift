package import TailwartWire

/// Where a route to an upstream leads those who came to one port: the upstream, the place of each of its endpoints, and what is sent
/// there first.
package final class Passage: Sendable {
    package let backend: Backend
    /// Microseconds for each address.
    package let connectLimit: UInt64
    /// In the order of the backend's endpoints.
    package let places: [Place]
    /// For each place what is sent there first.
    package let headers: [ProxyProtocolOut]
    /// Whether some places get a header, and whether all do.
    let sendsSomeHeader: Bool
    let sendsHeaders: Bool
    /// For each place the addresses that it has now.
    package let addresses: [[PlaceAddress]]

    init(_ backend: Backend, headers: [ProxyProtocolOut], connectLimit: UInt64, to approaches: [Approach]) {
        self.backend = backend
        self.headers = headers
        sendsSomeHeader = headers.contains { $0.version != .none }
        sendsHeaders = headers.allSatisfy { $0.version != .none }
        self.connectLimit = backend.connectLimit ?? connectLimit
        places = approaches.map(\.place)
        addresses = approaches.map(\.addresses)
    }

    var isAwaited: Bool { addresses.allSatisfy(\.isEmpty) && backend.endpoints.contains(where: \.isAwaited) }

    package var isWhollyUnhealthy: Bool {
        for index in places.indices where !places[index].isUnhealthy { return false }
        return !places.isEmpty
    }
}

/// A place once, with what all routes to it together ask for: what sockets that wait there for clients have to suit.
package struct Approach: Sendable {
    package let place: Place
    package let addresses: [PlaceAddress]
    package let backend: Backend
    /// The versions of the headers that the routes to it send.
    package internal(set) var headers: Set<ProxyProtocolOut.Version>
    /// Addresses of the endpoint that are not dialled on this port, as they lead back to the edge.
    package let leftOut: [IPAddress]
}
