import TailwartCore
import TailwartWire

extension TraefikReader {
    private static let balancerWords = WordTable(
        harmless: "servers server proxyprotocol serverstransport healthcheck",
        left: ["terminationdelay": "the edge waits for the other side ('half_closed')"])
    private static let transportWords = WordTable(
        harmless: "dialtimeout proxyprotocol", tuning: "dialkeepalive",
        left: ["terminationdelay": "the edge waits for the other side ('half_closed')"], refused: ["tls": .opensTLS])
    private static let checkWords = WordTable(
        harmless: "interval timeout port",
        left: Dictionary(
            uniqueKeysWithValues: ["payload", "send", "expected", "expect"].map {
                ($0, "what is asked in a check follows from the protocol here")
            }
        ).merging(["unhealthyinterval": "an endpoint that cannot be reached is asked every 5 seconds here"]) { $1 },
        refused: ["tls": .opensTLS])
    /// Services in services; nobody writes more by hand.
    private static let depthLimit = 10
    /// A weighted service becomes endpoints; shares are kept exactly up to this.
    private static let endpointLimit = Allowed.endpoints

    /// What a service dials; nil with that refused if it cannot be said.
    ///
    /// - Parameter container: of what names it.
    func dial(_ name: String, in container: String?, at position: SourcePosition) -> DraftDial? {
        guard let servers = servers(name, in: container, at: position, depth: 0) else { return nil }
        let shares = servers.map(\.share)
        guard let common = Share.common(of: shares) else {
            return findings.refuse(
                "the weights of \(name.quoted) cannot be said as whole numbers up to \(Allowed.weight.upperBound) for each server; "
                    + "write simpler ones", at: position)
        }
        var endpoints = servers.map(\.endpoint)
        for index in endpoints.indices { endpoints[index].weight = common[index] }
        guard var dial = findings.dial(endpoints, .roundRobin, name: TraefikName(name, in: nil).name, at: position)
        else {
            return nil
        }
        let settings = servers.map(\.settings)
        dial.upstream.proxyProtocol = settings[0].header
        for index in settings.indices where settings[index].header != settings[0].header {
            dial.upstream.endpoints[index].proxyProtocol = settings[index].header
        }
        guard settings.allSatisfy({ $0.timeout == settings[0].timeout && $0.health == settings[0].health }) else {
            return findings.refuse(
                "servers of \(name.quoted) have different times or checks; here an upstream has one kind: write the same for all",
                at: position)
        }
        dial.upstream.connectTimeout = settings[0].timeout
        dial.upstream.health = settings[0].health
        return dial
    }

    /// How servers of one load balancer are dialled.
    private struct Settings {
        var header = Defaults.proxyProtocol
        var timeout: Duration?
        var health: HealthSettings?
    }

    /// A share of all connections.
    private struct Share {
        var numerator = 1
        var denominator = 1

        /// Whole numbers in the same proportions, as small as they can be; nil if they are too large.
        static func common(of shares: [Share]) -> [Int]? {
            func divisor(_ one: Int, _ other: Int) -> Int { other == 0 ? one : divisor(other, one % other) }
            var multiple = 1
            for share in shares {
                let (product, isTooLarge) = multiple.multipliedReportingOverflow(by: share.denominator)
                guard !isTooLarge else { return nil }
                multiple = product / divisor(multiple, share.denominator)
            }
            var whole: [Int] = []
            for share in shares {
                let (product, isTooLarge) = share.numerator.multipliedReportingOverflow(
                    by: multiple / share.denominator)
                guard !isTooLarge else { return nil }
                whole.append(product)
            }
            let least = whole.reduce(0, divisor)
            whole = whole.map { $0 / max(1, least) }
            return whole.allSatisfy { Allowed.weight.contains($0) } ? whole : nil
        }
    }

    private typealias Server = (endpoint: Endpoint, share: Share, settings: Settings)

    private func servers(
        _ name: String, in container: String?, at position: SourcePosition, depth: Int
    ) -> [Server]? {
        guard depth < Self.depthLimit else {
            return findings.refuse("services in services more than \(Self.depthLimit) deep", at: position)
        }
        guard let parts = services(name, in: container, at: position) else { return nil }
        var result: [Server] = []
        for part in parts {
            for member in part.node.members where !["loadbalancer", "weighted"].contains(member.key.lowercased()) {
                refuse(member, .unknown)
            }
            if let weighted = part.node["weighted"] {
                guard parts.count == 1, let servers = self.servers(weighted: weighted, of: part, depth: depth) else {
                    return nil
                }
                result += servers
            } else if let balancer = part.node["loadBalancer"] {
                guard let servers = servers(balancer, of: part) else { return nil }
                result += servers
            } else {
                return findings.refuse("the service \(name.quoted) has no servers", at: part.position)
            }
        }
        guard result.count <= Self.endpointLimit.upperBound else {
            return findings.refuse("\(name.quoted) has more servers than an upstream has endpoints", at: position)
        }
        let share = Share(numerator: 1, denominator: max(1, result.count))
        return parts.count == 1 && parts[0].node["weighted"] != nil
            ? result : result.map { ($0.endpoint, share, $0.settings) }
    }

