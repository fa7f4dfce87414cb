import TailwartCore

extension ConfigurationLoader {
    func readUpstreams(_ reader: inout MappingReader) {
        let type = ValueType<[UpstreamConfiguration]>.named("a mapping from names to upstreams") {
            [self] name, place, node, problems in
            if name == "close" {
                problems.error("no upstream can be named 'close': 'to: close' closes; choose another name", at: place)
            } else if let taken = places[.upstream(name)] {
                let owner = "the short form's \(name.quoted) on line \(taken.line)"
                problems.error("the name \(name.quoted) belongs to \(owner); choose another name", at: place)
            }
            places[.upstream(name)] = place
            return upstream(named: name).read(node, "the upstream \(name.quoted)", problems)
        }
        upstreams += reader.value("upstreams", type) ?? []
    }

    private func upstream(named name: String) -> ValueType<UpstreamConfiguration> {
        .mapping("an upstream") { [self] reader in
            let endpoints = reader.required("endpoints", .endpoints, example: "endpoints: [mail.example.net]")
            return upstream(named: name, endpoints: endpoints, from: &reader)
        }
    }

    /// Reads what every upstream takes besides its endpoints; nil if there are none.
    func upstream(
        named name: String, endpoints: [EndpointConfiguration]?, from reader: inout MappingReader,
        proxyProtocol: ProxyProtocolOut = Defaults.proxyProtocol
    ) -> UpstreamConfiguration? {
        var upstream = UpstreamConfiguration(name: name, endpoints: endpoints ?? [])
        upstream.proxyProtocol = reader.value("proxy_protocol", .proxyProtocol) ?? proxyProtocol
        upstream.connectTimeout = reader.value("connect_timeout", .duration(Allowed.connect))
        upstream.via = reader.value("via", .via) ?? .direct
        upstream.policy = reader.value("policy", .word()) ?? Defaults.policy
        upstream.hold = reader.value("hold", .duration(Allowed.hold)) ?? Defaults.hold
        upstream.warm = reader.value("warm", .boolean) ?? false
        upstream.health = reader.value("health", .health) ?? nil

        if upstream.via == .tailscale { reader.warnNoEffect("via", "'tailscale' dials directly") }
        reader.warnNoEffect("warm", "no connection is opened ahead")
        if upstream.health != nil { reader.warnNoEffect("health", "endpoints are not probed") }

        places[.upstreamProxyProtocol(name)] = reader.keyPlace(of: "proxy_protocol")
        places[.endpoints(upstream: name)] =
            reader.place(of: "endpoints") ?? reader.place(of: "address") ?? reader.place
        guard let endpoints, !endpoints.isEmpty else { return nil }
        return upstream
    }
}

extension ValueType<[EndpointConfiguration]> {
    static var endpoints: ValueType { .list(of: .weightedEndpoint, "a list of endpoints such as [mail.example.net]") }
}
