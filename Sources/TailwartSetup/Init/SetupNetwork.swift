/// What joins the edge and the mailbox.
package enum SetupNetwork: Sendable, Equatable {
    case tailscale
    /// With the user who may give devices the tags, as the policy names it: `alice@`.
    case headscale(owner: String)
    /// A LAN, or a VPN of another kind.
    case other

    package enum Kind: String, CaseIterable, Sendable {
        case tailscale
        case headscale
        case other
    }

    /// Which one a tailscaled that runs here has joined, by its control server (`ControlURL` of its `prefs`); nil if it names none.
    package static func kind(controlServer url: String) -> Kind? {
        guard let host = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first else {
            return nil
        }
        // Of a client that has not been told another.
        let own = ["controlplane.tailscale.com", "login.tailscale.com"]
        return own.contains(host.split(separator: ":")[0].lowercased()) ? .tailscale : .headscale
    }
}
