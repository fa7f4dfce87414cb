import TailwartCore
import TailwartWire

/// The host's addresses against those that listeners want, and against what the internet can reach.
enum AddressCheck {
    /// - Parameter own: all addresses of this host.
    static func findings(_ listeners: [Listener], own: [IPAddress]) -> [Finding] {
        let binds = specific(listeners).map { finding($0.address, $0.listeners, own: own) }
        return binds + (publicPorts(listeners, own: own).isEmpty ? [] : [reach(own)])
    }

    /// The ports that clients elsewhere come to, with the addresses of this host that they come to.
    static func publicPorts(_ listeners: [Listener], own: [IPAddress]) -> [PublicPort] {
        var ports: [PublicPort] = []
        for bind in listeners.flatMap(\.bind) {
            guard let port = bind.port else { continue }
            var found = PublicPort(number: port, families: [.v4, .v6], destinations: own.filter(\.isOutward))
            if case .internet(let address) = bind, !address.ip.isUnspecified {
                guard address.ip.isOutward else { continue }
                found = PublicPort(number: port, families: [address.ip.isV4 ? .v4 : .v6], destinations: [address.ip])
            } else if case .internet(let address) = bind {
                let isV4 = address.ip.isV4
                found.families = [isV4 ? .v4 : .v6]
                found.destinations = found.destinations.filter { $0.isV4 == isV4 }
            }
            if let index = ports.firstIndex(where: { $0.number == port }) {
                ports[index].families += found.families.filter { !ports[index].families.contains($0) }
                ports[index].destinations += found.destinations
            } else {
                ports.append(found)
            }
        }
        return ports.sorted { $0.number < $1.number }
    }

    /// Addresses that are named in `bind`, with the listeners that name them.
    private static func specific(
        _ listeners: [Listener]
    ) -> [(address: IPAddress, listeners: [Listener])] {
        var found: [(address: IPAddress, listeners: [Listener])] = []
        for listener in listeners {
            for case .internet(let bind) in listener.bind where !bind.ip.isUnspecified {
                if let index = found.firstIndex(where: { $0.address == bind.ip }) {
                    found[index].listeners.append(listener)
                } else {
                    found.append((bind.ip, [listener]))
                }
            }
        }
        return found
    }

    private static func finding(
        _ address: IPAddress, _ listeners: [Listener], own: [IPAddress]
    ) -> Finding {
        let names = listeners.map(\.name).withoutRepeats.joined(separator: ", ")
        let subject = "\(address) (\(names))"
        // The whole of 127.0.0.0/8 is this host's.
        guard address.isLoopback || own.contains(address) else {
            return Finding(
                .address, subject, .fail, "This host does not have that address.",
                fix: "See `ip address`; correct `bind`, or leave the address out to listen on all.")
        }
        // Behind another proxy that is what is wanted.
        let isBehindProxy = listeners.allSatisfy { $0.proxyProtocolIn != nil }
        guard isBehindProxy || address.reach == .everywhere else {
            return Finding(
                .address, subject, .warn, "Clients on the internet cannot reach it: it is \(address.reach.words).",
                fix: "Bind a public address, or leave the address out to listen on all.")
        }
        return Finding(.address, subject, .pass, "This host has that address.")
    }

    private static func reach(_ own: [IPAddress]) -> Finding {
        let found = own.filter { $0.reach == .everywhere }
        let list = found.map(\.description).joined(separator: ", ")
        if found.isEmpty {
            return Finding(
                .address, "public", .warn,
                "This host has no public address, so it is behind NAT, at home or at a provider that maps one to it.",
                fix: "Have the listeners' ports passed to this host, or run the edge on one with a public address.")
        }
        if !found.contains(where: \.isV4) {
            return Finding(
                .address, "public", .warn, "This host is \(list), and has no public IPv4 address.",
                fix: "Give it one: many mail servers send over IPv4 only.")
        }
        return Finding(.address, "public", .pass, "This host is \(list).")
    }
}

/// Who can reach an address.
enum AddressReach: Sendable, Equatable {
    case everywhere
    case thisHost
    case link
    case privateNetwork
    case tailnet

    var words: String {
        switch self {
        case .everywhere: "a public address"
        case .thisHost: "this host's own loopback address"
        case .link: "for one link only"
        case .privateNetwork: "of a private network"
        case .tailnet: "of the tailnet, or of a provider's NAT"
        }
    }
}

extension IPAddress {
    /// Private by RFC 1918 and RFC 4193; for one link by RFC 3927 and RFC 4291 section 2.5.6.
    private static let special: [(Network?, AddressReach)] = [
        (Network("10.0.0.0/8"), .privateNetwork), (Network("172.16.0.0/12"), .privateNetwork),
        (Network("192.168.0.0/16"), .privateNetwork), (Network("fc00::/7"), .privateNetwork),
        (Network("169.254.0.0/16"), .link), (Network("fe80::/10"), .link),
    ]

    var reach: AddressReach {
        if isLoopback { return .thisHost }
        if isOfTailnet { return .tailnet }
        return Self.special.first { $0.0?.contains(self) ?? false }?.1 ?? .everywhere
    }

    /// Whether others than this host and its tailnet can come to it.
    var isOutward: Bool { [.everywhere, .privateNetwork].contains(reach) && isUnicast }
}
