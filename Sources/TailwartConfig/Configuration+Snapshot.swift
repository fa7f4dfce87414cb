package import TailwartCore
package import TailwartWire

extension Configuration {
    /// The host names that need resolving, each once, in the order of the file.
    ///
    /// Not those behind a SOCKS proxy, which resolves them itself.
    package var hostNames: [String] {
        upstreams.flatMap { upstream -> [String] in
            if case .socks5 = upstream.via { return [] }
            return upstream.endpoints.compactMap { if case .name(let name) = $0.host { name } else { nil } }
        }.withoutRepeats
    }

    /// What the workers need.
    ///
    /// - Parameter addresses: the addresses of a host name in the order in which they are tried, empty while it does not
    ///   resolve. Asked for each of ``hostNames`` only.
    package func snapshot(resolving addresses: (String) -> [IPAddress]) -> Snapshot {
        Snapshot(
            listeners: listeners.map { listener in
                Listener(
                    name: listener.name, bind: listener.bind, proto: listener.proto,
                    routes: listener.routes.map(route), timeouts: listener.timeouts,
                    proxyProtocolIn: listener.proxyProtocolIn, maxConnections: listener.maxConnections)
            },
            upstreams: upstreams.map { $0.resolved(addresses) }, maxConnections: maxConnections)
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
    fileprivate func resolved(_ addresses: (String) -> [IPAddress]) -> Upstream {
        let (way, isResolvedHere): (Upstream.Via, Bool) =
            switch via {
            case .direct, .tailscale: (.direct, true)
            case .socks5(let proxy): (.socks5(proxy), false)
            }
        let endpoints = endpoints.map { endpoint in
            let location: Endpoint.Location =
                switch endpoint.host {
                case .name(let name): isResolvedHere ? .addresses(addresses(name)) : .host(name)
                case .address(let address): .addresses([address])
                case .unix(let path): .unix(path: path)
                }
            return Endpoint(
                name: endpoint.text, location: location, port: endpoint.port, weight: endpoint.weight,
                isBackup: endpoint.isBackup)
        }
        return Upstream(
            name: name, endpoints: endpoints, policy: policy, via: way, connectTimeout: connectTimeout, hold: hold)
    }
}
