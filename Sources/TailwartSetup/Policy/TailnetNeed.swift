package import TailwartCore
package import TailwartWire

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
        for way in configuration.ways {
            let tag = tags.tag(of: way.upstream.name)
            add(way, port: way.port, tag: tag)
            if let port = way.upstream.health?.port { add(way, port: port, tag: tag) }
        }
        needs.sort { ($0.tag, $0.port, $0.host) < ($1.tag, $1.port, $1.host) }
    }

    /// - Parameter port: nil where there is none.
    private mutating func add(_ way: Way, port: UInt16?, tag: String) {
        let host = way.endpoint.host.text
        let address: IPAddress?
        switch way.endpoint.host {
        case .unix:
            let endpoint = way.endpoint.text
            return add(
                Elsewhere(upstream: way.upstream.name, endpoint: endpoint, ports: [], reason: "a Unix socket"))
        case .name: address = nil
        case .address(let literal): address = literal.unmapped
        }
        guard let port else { return }
        if let reason = way.upstream.reasonNotOnTailnet(of: way.endpoint.host) {
            add(Elsewhere(upstream: way.upstream.name, endpoint: host, ports: [port], reason: reason))
            return
        }
        let listener = way.listener.name
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
