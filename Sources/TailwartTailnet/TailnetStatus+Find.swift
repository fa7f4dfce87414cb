package import TailwartWire

/// Whom a name stands for in the tailnet.
package enum TailnetMatch: Sendable, Equatable {
    /// This host or a peer has the name. It may be offline or expired.
    case peer(TailnetPeer)
    /// The name is gone, or its node is offline or expired, and this node looks like the same machine under a new name: it was
    /// set up anew while the tailnet still knew the old one. For a person to read, never to dial: see ``TailnetStatus/addresses(for:)``.
    case renamed(TailnetPeer)
    /// Nobody has it: no such node, or no access rule lets this host see it.
    case unknown
}

extension TailnetStatus {
    /// Looks up a full MagicDNS name or a bare first label; case and the dot at the end do not matter.
    ///
    /// A node that is there, but offline or expired, while a successor is online is reported as `.renamed`: what the operator
    /// has to mend is the name. A second machine that only happens to have a number in its name is no successor; see
    /// ``successor(of:)``.
    package func find(_ name: String) -> TailnetMatch {
        guard let name = TailnetName.normal(name) else { return .unknown }
        guard let node = node(named: name) else {
            return successor(ofMissing: name).map { .renamed($0) } ?? .unknown
        }
        guard !node.isUsable, let successor = successor(of: node) else { return .peer(node) }
        return .renamed(successor)
    }

    /// The addresses to dial for each of these names; a name that nobody has is left out.
    ///
    /// Only the node that has exactly the name: `stalwart-1` may be anybody's, and would get the mail of `stalwart`.
    ///
    /// - Returns: nil while tailscaled does not run, when what it still knows is of no use.
    package func addresses(for names: some Sequence<String>) -> [String: [IPAddress]]? {
        guard backendState == .running else { return nil }
        var found: [String: [IPAddress]] = [:]
        for name in names {
            guard let normal = TailnetName.normal(name), let node = node(named: normal), !node.addresses.isEmpty else {
                continue
            }
            found[name] = node.addresses
        }
        return found
    }

    private var nodes: [TailnetPeer] { (own.map { [$0] } ?? []) + peers }

    private func node(named name: String) -> TailnetPeer? {
        if name.contains(".") { return nodes.first { $0.name == name } }
        // A node shared in from another tailnet may have the same first label.
        let sameLabel = nodes.filter { $0.label == name }
        return sameLabel.first { TailnetName.parent(of: $0.name) == suffix } ?? sameLabel.first(where: \.isUsable)
            ?? sameLabel.first
    }

    private func successor(ofMissing name: String) -> TailnetPeer? {
        let label = TailnetName.label(of: name)
        let parent = name.contains(".") ? TailnetName.parent(of: name) : suffix
        return best(
            peers.filter { peer in
                guard parent == nil || TailnetName.parent(of: peer.name) == parent,
                    let addition = Self.addition(of: peer.label, to: label)
                else { return false }
                return addition.isNumber || peer.hostName == label
            })
    }

    /// The node that has taken the place of one that is offline or expired.
    ///
    /// A control server that gets a second node with the same host name gives it the name with an addition: `-1` (Tailscale,
    /// Headscale from 0.29 on), or random letters (older Headscale). So the successor calls itself as the old one did, is
    /// online, and joined later.
    private func successor(of node: TailnetPeer) -> TailnetPeer? {
        best(
            peers.filter { peer in
                guard peer.isUsable, TailnetName.parent(of: peer.name) == TailnetName.parent(of: node.name),
                    let addition = Self.addition(of: peer.label, to: node.label)
                else { return false }
                if let created = peer.created, let before = node.created, created < before { return false }
                return peer.hostName.isEmpty ? addition.isNumber : peer.hostName == node.label
            })
    }

    /// The usable one, then the one that joined last.
    private func best(_ candidates: [TailnetPeer]) -> TailnetPeer? {
        candidates.max { first, second in
            (first.isUsable ? 1 : 0, first.created ?? 0, first.name.utf8.count, first.name)
                < (second.isUsable ? 1 : 0, second.created ?? 0, second.name.utf8.count, second.name)
        }
    }

    /// What `label` has behind `original` and a hyphen; nil if it does not begin so.
    private static func addition(of label: String, to original: String) -> (text: String, isNumber: Bool)? {
        guard label.hasPrefix(original + "-") else { return nil }
        let text = String(label.dropFirst(original.count + 1))
        guard !text.isEmpty else { return nil }
        return (text, text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    }
}
