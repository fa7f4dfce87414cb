package import TailwartConfig
import TailwartCore
package import TailwartWire

/// The tags by which a policy knows this edge and what it dials.
package struct PolicyTags: Sendable {
    package let edge: String
    /// Of every upstream that is not in ``others``.
    package let mailbox: String
    /// By name of the upstream.
    package let others: [String: String]

    package init(edge: String, mailbox: String, others: [String: String] = [:]) {
        self.edge = edge
        self.mailbox = mailbox
        self.others = others
    }

    func tag(of upstream: String) -> String { others[upstream] ?? mailbox }

    /// Whether it is a tag that a control server takes: a letter, then letters, digits and hyphens.
    package static func isTag(_ text: String) -> Bool {
        let name = text.dropFirst(4).utf8
        return text.hasPrefix("tag:") && name.first.map(\.isASCIILetter) == true
            && name.allSatisfy { $0.isASCIILetter || $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) }
    }
}

/// One port that the edge dials over the tailnet.
package struct TailnetNeed: Sendable, Equatable {
    package let tag: String
    /// As the configuration writes it, without a port.
    package let host: String
    /// Nil for a name.
    package let address: IPAddress?
    /// As dialled, which may differ from the port that is listened on.
    package let port: UInt16
    /// The listeners whose routes lead there.
    package fileprivate(set) var listeners: [String]
}

/// An endpoint that is not reached over the tailnet, and so needs no grant.
package struct Elsewhere: Sendable, Equatable {
    package let upstream: String
    package let endpoint: String
    package fileprivate(set) var ports: [UInt16]
    package let reason: String
}

/// What a configuration dials, divided by whether the tailnet's policy has a say in it.
package struct TailnetNeeds: Sendable, Equatable {
    /// In ascending order of tag, port and host.
    package private(set) var needs: [TailnetNeed] = []
    package private(set) var elsewhere: [Elsewhere] = []

    package init(_ configuration: Configuration, tags: PolicyTags) {
        let upstreams = Dictionary(configuration.upstreams.map { ($0.name, $0) }) { first, _ in first }
        for listener in configuration.listeners {
            for route in listener.routes {
                guard case .upstream(let name, let routePort) = route.target, let upstream = upstreams[name] else {
                    continue
                }
                for endpoint in upstream.endpoints {
                    // The order in which the engine takes a port.
                    let ports =
                        (routePort ?? endpoint.port).map { [$0] } ?? listener.bind.compactMap(\.port)
                    for port in ports {
                        add(endpoint, of: upstream, port: port, listener: listener.name, tag: tags.tag(of: name))
                    }
                    if case .unix(let path) = endpoint.host {
                        add(Elsewhere(upstream: name, endpoint: "unix:\(path)", ports: [], reason: "a Unix socket"))
                    }
                }
            }
        }
        needs.sort { ($0.tag, $0.port, $0.host) < ($1.tag, $1.port, $1.host) }
    }

    private mutating func add(
        _ endpoint: Endpoint, of upstream: Upstream, port: UInt16, listener: String,
        tag: String
    ) {
        let host: String
        let address: IPAddress?
        switch endpoint.host {
        case .unix: return
        case .name(let name): (host, address) = (name, nil)
        case .address(let literal): (host, address) = ("\(literal)", literal.unmapped)
        }
        if let reason = upstream.reasonNotOnTailnet(of: endpoint.host) {
            add(Elsewhere(upstream: upstream.name, endpoint: host, ports: [port], reason: reason))
            return
        }
        let isSame = { (need: TailnetNeed) in need.tag == tag && need.host == host && need.port == port }
        if let index = needs.firstIndex(where: isSame) {
            if !needs[index].listeners.contains(listener) { needs[index].listeners.append(listener) }
        } else {
            needs.append(TailnetNeed(tag: tag, host: host, address: address, port: port, listeners: [listener]))
        }
    }

    private mutating func add(_ new: Elsewhere) {
        let isSame = { (other: Elsewhere) in other.upstream == new.upstream && other.endpoint == new.endpoint }
        guard let index = elsewhere.firstIndex(where: isSame) else {
            elsewhere.append(new)
            return
        }
        for port in new.ports where !elsewhere[index].ports.contains(port) { elsewhere[index].ports.append(port) }
    }
}

extension Upstream {
    /// Nil if an endpoint is reached over the tailnet as far as the file tells.
    ///
    /// A name is taken for one of the tailnet: MagicDNS domains are free text with Headscale.
    fileprivate func reasonNotOnTailnet(of host: Endpoint.Host) -> String? {
        if case .tailscale = via { return nil }
        switch host {
        case .unix: return "a Unix socket"
        case .address(let address):
            let address = address.unmapped
            if address.isOfTailnet { return nil }
            return address.isLoopback ? "this host" : "not an address of a tailnet"
        case .name(let name):
            let name = name.lowercased()
            if name == "localhost" || name.hasSuffix(".localhost") { return "this host" }
            // RFC 6762 and RFC 8375: names of the local network only.
            if name.hasSuffix(".local") || name.hasSuffix(".home.arpa") { return "a name of the local network" }
            // Only tailscaled's own proxy knows these names; any other proxy may lead anywhere.
            if case .socks5(let proxy) = via, !name.hasSuffix(".ts.net") { return "behind the SOCKS proxy \(proxy)" }
            return nil
        }
    }
}
