import TailwartCore
import TailwartWire

extension ConfigurationLoader {
    func readUpstreams(_ reader: inout MappingReader) {
        let type = ValueType<[Upstream]>.named(
            "a mapping from names to upstreams", of: upstream(named: "").shape
        ) { [self] name, place, node, problems in
            if name == "close" {
                problems.error("no upstream can be named 'close': 'to: close' closes; choose another name", at: place)
            } else if let taken = places[.upstream(name)] {
                let owner = "the short form's \(name.quoted) on line \(taken.line)"
                problems.error("the name \(name.quoted) belongs to \(owner); choose another name", at: place)
            }
            places[.upstream(name)] = place
            return upstream(named: name).read(node, "the upstream \(name.quoted)", problems)
        }
        upstreams += reader.value("upstreams", type, or: [], about: "Where connections can go, by name.")
    }

    private func upstream(named name: String) -> ValueType<Upstream> {
        .mapping("an upstream") { [self] reader in
            let endpoints = reader.required(
                "endpoints", .endpoints(.endpoint), example: "endpoints: [mail.example.net]", about: "Where it is.")
            return upstream(named: name, endpoints: endpoints, from: &reader)
        }
    }

    /// Reads what every upstream takes besides its endpoints; nil if there are none.
    func upstream(
        named name: String, endpoints: [Endpoint]?, from reader: inout MappingReader,
        proxyProtocol: ProxyProtocolOut = Defaults.proxyProtocol
    ) -> Upstream? {
        var upstream = Upstream(name: name, endpoints: endpoints ?? [])
        upstream.hostname = reader.value(
            "hostname", .publicName,
            about: "The mail server's public name: what MX points to and its certificate bears.")
        upstream.proxyProtocol = reader.value(
            "proxy_protocol", .proxyProtocol, or: proxyProtocol,
            about: "The PROXY header that it expects, by default \(proxyProtocol.version.rawValue).")
        upstream.connectTimeout = reader.value(
            "connect_timeout", .duration(Allowed.connect),
            about: "How long one address may take to answer before the next is tried.")
        upstream.via = reader.value("via", .via, or: .direct, about: "The way there, by default direct.")
        upstream.policy = reader.value("policy", .word(), or: Defaults.policy, about: "Which endpoint is tried first.")
        upstream.hold = reader.value(
            "hold", .duration(Allowed.hold), or: Defaults.hold,
            about: "How long a client waits while nothing can be reached, before it is turned away.")
        upstream.warm = reader.value(
            "warm", .integer(Allowed.warm), or: Defaults.warm,
            about: "Connected sockets kept ready for each endpoint and port; every route then needs a PROXY header.")
        upstream.health = reader.value(
            "health", .health, or: HealthSettings(), about: "How its endpoints are probed, by default on.")

        places[.upstreamProxyProtocol(name)] = reader.keyPlace(of: "proxy_protocol")
        places[.via(upstream: name)] = reader.keyPlace(of: "via")
        places[.warm(upstream: name)] = reader.keyPlace(of: "warm")
        places[.endpoints(upstream: name)] =
            reader.place(of: "endpoints") ?? reader.place(of: "address") ?? reader.place
        guard let endpoints, !endpoints.isEmpty else { return nil }
        return upstream
    }
}
