package import TailwartCore
package import TailwartWire

/// What an edge shows the world, read off its configuration: ports, names, domains.
package struct EdgeFacade: Sendable {
    private let configuration: Configuration
    private let mailboxes: Set<String>

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        mailboxes = configuration.mailboxes
    }

    /// The mail server's public name, where the configuration has it.
    var hostname: String? { configuration.mailHostnames.first }

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
    private var addresses: [IPAddress] {
        configuration.listeners.flatMap(\.bind).compactMap { bind in
            guard case .internet(let address) = bind, PublicAddress.problem(address.ip) == nil else { return nil }
            return address.ip
        }.withoutRepeats
    }

    /// What the zone shows: the addresses that are named, else those of the listeners, else this host's public ones.
    package func addresses(named: [IPAddress], ofHost own: [IPAddress]) -> [IPAddress] {
        if !named.isEmpty { return named }
        return addresses.isEmpty ? own.filter { PublicAddress.problem($0) == nil } : addresses
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
            guard let first = listener.route(for: name), first.target != .close else { return false }
            return first.match != nil || first.leads(to: mailboxes)
        }
    }

    private var https: [Listener] {
        configuration.listeners.filter { $0.proto == .https && $0.bind.contains(where: \.isPublic) }
    }

    private var passedNames: [String] {
        https.flatMap(\.routes).flatMap { route -> [String] in
            guard route.target != .close, let match = route.match else { return [] }
            let names = match.serverNames.filter { !$0.isWildcard }.map(\.name)
            return names.filter { name in
                route.leads(to: mailboxes) || Defaults.httpsNamePrefixes.contains { name.hasPrefix("\($0).") }
            }
        }.withoutRepeats
    }
}

extension Listener {
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

/// Which addresses the world can reach, and why it cannot reach the others.
package enum PublicAddress {
    /// Why senders and mail programs cannot reach this address; nil if they can.
    package static func problem(_ address: IPAddress) -> String? {
        // A mapped address is no address of a host; it is how a program writes an IPv4 one (RFC 4291 section 2.5.5.2).
        guard address == address.unmapped else { return "it is an IPv4 address in disguise; write it as IPv4" }
        return switch address.reach {
        case .everywhere: nil
        case .nobody: "it stands for no address at all"
        case .thisHost: "it is this host's own loopback, which nobody else can reach"
        case .tailnet where address.isV4:
            "it is a tailnet or carrier address (RFC 6598), which the internet cannot reach; name the public one"
        case .tailnet: "it is a tailnet address, which only nodes of the tailnet can reach; name the public one"
        case .privateNetwork:
            "it is a private address (RFC \(address.isV4 ? 1918 : 4193)), which the internet cannot reach; name the public one"
        case .link: "it is a link-local address, which ends at the next router"
        case .multicast: "it is a multicast address, which belongs to no host"
        case .reserved: "it is reserved"
        }
    }
}