    /// Each service with its part of the connections, and each of its servers with a part of that.
    private func servers(weighted: TraefikNode, of part: Part, depth: Int) -> [Server]? {
        for member in weighted.members where !["services", "healthcheck"].contains(member.key.lowercased()) {
            refuse(member, .clients)
        }
        var result: [Server] = []
        for service in weighted["services"]?.elements ?? [] {
            guard let name = service["name"]?.text else {
                return findings.refuse("a service of 'weighted' needs a name", at: service.position)
            }
            let weight =
                service["weight"].map { node in
                    findings.number(node.text, in: 0...Allowed.weight.upperBound, "a weight", at: node.position) ?? 0
                } ?? 1
            guard weight > 0 else {
                findings.note("\(name.quoted) is left out: a weight of 0 gets no connections", at: service.position)
                continue
            }
            guard let servers = servers(name, in: part.container, at: service.position, depth: depth + 1) else {
                return nil
            }
            for server in servers {
                let (product, isTooLarge) = weight.multipliedReportingOverflow(by: server.share.numerator)
                guard !isTooLarge else { return findings.refuse(nil, .several, at: service.position) }
                result.append(
                    (server.endpoint, Share(numerator: product, denominator: server.share.denominator), server.settings)
                )
            }
        }
        return result
    }

    private func servers(_ balancer: TraefikNode, of part: Part) -> [Server]? {
        for member in balancer.members {
            let key = member.key.lowercased().prefix { $0 != "[" }
            Self.balancerWords.read(String(key), at: member.position, findings)
        }
        var settings = Settings()
        if let name = balancer["serversTransport"], let text = name.text, text != "default@internal" {
            guard let transport = transport(text, in: part.container, at: name.position) else { return nil }
            for member in transport.node.members {
                Self.transportWords.read(member.key.lowercased(), at: member.position, findings)
            }
            settings.timeout = transport.node["dialTimeout"].flatMap { node in
                duration(node).map { ($0 == .zero ? .unlimited : $0, node.position) }
            }.flatMap { findings.connectTimeout($0, "'dialTimeout'") }
            if let header = transport.node["proxyProtocol"] { settings.header = self.header(header) }
            if let header = balancer["proxyProtocol"], self.header(header) != settings.header {
                return findings.refuse(
                    "older versions of Traefik send this header, newer ones what 'serversTransport' says; write it there alone",
                    at: header.position)
            }
        } else if let header = balancer["proxyProtocol"] {
            settings.header = self.header(header)
        }
        settings.health = balancer["healthCheck"].flatMap(health)
        let entries = (balancer["servers"]?.elements ?? []) + [balancer["server"]].compactMap(\.self)
        if entries.isEmpty {
            return findings.refuse(
                part.container == nil
                    ? "there is no server to dial here; add one under 'servers'"
                    : "which port of \((part.container ?? "").quoted) is dialled is not said; add the label "
                        + "'….loadbalancer.server.port'", at: part.position)
        }
        var result: [Server] = []
        for entry in entries {
            for member in entry.members {
                switch member.key.lowercased() {
                case "address", "port": break
                case "tls": if member.value.flag != false { refuse(member, .opensTLS) }
                default: refuse(member, .unknown)
                }
            }
            guard let endpoint = endpoint(entry, of: part) else { return nil }
            result.append((endpoint, Share(), settings))
        }
        return result
    }

    private func endpoint(_ entry: TraefikNode, of part: Part) -> Endpoint? {
        if let address = entry["address"], let text = address.text {
            guard !text.contains("{{") else { return findings.refuse(text, .perConnection, at: address.position) }
            let endpoint = findings.endpoint(SourceAddress(raw: text, text: text, position: address.position))
            if let endpoint { findings.noteNames([endpoint], at: address.position) }
            return endpoint
        }
        guard let port = entry["port"], let text = port.text, let container = part.container else {
            return findings.refuse("a server needs an address such as 10.0.0.1:25", at: entry.position)
        }
        return findings.endpoint(
            SourceAddress(raw: "\(container):\(text)", text: "\(container):\(text)", position: port.position))
    }

    private func header(_ node: TraefikNode) -> ProxyProtocolOut {
        if node.flag == false { return Defaults.proxyProtocol }
        for member in node.members where member.key.lowercased() != "version" { refuse(member, .unknown) }
        switch node["version"]?.text ?? "2" {
        case "1": return ProxyProtocolOut(.v1)
        case "2": return ProxyProtocolOut(.v2)
        case let other:
            findings.refuse("'proxyProtocol.version' must be 1 or 2, not \(other.quoted)", at: node.position)
            return ProxyProtocolOut(.v2)
        }
    }

    private func health(_ node: TraefikNode) -> HealthSettings? {
        if node.flag == false { return nil }
        for member in node.members { Self.checkWords.read(member.key.lowercased(), at: member.position, findings) }
        // Traefik tells from one check.
        var health = HealthSettings(rise: 1, fall: 1)
        if let interval = node["interval"], let time = duration(interval), time > .zero {
            health.interval = findings.fit(time, in: Allowed.healthInterval, "'interval'", at: interval.position)
        }
        if let timeout = node["timeout"], let time = duration(timeout), time > .zero {
            health.timeout = findings.fit(time, in: Allowed.healthTimeout, "'timeout'", at: timeout.position)
        }
        if let port = node["port"] {
            health.port = findings.number(port.text, in: 1...65_535, "a port", at: port.position).map { UInt16($0) }
            health.proxyProtocol = ProxyProtocolOut.Version.none
        }
        return health
    }

    /// `30s`; without a unit seconds.
    private func duration(_ node: TraefikNode) -> Duration? {
        let text = node.text ?? ""
        if let seconds = Int(text), (0...1_000_000_000).contains(seconds) { return .seconds(seconds) }
        if let time = ForeignDuration.caddy(text) { return time }
        return findings.refuse("expected a duration such as 30s", at: node.position)
    }
}
