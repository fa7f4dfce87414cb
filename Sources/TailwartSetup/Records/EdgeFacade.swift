package import TailwartConfig
import TailwartCore
package import TailwartWire

/// What an edge shows the world, read off its configuration: ports, names, domains.
package struct EdgeFacade: Sendable {
    private let configuration: Configuration
    /// The upstreams to which mail goes, and others on the same hosts.
    private let mailboxes: Set<String>

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        let direct = Set(
            configuration.listeners.filter { $0.proto != .https && $0.proto != .tcp }.flatMap(\.routes).compactMap {
                $0.target.upstreamName
            })
        let hosts = configuration.upstreams.filter { direct.contains($0.name) }.flatMap { $0.endpoints.map(\.host) }
        let siblings = configuration.upstreams.filter { upstream in
            upstream.endpoints.contains { endpoint in hosts.contains(endpoint.host) && !endpoint.isLoopback }
        }
        mailboxes = direct.union(siblings.map(\.name))
    }

    func isMailbox(_ upstream: String) -> Bool { mailboxes.contains(upstream) }

    /// The public port of a protocol: the well-known one if the edge listens there, else the first; nil if there is none.
    func port(of proto: ListenerProtocol) -> UInt16? {
        let ports = configuration.listeners.filter { $0.proto == proto && $0.leadsSomewhere }.flatMap {
            $0.bind.filter(\.isPublic).compactMap(\.port)
        }
        return ports.first { ListenerProtocol(wellKnownPort: $0) == proto } ?? ports.first
    }

    /// Whether a client of this family gets through to the port.
    func listens(on port: UInt16, family address: IPAddress) -> Bool {
        configuration.listeners.filter(\.leadsSomewhere).flatMap(\.bind).contains { bind in
            switch bind {
            case .any(port): true
            case .internet(let bound):
                // `[::]` is bound for IPv6 alone.
                bound.port == port && (bound.ip == address || bound.ip.isUnspecified && bound.ip.isV4 == address.isV4)
            default: false
            }
        }
    }

    /// Public addresses that listeners name; none where they listen on all.
    package var addresses: [IPAddress] {
        configuration.listeners.flatMap(\.bind).compactMap { bind in
            guard case .internet(let address) = bind, PublicAddress.problem(address.ip) == nil else { return nil }
            return address.ip
        }.withoutRepeats
    }

    /// The mail domains whose set-up names (`mta-sts.` and so on) the edge passes, in the order of the file.
    package var domains: [String] {
        passedNames.compactMap { name in
            Defaults.httpsNamePrefixes.lazy.compactMap { prefix in
                name.hasPrefix("\(prefix).") ? String(name.dropFirst(prefix.count + 1)) : nil
            }.first
        }.filter { $0.contains(".") }.withoutRepeats
    }

    /// Exact names that lead to the mailbox over HTTPS and are not the set-up names of one of these domains.
    func otherNames(than domains: [String]) -> [String] {
        let usual = Set(domains.flatMap { domain in Defaults.httpsNamePrefixes.map { "\($0).\(domain)" } })
        return passedNames.filter { !usual.contains($0) }
    }

    /// Whether a client that asks for this name over HTTPS gets to a mailbox.
    func passes(_ name: String) -> Bool {
        https.contains { listener in
            let first = listener.routes.first { route in
                route.match?.serverNames.isEmpty != false
                    || route.match?.serverNames.contains { $0.covers(name) } == true
            }
            return first?.target.upstreamName.map { first?.match != nil || isMailbox($0) } ?? false
        }
    }

    private var https: [ListenerConfiguration] {
        configuration.listeners.filter { $0.proto == .https && $0.bind.contains(where: \.isPublic) }
    }

    private var passedNames: [String] {
        https.flatMap(\.routes).flatMap { route -> [String] in
            guard let upstream = route.target.upstreamName, let match = route.match else { return [] }
            let names = match.serverNames.filter { !$0.isWildcard }.map(\.name)
            return names.filter { name in
                isMailbox(upstream) || Defaults.httpsNamePrefixes.contains { name.hasPrefix("\($0).") }
            }
        }.withoutRepeats
    }
}

extension RouteConfiguration.Target {
    var upstreamName: String? {
        if case .upstream(let name, _) = self { name } else { nil }
    }
}

extension ListenerConfiguration {
    fileprivate var leadsSomewhere: Bool { routes.contains { $0.target != .close } }
}

extension BindAddress {
    /// Not for this host or the tailnet alone. A private address may well be a public one behind a router.
    fileprivate var isPublic: Bool {
        switch self {
        case .any: true
        case .internet(let address): !address.ip.isLoopback && !address.ip.isOfTailnet
        case .unix: false
        }
    }
}

extension EndpointConfiguration {
    fileprivate var isLoopback: Bool {
        if case .address(let address) = host { address.isLoopback } else { host == .name("localhost") }
    }
}

extension ServerNamePattern {
    /// Whether a name in lower case, without a trailing dot, is matched.
    func covers(_ name: String) -> Bool {
        guard isWildcard else { return self.name == name }
        guard name.hasSuffix(".\(self.name)") else { return false }
        let label = name.dropLast(self.name.count + 1)
        return !label.isEmpty && !label.contains(".")
    }
}
