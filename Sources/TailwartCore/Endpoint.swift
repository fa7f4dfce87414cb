package import TailwartWire

/// One destination of an upstream, with the addresses that its name stands for at the moment.
package struct Endpoint: Sendable, Equatable {
    package enum Location: Sendable, Equatable {
        /// In the order in which they are tried; empty while the name does not resolve.
        case addresses([IPAddress])
        case unix(path: String)
        /// A host that the SOCKS proxy or the tailscaled on the way resolves.
        case host(String)
    }

    /// As the operator wrote it: `stalwart.tail1234.ts.net`, `192.0.2.1:2525`, `unix:/run/x.sock`.
    package let name: String
    /// Of the name (FNV-1a, 64 bits): the same in every process and wherever it stands in the list.
    package let identity: UInt64
    package var location: Location
    /// Nil: the port that the client came in on. A port in the route stands before both.
    package var port: UInt16?
    /// 1 to 256; its share where the policy knows shares.
    package var weight: Int
    /// Used only when no other endpoint can be reached.
    package var isBackup: Bool

    package init(name: String, location: Location, port: UInt16? = nil, weight: Int = 1, isBackup: Bool = false) {
        self.name = name
        identity = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        self.location = location
        self.port = port
        self.weight = weight
        self.isBackup = isBackup
    }
}
