import TailwartTailnet
import TailwartWire

extension TailnetCheck {
    /// Whether the mailbox can be seen, and over which path.
    func peers(_ status: TailnetStatus, _ pings: [String: TailnetPing]) -> [Finding] {
        names.compactMap { peer($0, status, pings) } + addresses.map { peer($0, status, pings) }
    }

    /// The nodes whose path is worth asking for.
    func reachable(_ status: TailnetStatus) -> [TailnetPeer] {
        guard status.backendState == .running else { return [] }
        let named = names.compactMap { name in
            if case .peer(let peer) = status.find(name) { peer } else { nil }
        }
        return (named + addresses.compactMap { address in status.peers.first { $0.addresses.contains(address) } })
            .filter { $0.isUsable && $0.name != status.ownName }
    }

    /// Nil for a name that is none of the tailnet's, as far as it knows.
    private func peer(_ name: String, _ status: TailnetStatus, _ pings: [String: TailnetPing]) -> Finding? {
        switch status.find(name) {
        case .peer(let peer): return finding(name, peer, status, pings[peer.name])
        case .renamed(let peer):
            return Finding(
                .peer, name, .fail,
                "It is gone or away, and \(peer.name) looks like the same machine under a new name.",
                fix: "Delete the old machine in the tailnet's list, and give the new one its name.")
        case .unknown:
            let isOfTailnet =
                !name.contains(".") || (status.suffix.map { name.lowercased().hasSuffix("." + $0) } ?? false)
            guard isOfTailnet else { return nil }
            return Finding(.peer, name, .fail, Self.unseen, fix: Self.unseenFix, matter: .unseen)
        }
    }

    private func peer(_ address: IPAddress, _ status: TailnetStatus, _ pings: [String: TailnetPing]) -> Finding {
        guard
            let peer = ([status.own].compactMap(\.self) + status.peers).first(where: { $0.addresses.contains(address) })
        else { return Finding(.peer, "\(address)", .fail, Self.unseen, fix: Self.unseenFix, matter: .unseen) }
        return finding("\(address)", peer, status, pings[peer.name])
    }

    private static let unseen =
        "The tailnet has no such node, or its policy does not let this host see it."
    private static let unseenFix =
        "If the mailbox's host has not joined yet, let it join under that name; else look for it in `tailscale status`, correct the "
        + "name in the file, or grant this host access: `tailwart acl` prints how."

    private func finding(_ name: String, _ peer: TailnetPeer, _ status: TailnetStatus, _ ping: TailnetPing?) -> Finding
    {
        let addresses = peer.addresses.map(\.description).joined(separator: ", ")
        if peer.isExpired {
            return Finding(
                .peer, name, .fail, "It is there, but its key has expired.",
                fix:
                    "Log in on that host again\(peer.tags.isEmpty ? ", or give it a tag: keys of tagged hosts do not expire" : "")."
            )
        }
        if !peer.isOnline {
            return Finding(
                .peer, name, .fail, "It is there, but offline.", fix: "Start that host, or its tailscaled.")
        }
        if direct.contains(name), !status.usesTUN {
            return Finding(
                .peer, name, .fail, "tailscaled runs in userspace mode, so it cannot be dialled directly.",
                fix: "Set via: tailscale for that upstream.")
        }
        let path = ping?.path ?? peer.path
        let time = ping.map { ", \(Int($0.latency / .milliseconds(1))) ms round trip" } ?? ""
        if case .derp = path {
            return Finding(
                .peer, name, .warn, "Online as \(addresses), but \(path)\(time): slower, and shared with others.",
                fix: "Open UDP port 41641 at one end, so that both connect directly; see `tailscale netcheck`.")
        }
        return Finding(.peer, name, .pass, "Online as \(addresses)\(path == .idle ? "" : ", \(path)")\(time).")
    }
}
