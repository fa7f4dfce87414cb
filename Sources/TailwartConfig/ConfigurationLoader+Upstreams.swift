import TailwartCore
import TailwartWire

extension ConfigurationLoader {
    func readUpstreams(_ reader: inout MappingReader) {
        let type = ValueType<[Upstream]>.named(
            "a mapping from names to upstreams", of: upstream(named: "").shape
        ) { [self] name, position, node, problems in
            if name == "close" {
                problems.error(
                    "no upstream can be named 'close': 'to: close' closes; choose another name", at: position)
            } else if let taken = positions[.upstream(name)] {
                let owner = "the short form's \(name.quoted) on line \(taken.line)"
                problems.error("the name \(name.quoted) belongs to \(owner); choose another name", at: position)
            }
            positions[.upstream(name)] = position
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
        proxyProtocol: ProxyProtocolOut = Defaults.proxyProtocol, hold: Duration = Defaults.hold
    ) -> Upstream? {
        var upstream = Upstream(name: name, endpoints: endpoints ?? [], hold: hold)
        upstream.proxyProtocol = reader.value(
            "proxy_protocol", .proxyProtocol, or: proxyProtocol,
            about: "The PROXY header that it expects, by default \(proxyProtocol.version.rawValue).")
        upstream = Upstream.settings.read(&reader, into: upstream)

        positions[.upstreamProxyProtocol(name)] = reader.keyPosition(of: "proxy_protocol")
        positions[.via(upstream: name)] = reader.keyPosition(of: "via")
        positions[.warm(upstream: name)] = reader.keyPosition(of: "warm")
        positions[.endpoints(upstream: name)] =
            reader.position(of: "endpoints") ?? reader.position(of: "address") ?? reader.position
        guard let endpoints, !endpoints.isEmpty else { return nil }
        return upstream
    }
}

extension Upstream {
    /// All that an upstream takes besides its endpoints and the PROXY header.
    static var settings: [Setting<Upstream>] {
        [
            Setting(
                "hostname", \.hostname, .publicName,
                about: "The mail server's public name: what MX points to and its certificate bears."),
            Setting(
                "connect_timeout", \.connectTimeout, .duration(Allowed.connect),
                about: "How long one address may take to answer before the next is tried."),
            Setting("via", \.via, .via, \.output, about: "The way there, by default direct."),
            Setting("policy", \.policy, .word(), about: "Which endpoint is tried first."),
            Setting(
                "hold", \.hold, .duration(Allowed.hold),
                about: "How long a client waits while nothing can be reached, before it is turned away."),
            Setting(
                "warm", \.warm, .integer(Allowed.warm),
                about: "Connected sockets kept ready for each endpoint and port; every route then needs a PROXY header."
            ),
            Setting("health", \.health, .health, \.output, about: "How its endpoints are probed, by default on."),
        ]
    }
}
