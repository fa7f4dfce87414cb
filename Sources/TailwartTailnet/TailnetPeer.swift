package import TailwartWire

/// A node of the tailnet, as this host sees it.
package struct TailnetPeer: Sendable, Equatable {
    /// The full MagicDNS name, lower case, without the dot at the end.
    package var name: String
    /// What the node calls itself, as a label. Not unique, and the node's own choice: never an answer to "who is that".
    package var hostName: String
    /// Its addresses in the tailnet, IPv4 first.
    package var addresses: [IPAddress]
    package var tags: [String]
    /// Whether the control server sees it; it may be reachable all the same while that server is away.
    package var isOnline: Bool
    /// Whether something was sent to it in the last two minutes.
    package var isActive: Bool
    /// Seconds since 1970; nil if its key does not expire, as with tagged nodes.
    package var keyExpiry: Int?
    package var isExpired: Bool
    /// Seconds since 1970; nil if there was none.
    package var lastHandshake: Int?
    /// Seconds since 1970: when the node joined the tailnet.
    package var created: Int?
    package var path: TailnetPath

    package init(
        name: String, hostName: String = "", addresses: [IPAddress] = [], tags: [String] = [], isOnline: Bool = true,
        isActive: Bool = false, keyExpiry: Int? = nil, isExpired: Bool = false, lastHandshake: Int? = nil,
        created: Int? = nil, path: TailnetPath = .idle
    ) {
        self.name = name
        self.hostName = hostName
        self.addresses = addresses
        self.tags = tags
        self.isOnline = isOnline
        self.isActive = isActive
        self.keyExpiry = keyExpiry
        self.isExpired = isExpired
        self.lastHandshake = lastHandshake
        self.created = created
        self.path = path
    }

    /// The first label of its name: `stalwart`.
    package var label: String { TailnetName.label(of: name) }

    /// Whether a connection to it can come about.
    package var isUsable: Bool { isOnline && !isExpired }
}
