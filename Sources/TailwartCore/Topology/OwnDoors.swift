package import TailwartWire

/// Where this edge meets itself: what dials such an address comes in at one of its own doors, is dialled on from there, and so on until
/// nothing is left (8001 records for one client). So nobody dials it, neither for a client nor to probe.
package struct OwnDoors: Sendable {
    /// An unspecified address stands for all of its family.
    private let listening: [InternetAddress]
    private let host: Set<IPAddress>
    private let outer: Set<IPAddress>

    /// - Parameters:
    ///   - binds: what the edge listens on, with the ports that the kernel chose.
    ///   - host: the addresses of this host.
    ///   - outer: those that a router or the provider maps to one of them, port by port: dialled from here they lead back (hairpin).
    package init(_ binds: [BindAddress], host: [IPAddress], outer: [IPAddress] = []) {
        listening = binds.flatMap { bind -> [InternetAddress] in
            switch bind {
            case .any(let port): [InternetAddress(.anyV4, port: port), InternetAddress(.anyV6, port: port)]
            case .internet(let address): [address.unmapped]
            case .unix: []
            }
        }
        self.host = Set(host.map(\.unmapped))
        self.outer = Set(outer.map(\.unmapped))
    }

    /// Whether a connection to this address would be the edge's own to accept.
    package func contains(_ dialled: InternetAddress) -> Bool {
        var ip = dialled.ip.unmapped
        // Linux connects to itself by these.
        if ip == .anyV4 { ip = .loopbackV4 }
        if ip == .anyV6 { ip = .loopbackV6 }
        let isOfHost = ip.isLoopback || host.contains(ip)
        return listening.contains { door in
            guard door.port == dialled.port, door.ip.isV4 == ip.isV4 else { return false }
            if door.ip == ip || isOfHost && door.ip.isUnspecified { return true }
            // To which address of this host it is mapped nobody tells; not to loopback.
            return outer.contains(ip) && !door.ip.isLoopback
        }
    }
}
