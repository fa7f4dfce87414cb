package import TailwartConfig
package import TailwartCore
package import TailwartWire

/// A place that is probed: how the file wants it to be reached, and what has to be found there.
package struct ProbeSubject: Sendable {
    /// Number on the health board.
    package let place: Int
    package let upstream: UpstreamConfiguration
    package let endpoint: EndpointConfiguration
    /// 0 for a Unix socket.
    package let port: UInt16
    package let proto: ListenerProtocol
    package let header: ProxyProtocolOut.Version
    package let health: HealthConfiguration
    /// The names that clients ask for, one probe for each in turn; nil asks for none. Never empty.
    package let serverNames: [String?]
    /// What the certificate on a mail port must be good for.
    package let expectedNames: [String]
    private let tailscaleSocket: String

    /// Names of one place that are asked for; each has a probe of its own.
    private static let nameLimit = 100

    /// What there is to probe: each place that a listener with a known protocol leads to, once.
    package static func all(of configuration: Configuration, _ board: HealthBoard) -> [ProbeSubject] {
        board.places.enumerated().compactMap { number, place in
            let upstream = configuration.upstreams[place.upstream]
            guard let health = upstream.health else { return nil }
            let endpoint = upstream.endpoints[place.endpoint]
            let ways = configuration.ways(to: upstream.name, endpoint, port: place.port)
            guard let way = ways.first else { return nil }
            let names = way.listener.proto == .https ? ways.exactNames : health.names
            return ProbeSubject(
                place: number, upstream: upstream, endpoint: endpoint, port: place.port, proto: way.listener.proto,
                header: (way.route.proxyProtocol ?? upstream.proxyProtocol).version, health: health,
                serverNames: way.listener.proto == .https && !names.isEmpty
                    ? Array(names.prefix(nameLimit)) : [names.first],
                expectedNames: way.listener.proto == .https ? [] : health.names,
                tailscaleSocket: configuration.tailscale?.socket ?? Defaults.tailscaleSocket)
        }
    }

    /// The ways to the place, in the order in which to try them; empty while its name stands for no address.
    package func ways(_ addresses: [String: [IPAddress]]) -> [ProbeWay] {
        switch (endpoint.host, upstream.via) {
        case (.unix(let path), _): [.unix(path: path)]
        case (.address(let address), .direct): [.direct(InternetAddress(address, port: port))]
        case (.name(let name), .direct): (addresses[name] ?? []).map { .direct(InternetAddress($0, port: port)) }
        case (let host, .socks5(let proxy)): [.socks5(proxy, host: host.text, port: port)]
        case (let host, .tailscale): [.tailscale(socket: tailscaleSocket, host: host.text, port: port)]
        }
    }

    package func target(_ way: ProbeWay, serverName: String?) -> ProbeTarget {
        ProbeTarget(
            upstream: upstream.name, endpoint: endpoint.text, way: way, proto: proto, proxyProtocol: header,
            serverName: serverName, expectedNames: expectedNames, trustRoots: health.trustRoots)
    }

    /// As people and programs are told of it.
    package var named: ProbedPlace {
        ProbedPlace(
            upstream: upstream.name, endpoint: endpoint.text, hasPort: endpoint.port != nil, port: port, proto: proto)
    }

    package func label(_ serverName: String?) -> String { named.label(serverName) }
}

extension Configuration {
    fileprivate typealias Way = (listener: ListenerConfiguration, route: RouteConfiguration)

    /// The routes that dial an endpoint on a port, of listeners whose protocol can be probed.
    fileprivate func ways(to upstream: String, _ endpoint: EndpointConfiguration, port: UInt16) -> [Way] {
        listeners.filter { $0.proto != .tcp }.flatMap { listener in
            listener.routes.compactMap { route -> Way? in
                guard case .upstream(upstream, let routePort) = route.target else { return nil }
                if case .unix = endpoint.host { return (listener, route) }
                let dialled = (routePort ?? endpoint.port).map { [$0] } ?? listener.bind.compactMap(\.port)
                return dialled.contains(port) ? (listener, route) : nil
            }
        }
    }
}

extension [(listener: ListenerConfiguration, route: RouteConfiguration)] {
    /// Server names that lead there, without wildcards: nobody knows which names they stand for.
    fileprivate var exactNames: [String] {
        var seen: Set<String> = []
        return flatMap { way in (way.route.match?.serverNames ?? []).filter { !$0.isWildcard }.map(\.name) }
            .filter { seen.insert($0).inserted }
    }
}

extension EndpointConfiguration.Host {
    fileprivate var text: String {
        switch self {
        case .name(let name): name
        case .address(let address): "\(address)"
        case .unix(let path): path
        }
    }
}
