package import TailwartCore
package import TailwartWire

extension Configuration {
    /// The host names that need resolving, each once, in the order of the file.
    ///
    /// Not those behind a SOCKS proxy or tailscaled, which resolve them themselves.
    package var hostNames: [String] {
        upstreams.flatMap { upstream -> [String] in
            guard upstream.via == .direct else { return [] }
            return upstream.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } }
        }.withoutRepeats
    }

    /// The host names that tailscaled may know, each once: those that are resolved here, and those that it dials.
    package var tailnetNames: [String] {
        upstreams.filter { upstream in if case .socks5 = upstream.via { false } else { true } }
            .flatMap { $0.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } } }
            .withoutRepeats
    }

    /// What the workers need.
    ///
    /// - Parameters:
    ///   - edge: what the edge calls itself where the file says nothing else.
    ///   - board: of the first snapshot that was made of this configuration; nil makes one.
    ///   - addresses: the addresses of a host name in the order in which they are tried, empty while it does not resolve. Asked for
    ///     each of ``hostNames`` only.
    package func snapshot(
        edge: String = "localhost", board: HealthBoard? = nil, resolving addresses: (String) -> [IPAddress]
    ) -> Snapshot {
        Snapshot(
            listeners: listeners.map { listener in
                Listener(
                    name: listener.name, bind: listener.bind, proto: listener.proto,
                    routes: listener.routes.map(route), timeouts: listener.timeouts,
                    proxyProtocolIn: listener.proxyProtocolIn, maxConnections: listener.maxConnections,
                    refusal: Refusal(host: listener.refusal.host ?? edge, text: listener.refusal.text))
            },
            upstreams: upstreams.map { $0.resolved(addresses, tailscale: tailscale) }, maxConnections: maxConnections,
            board: board)
    }

    private func route(_ route: RouteConfiguration) -> Route {
        guard case .upstream(let name, let port) = route.target,
            let index = upstreams.firstIndex(where: { $0.name == name })
        else { return Route(match: route.match, target: .close) }
        return Route(
            match: route.match, target: .upstream(index, port: port),
            proxyProtocol: route.proxyProtocol ?? upstreams[index].proxyProtocol)
    }
}

extension UpstreamConfiguration {
    fileprivate func resolved(
        _ addresses: (String) -> [IPAddress], tailscale: TailscaleConfiguration?
    ) -> Upstream {
        let way: Upstream.Via =
            switch via {
            case .direct: .direct
            case .tailscale: .tailscale(socket: tailscale?.socket ?? Defaults.tailscaleSocket)
            case .socks5(let proxy): .socks5(proxy)
            }
        let endpoints = endpoints.map { endpoint in
            let location: Endpoint.Location =
                switch endpoint.host {
                case .name(let name): way == .direct ? .addresses(addresses(name)) : .host(name)
                case .address(let address): .addresses([address])
                case .unix(let path): .unix(path: path)
                }
            return Endpoint(
                name: endpoint.text, location: location, port: endpoint.port, weight: endpoint.weight,
                isBackup: endpoint.isBackup)
        }
        return Upstream(
            name: name, endpoints: endpoints, policy: policy, via: way, connectTimeout: connectTimeout, hold: hold,
            warm: warm, closesIfUnwell: health?.closeIfUnhealthy ?? false)
    }
}
