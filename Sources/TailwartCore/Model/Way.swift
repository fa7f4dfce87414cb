/// One way through the edge: from a listener over a route to an endpoint on a port. Ways that differ in nothing but the port that the
/// client came to are one.
package struct Way: Sendable {
    package let listener: Listener
    package let route: Route
    package let upstream: Upstream
    package let endpoint: Endpoint
    /// The one that is dialled; nil for a Unix socket, and where nobody names one.
    package let port: UInt16?

    /// Who speaks on it.
    package var proto: ListenerProtocol { listener.proto }
    /// The header that the endpoint gets.
    package var proxyProtocol: ProxyProtocolOut { upstream.header(of: endpoint, route: route.proxyProtocol) }
    /// What is dialled, whoever comes.
    package var place: Place.Key { Place.Key(upstream: upstream.name, endpoint: endpoint.text, port: port ?? 0) }
}

extension Configuration {
    /// All ways, in the order of the file: listeners, routes, ports, endpoints. Made as they are asked for, since a file of the largest
    /// allowed size has more of them than fit into memory.
    package var ways: some Sequence<Way> {
        let upstreams = upstreamsByName
        return listeners.lazy.flatMap { listener in
            listener.routes.lazy.flatMap { route in Self.ways(of: listener, route, upstreams) }
        }
    }

    /// The ways of one route.
    ///
    /// - Parameter upstreams: as ``upstreamsByName`` gives them; empty result where the route's is not among them.
    package static func ways(of listener: Listener, _ route: Route, _ upstreams: [String: Upstream]) -> [Way] {
        guard case .upstream(let name, let routePort) = route.target, let upstream = upstreams[name] else { return [] }
        var seen = Set<Dialled>()
        return listener.clientPorts.flatMap { clientPort in
            upstream.endpoints.enumerated().compactMap { number, endpoint in
                let port = endpoint.dialledPort(route: routePort, client: clientPort)
                guard seen.insert(Dialled(endpoint: number, port: port)).inserted else { return nil }
                return Way(listener: listener, route: route, upstream: upstream, endpoint: endpoint, port: port)
            }
        }
    }

    /// Each place that a way leads to, once, in the order of the ways, with all its ways.
    package var placesWithWays: [(place: Place.Key, ways: [Way])] {
        var numbers: [Place.Key: Int] = [:]
        return ways.reduce(into: []) { places, way in
            let key = way.place
            if let number = numbers[key] {
                places[number].ways.append(way)
            } else {
                numbers[key] = places.count
                places.append((key, [way]))
            }
        }
    }

    private struct Dialled: Hashable {
        let endpoint: Int
        let port: UInt16?
    }

    /// The first of each name.
    package var upstreamsByName: [String: Upstream] {
        Dictionary(upstreams.map { ($0.name, $0) }) { first, _ in first }
    }
}
