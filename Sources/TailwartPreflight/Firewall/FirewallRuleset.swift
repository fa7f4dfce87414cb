/// A host's packet filter, as the programs show it that it was written with.
struct FirewallRuleset: Sendable, Equatable {
    var chains: [ChainPosition: FirewallChain] = [:]
    /// Whether nft was asked.
    var hasNFT = false

    /// With what iptables shows in the place of the same tables in nft's words, which leave out half of them.
    func joined(withIPTables other: FirewallRuleset) -> FirewallRuleset {
        let tables = Set(other.chains.keys.map { [$0.family, $0.table] })
        let own = chains.filter { $0.key.tool != .nft || !tables.contains([$0.key.family, $0.key.table]) }
        return FirewallRuleset(chains: own.merging(other.chains) { first, _ in first }, hasNFT: hasNFT)
    }

    /// Who writes the rules, where their names tell.
    enum Manager: Sendable, Equatable {
        case ufw
        case firewalld
    }

    var manager: Manager? {
        if chains.keys.contains(where: { $0.chain.hasPrefix("ufw") && $0.chain.hasSuffix("-user-input") }) {
            return .ufw
        }
        return chains.keys.contains { $0.table == "firewalld" || $0.chain == "INPUT_ZONES" } ? .firewalld : nil
    }

    /// Deeper than ufw, firewalld and docker go. The kernel allows no loops, but a text may have them.
    private static let depthLimit = 6

    /// What a packet's way through a chain ends with.
    fileprivate func end(of packet: FirewallPacket, in position: ChainPosition, depth: Int = 0) -> FirewallStep {
        guard let chain = chains[position], depth < Self.depthLimit else { return .unclear }
        var mayHaveLeft = false
        for step in chain.rules.lazy.compactMap({ $0.step(for: packet) }) {
            var end = step
            if case .jump(let name, let returns) = step {
                var target = position
                target.chain = name
                end = self.end(of: packet, in: target, depth: depth + 1)
                if end == .leaveChain, returns { continue }
            }
            if step == .mayLeaveChain {
                mayHaveLeft = true
            } else {
                return mayHaveLeft && end != .leaveChain ? .unclear : end
            }
        }
        return .leaveChain
    }
}

struct FirewallChain: Sendable, Equatable {
    /// The hooks that a packet for this host passes, in that order (netfilter).
    enum Hook: String, Sendable, CaseIterable {
        case ingress
        case prerouting
        case input
    }

    /// Nil for a chain that others jump to.
    var hook: Hook?
    /// What becomes of a packet that no rule of a base chain decides about.
    var dropsByDefault = false
    var rules: [FirewallRule] = []
}

/// Which chain, in the words of the program that shows it.
struct ChainPosition: Sendable, Hashable, CustomStringConvertible {
    enum Tool: String, Sendable {
        case nft
        case iptables
        /// Of the kernel before nftables; such rules may stand beside the others.
        case legacy = "iptables-legacy"
    }

    let tool: Tool
    /// `inet`, `ip`, `ip6`, `netdev`.
    let family: String
    let table: String
    var chain: String

    var description: String { "chain \(chain) of table \(family) \(table)" }

    /// The command that changes it.
    var program: String { family == "ip6" ? tool.rawValue.replacing("iptables", with: "ip6tables") : tool.rawValue }

    /// What shows its rules.
    var command: String {
        tool == .nft ? "sudo nft list chain \(family) \(table) \(chain)" : "sudo \(program) -t \(table) -S \(chain)"
    }
}

/// What a rule set does with a packet. The base chain that decides is named.
enum FirewallRuling: Sendable, Hashable {
    case open
    case closed(ChainPosition)
    /// It is for another host or port before the edge could see it.
    case diverted(ChainPosition)
    /// Rules come first that this check does not understand.
    case unknown(ChainPosition)

    init(_ ruleset: FirewallRuleset, _ packet: FirewallPacket) {
        let bases = ruleset.chains.filter { $0.key.family != (packet.family == .v4 ? "ip6" : "ip") }
            .sorted { "\($0.key)" < "\($1.key)" }
        for hook in FirewallChain.Hook.allCases {
            for (position, chain) in bases where chain.hook == hook {
                switch ruleset.end(of: packet, in: position) {
                case .drop: self = .closed(position)
                case .leaveChain where chain.dropsByDefault: self = .closed(position)
                case .divert: self = .diverted(position)
                case .accept, .leaveChain: continue
                case .jump, .mayLeaveChain, .unclear: self = .unknown(position)
                }
                return
            }
        }
        self = .open
    }
}
