import TailwartCore
import TailwartWire

/// Checks of what a route will dial.
extension ConfigurationCheck {
    /// Every endpoint needs a port from somewhere, and must not be the edge itself.
    func checkPorts(of listener: Listener, _ number: Int) {
        var seen: Set<String> = []
        for (index, route) in listener.routes.enumerated() {
            guard case .upstream(let name, let routePort) = route.target,
                seen.insert("\(name):\(routePort ?? 0)").inserted
            else { continue }
            let position = positions[.target(listener: number, route: index)] ?? .start
            for way in Configuration.ways(of: listener, route, upstreams) {
                if case .unix(let path) = way.endpoint.host {
                    guard let own = ownListener(where: { $0 == .unix(path: path) }) else { continue }
                    problems.error(
                        "\(name.quoted) leads back to the edge: its own listener \(own.quoted) is on \(path)",
                        at: position)
                    continue
                }
                guard let port = way.port else {
                    let fix = "a Unix socket has none to take over; write \(name):PORT"
                    problems.error("no port to dial \(way.endpoint.text.quoted) on: \(fix)", at: position)
                    continue
                }
                guard way.upstream.via == .direct, let address = way.endpoint.host.literal,
                    let own = ownListener(where: {
                        OwnDoors([$0], host: []).contains(InternetAddress(address, port: port))
                    })
                else { continue }
                problems.error(
                    "\(name.quoted) leads back to the edge: its own listener \(own.quoted) is on port \(port)",
                    at: position)
            }
        }
    }

    /// A probe of the edge by itself would find it well, whatever the mailbox does.
    func checkProbes(of upstream: Upstream) {
        guard let port = upstream.health?.port, upstream.via == .direct else { return }
        for endpoint in upstream.endpoints {
            guard let address = endpoint.host.literal,
                let own = ownListener(where: {
                    OwnDoors([$0], host: []).contains(InternetAddress(address, port: port))
                })
            else { continue }
            problems.error(
                "'health.port' of \(upstream.name.quoted) leads back to the edge: its own listener \(own.quoted) is on port "
                    + "\(port)", at: positions[.endpoints(upstream: upstream.name)] ?? .start)
        }
    }

    /// The listener that what is dialled would lead to.
    private func ownListener(where leadsThere: (BindAddress) -> Bool) -> String? {
        configuration.listeners.first { $0.bind.contains(where: leadsThere) }?.name
    }

    /// The authority and the ALPN of a PROXY header come from the ClientHello, which only some listeners get to see.
    func checkTLVs() {
        struct Use: Hashable {
            let position: TextPosition
            let proxyProtocol: ProxyProtocolOut
        }
        var blind: [Use: [String]] = [:]
        for (number, listener) in configuration.listeners.enumerated() where listener.proto.firstSpeaker != .client {
            for (index, route) in listener.routes.enumerated() {
                guard let name = route.target.upstreamName, let upstream = upstreams[name] else { continue }
                for endpoint in upstream.endpoints {
                    let header = upstream.header(of: endpoint, route: route.proxyProtocol)
                    let part: FilePositions.Part =
                        if route.proxyProtocol != nil {
                            .routeProxyProtocol(listener: number, route: index)
                        } else if endpoint.proxyProtocol != nil {
                            .endpoints(upstream: name)
                        } else {
                            .upstreamProxyProtocol(name)
                        }
                    guard !header.tlvs.isDisjoint(with: [.authority, .alpn]), let position = positions[part] else {
                        continue
                    }
                    let use = Use(position: position, proxyProtocol: header)
                    if blind[use]?.contains(listener.name) != true { blind[use, default: []].append(listener.name) }
                }
            }
        }
        for (use, names) in blind {
            let tlvs = TLVName.allCases.filter {
                [.authority, .alpn].contains($0) && use.proxyProtocol.tlvs.contains($0.option)
            }
            problems.warning(
                "no \(tlvs.map(\.rawValue).listed) on \(names.listed): there is no TLS hello to take it from",
                at: use.position)
        }
    }
}

extension ConfigurationCheck {
    /// Where other servers deliver, on port 25: without a header a mailbox checks SPF (RFC 7208 section 4.3) against the edge's own address, which is in nobody's record.
    func checkHeadersForMail() {
        var said: Set<String> = []
        for (number, listener) in configuration.listeners.enumerated()
        where listener.proto == .smtp && listener.bind.contains(where: { $0.port == 25 }) {
            for (index, route) in listener.routes.enumerated() {
                guard let name = route.target.upstreamName, let upstream = upstreams[name] else { continue }
                let bare = upstream.endpoints.filter {
                    upstream.header(of: $0, route: route.proxyProtocol).version == .none
                }
                guard !bare.isEmpty, said.insert(name).inserted else { continue }
                let isWhole = bare.count == upstream.endpoints.count
                let goal = isWhole ? name.quoted : "\(bare.map(\.text).listed) of \(name.quoted)"
                let position =
                    positions[.routeProxyProtocol(listener: number, route: index)] ?? positions[
                        .upstreamProxyProtocol(name)]
                    ?? positions[.endpoints(upstream: name)] ?? .start
                problems.warning(
                    "no PROXY header goes to \(goal) with mail from other servers (\(listener.name)): it takes the edge for "
                        + "the sender of all of it, so SPF fails and mail is rejected; set 'proxy_protocol: v2', and let the mailbox "
                        + "trust the edge: `tailwart trust`", at: position)
            }
        }
    }
}

extension Endpoint.Host {
    /// The address where no resolver is needed to know it.
    fileprivate var literal: IPAddress? {
        switch self {
        case .address(let address): address.unmapped
        case .name("localhost"): .loopbackV4
        case .name, .unix: nil
        }
    }
}

extension BindAddress {
    /// Whether the kernel refuses to listen on both: the same port, and an address that is the other or contains it.
    func conflicts(with other: BindAddress) -> Bool {
        switch (self, other) {
        case (.unix(let path), .unix(let otherPath)): path == otherPath
        case (.any(let port), _): port == other.port
        case (_, .any(let port)): port == self.port
        case (.internet(let first), .internet(let second)):
            first.port == second.port && first.ip.unmapped.overlaps(second.ip.unmapped)
        case (.unix, .internet), (.internet, .unix): false
        }
    }
}

extension IPAddress {
    /// Equal, or one stands for all addresses of the other's family; `::` alone leaves IPv4 to others.
    fileprivate func overlaps(_ other: IPAddress) -> Bool {
        self == other || (isV4 == other.isV4 && (isUnspecified || other.isUnspecified))
    }
}
