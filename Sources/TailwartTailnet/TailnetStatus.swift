package import TailwartWire

/// What tailscaled says of this host and its tailnet, as far as an edge needs it.
package struct TailnetStatus: Sendable, Equatable {
    package var backendState: BackendState
    /// Whether there is a network device, so that ordinary sockets reach the tailnet. False in userspace mode: there only
    /// `via: tailscale` and `via: {socks5: …}` do.
    package var usesTUN: Bool
    /// This host; nil while it is not logged in.
    package var own: TailnetPeer?
    /// What tailscaled complains about; empty is good.
    package var health: [String]
    /// Of MagicDNS names in this tailnet: `tail1234.ts.net`, and anything with Headscale.
    package var suffix: String?
    /// Everyone whom the tailnet's policy lets this host see, sorted by name.
    package var peers: [TailnetPeer]
    /// Public addresses at which others reach this host, as tailscaled has found out (STUN, RFC 8489): also one that no interface has, as
    /// a router or the provider maps it.
    package var outerAddresses: [IPAddress]

    package init(
        backendState: BackendState, usesTUN: Bool = true, own: TailnetPeer? = nil, health: [String] = [],
        suffix: String? = nil, peers: [TailnetPeer] = [], outerAddresses: [IPAddress] = []
    ) {
        self.outerAddresses = outerAddresses
        self.backendState = backendState
        self.usesTUN = usesTUN
        self.own = own
        self.health = health
        self.suffix = suffix
        self.peers = peers
    }

    /// The full MagicDNS name of this host; empty while there is none.
    package var ownName: String { own?.name ?? "" }
    package var ownAddresses: [IPAddress] { own?.addresses ?? [] }
    package var ownTags: [String] { own?.tags ?? [] }
    /// Seconds since 1970; nil if the key does not expire.
    package var keyExpiry: Int? { own?.keyExpiry }
    package var isExpired: Bool { own?.isExpired ?? false }
}
