import TailwartCore
import TailwartWire

/// Whether the addresses that the DNS has for the edge's own names are listened on: a client that finds an IPv6 address tries that one first.
enum RecordCheck {
    /// - Parameters:
    ///   - names: with all addresses that they stand for, as far as anybody answered.
    ///   - own: all addresses of this host.
    static func findings(_ names: [String: [IPAddress]], _ listeners: [Listener], own: [IPAddress]) -> [Finding] {
        guard !AddressCheck.publicPorts(listeners).isEmpty else { return [] }
        return names.keys.sorted().compactMap { name in
            let addresses = names[name] ?? []
            let published = addresses.filter { !$0.isV4 && $0.reach == .everywhere }
            guard !published.isEmpty else { return nil }
            return unheard(name, published.filter(own.contains), listeners)
                ?? elsewhere(name, published, addresses.filter(\.isV4), own: own)
        }
    }

    /// Of this host, and some port does not listen there.
    private static func unheard(_ name: String, _ addresses: [IPAddress], _ listeners: [Listener]) -> Finding? {
        let ports = AddressCheck.publicPorts(listeners).map(\.number)
        for address in addresses {
            let missing = ports.filter { port in
                !listeners.contains { $0.bind.contains { $0.port == port && $0.takes(address) } }
            }
            guard !missing.isEmpty else { continue }
            let list = missing.map(String.init).joined(separator: ", ")
            return Finding(
                .address, name, .warn,
                "The DNS has the record \(name) AAAA \(address), and nothing listens there on \(list): clients that try IPv6 first are "
                    + "refused.",
                fix:
                    "Leave the address out of `bind` to listen on all (such as bind: [\":\(missing[0])\"]), or take the record out of the DNS."
            )
        }
        return nil
    }

    /// Not of this host, though everybody who comes over IPv4 comes to this one.
    private static func elsewhere(
        _ name: String, _ published: [IPAddress], _ v4: [IPAddress], own: [IPAddress]
    ) -> Finding? {
        guard !v4.isEmpty, v4.allSatisfy({ $0.isOutward && own.contains($0) }), !published.contains(where: own.contains)
        else { return nil }
        let list = published.map { "\(name) AAAA \($0)" }.joined(separator: ", ")
        return Finding(
            .address, name, .warn,
            "The DNS has the record \(list), which is not an address of this host: clients that try IPv6 first do not come to this edge.",
            fix: "Give this host that address and listen there, or take the record out of the DNS.")
    }
}

extension Configuration {
    /// Names under which clients look for this edge, as far as the file says them; each once.
    var ownNames: [String] {
        let ofPages = listeners.filter { $0.proto == .https }.flatMap(\.routes).flatMap { $0.match?.serverNames ?? [] }
            .filter { !$0.isWildcard && $0.name.contains(".") }.map(\.name)
        return (mailHostnames + upstreams.flatMap(\.certificateNames) + ofPages).withoutRepeats
    }
}

extension BindAddress {
    /// Whether who listens there gets what comes to this address of the host.
    func takes(_ address: IPAddress) -> Bool {
        switch self {
        case .any: true
        case .internet(let bound):
            bound.ip == address || (bound.ip.isUnspecified && bound.ip.isV4 == address.isV4)
        case .unix: false
        }
    }
}
