import TailwartCore
import TailwartWire

/// The host's addresses against those that listeners want, and against what the internet can reach.
enum AddressCheck {
    /// - Parameter own: all addresses of this host.
    static func findings(_ listeners: [Listener], own: [IPAddress]) -> [Finding] {
        let binds = specific(listeners).map { finding($0.address, $0.listeners, own: own) }
        return binds + (publicPorts(listeners).isEmpty ? [] : [reach(listeners, own)])
    }

    /// The ports that clients elsewhere come to.
    static func publicPorts(_ listeners: [Listener]) -> [PublicPort] {
        var ports: [PublicPort] = []
        for bind in listeners.flatMap(\.bind) {
            guard let port = bind.port else { continue }
            var found = PublicPort(number: port, families: [.v4, .v6])
            if case .internet(let address) = bind {
                guard address.ip.isUnspecified || address.ip.isOutward else { continue }
                found.families = [address.ip.isV4 ? .v4 : .v6]
            }
            if let index = ports.firstIndex(where: { $0.number == port }) {
                ports[index].families += found.families.filter { !ports[index].families.contains($0) }
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
        let isBehindProxy = listeners.allSatisfy { $0.proxyProtocolIn?.others == .close }
        guard isBehindProxy || address.isPublic else {
            let reason =
                address.isExample
                ? "its network is reserved for examples in documents" : "it is \(address.reach.words)"
            return Finding(
                .address, subject, .warn, "Clients on the internet cannot reach it: \(reason).",
                fix: "Bind a public address, or leave the address out to listen on all.")
        }
        return Finding(.address, subject, .pass, "This host has that address.")
    }

    private static func reach(_ listeners: [Listener], _ own: [IPAddress]) -> Finding {
        let found = own.filter(\.isPublic)
        let heard = found.filter { address in listeners.contains { $0.bind.contains { $0.takes(address) } } }
        let list = (heard.isEmpty ? found : heard).map(\.description).joined(separator: ", ")
        let unheard = heard.isEmpty ? [] : found.filter { !heard.contains($0) }
        let rest = unheard.map(\.description).joined(separator: ", ")
        if found.isEmpty {
            return Finding(
                .address, "public", .warn,
                "This host has no public address, so it is behind NAT, at home or at a provider that maps one to it.",
                fix: "Forward the listeners' ports to this host, or run the edge on one with a public address.")
        }
        if unheard.contains(where: \.isV4), !heard.contains(where: \.isV4) {
            return Finding(
                .address, "public", .warn, "This host is \(list). Nothing listens on its IPv4 address \(rest).",
                fix: "Bind that one too: many mail servers send over IPv4 only.")
        }
        if !found.contains(where: \.isV4) {
            return Finding(
                .address, "public", .warn, "This host is \(list), and has no public IPv4 address.",
                fix: "Give it one: many mail servers send over IPv4 only.")
        }
        let note =
            unheard.isEmpty ? "" : " Nothing listens on \(rest), so no record of the DNS (AAAA) may lead there."
        return Finding(.address, "public", .pass, "This host is \(list).\(note)")
    }
}

extension IPAddress {
    /// Whether clients on the internet can come to it.
    var isPublic: Bool { reach == .everywhere && !isExample }

    /// Whether others than this host and its tailnet can come to it.
    var isOutward: Bool { [.everywhere, .privateNetwork].contains(reach) }
}

extension IPAddress.Reach {
    /// Behind "it is".
    fileprivate var words: String {
        switch self {
        case .everywhere: "a public address"
        case .nobody: "no address of a host"
        case .thisHost: "this host's own loopback address"
        case .link: "for one link only"
        case .privateNetwork: "of a private network"
        case .tailnet: "of the tailnet, or of a provider's NAT"
        case .multicast: "a multicast address"
        case .reserved: "reserved"
        }
    }
}
