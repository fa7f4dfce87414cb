import TailwartClient
package import TailwartCore
import TailwartWire

/// A place that is probed: how the file wants it to be reached, and what has to be found there.
package struct ProbeSubject: Sendable {
    package let place: Place.Key
    package let upstream: Upstream
    package let endpoint: Endpoint
    /// 0 for a Unix socket.
    package var port: UInt16 { place.port }
    /// Of the port that is asked.
    package let proto: ListenerProtocol
    /// That of the probe.
    package let header: ProxyProtocolOut.Version
    package let health: HealthSettings
    /// The names that clients ask for, one probe for each in turn; nil asks for none. Never empty.
    package let serverNames: [String?]
    /// What the certificate on a mail port must be good for.
    package let expectedNames: [String]
    /// Whom to ask about, to see whether mail is taken.
    package let recipient: String?
    private let tailscaleSocket: String

    /// Names of one place that are asked for; each has a probe of its own.
    private static let nameLimit = 100

    /// What there is to probe: each place where a known protocol is spoken on the port that is asked, once.
    package static func all(of configuration: Configuration) -> [ProbeSubject] {
        configuration.placesWithWays.compactMap { place, ways in
            // Of protocols that can be probed.
            let ways = ways.filter { $0.probedProtocol != .tcp }
            guard let way = ways.first, let health = way.upstream.health else { return nil }
            let proto = way.probedProtocol
            let names = proto == .https ? ways.exactNames : way.upstream.certificateNames
            return ProbeSubject(
                place: place, upstream: way.upstream, endpoint: way.endpoint, proto: proto,
                header: health.proxyProtocol ?? way.proxyProtocol.version, health: health,
                serverNames: proto == .https && !names.isEmpty ? Array(names.prefix(nameLimit)) : [names.first],
                expectedNames: proto == .https ? [] : names,
                recipient: proto == .smtp ? configuration.recipient(of: way.upstream) : nil,
                tailscaleSocket: configuration.tailscale?.socket ?? Defaults.tailscaleSocket)
        }
    }

    /// The way to an address of the place, as workers dial it, on the port that is asked.
    package func way(to address: PlaceAddress) -> ProbeWay {
        let asked = health.port ?? port
        return switch (upstream.via, address.dialled(doorPort: port)) {
        case (.direct, .internet(let address)):
            .direct(InternetAddress(address.ip, port: health.port ?? address.port))
        case (.direct, .unix(let path)): .unix(path: path)
        case (.socks5(let proxy), _): .socks5(proxy, host: endpoint.host.text, port: asked)
        case (.tailscale, _): .tailscale(socket: tailscaleSocket, host: endpoint.host.text, port: asked)
        }
    }

    package func question(_ way: ProbeWay, serverName: String?, listensFor: Duration? = nil) -> ProbeQuestion {
        ProbeQuestion(
            upstream: upstream.name, endpoint: endpoint.text, way: way, proto: proto, proxyProtocol: header,
            serverName: serverName, expectedNames: expectedNames, trustRoots: health.trustRoots,
            listensFor: listensFor, recipient: recipient)
    }

    /// Whether a probe of the other finds out the same.
    package func asks(as other: ProbeSubject) -> Bool {
        place == other.place && upstream.via == other.upstream.via && tailscaleSocket == other.tailscaleSocket
            && proto == other.proto && header == other.header && serverNames == other.serverNames
            && expectedNames == other.expectedNames && recipient == other.recipient
            && health.trustRoots == other.health.trustRoots && health.port == other.health.port
    }

    /// As people and programs are told of it.
    package var named: ProbedPlace { ProbedPlace(place, endpoint: endpoint, proto: proto) }

    package func label(_ serverName: String?) -> String { named.label(serverName) }
}

extension Configuration {
    /// Whom a probe of this mailbox asks about; by default the postmaster of its first domain, which every domain has to have (RFC 5321
    /// section 4.5.1).
    fileprivate func recipient(of upstream: Upstream) -> String? {
        switch upstream.health?.recipient {
        case nil, .off: return nil
        case .address(let address): return address
        case .usual:
            let routes = listeners.flatMap(\.routes).filter { $0.target.upstreamName == upstream.name }
            let names = routes.flatMap { $0.match?.serverNames ?? [] }.filter { !$0.isWildcard }.map(\.name)
            let domain = names.lazy.compactMap { name in
                Defaults.httpsNamePrefixes.first { name.hasPrefix("\($0).") }.map { name.dropFirst($0.count + 1) }
            }.first
            return domain.map { "postmaster@\($0)" }
        }
    }
}

extension Way {
    /// What a probe speaks: with another port than the clients', what that is known for.
    fileprivate var probedProtocol: ListenerProtocol {
        guard !endpoint.isUnix, let port = upstream.health?.port else { return proto }
        return ListenerProtocol(wellKnownPort: port) ?? proto
    }
}

extension [Way] {
    /// Server names that lead there, without wildcards: nobody knows which names they stand for.
    fileprivate var exactNames: [String] {
        var seen: Set<String> = []
        return flatMap { way in (way.route.match?.serverNames ?? []).filter { !$0.isWildcard }.map(\.name) }
            .filter { seen.insert($0).inserted }
    }
}
