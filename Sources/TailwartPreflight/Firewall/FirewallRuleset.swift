/// A host's packet filter, as the programs show it that it was written with.
struct FirewallRuleset: Sendable, Equatable {
    var nft: NFTables?
    var iptables: [IPTables] = []

    /// Every chain with what it means for a packet. What iptables shows takes the place of the same tables in nft's words,
    /// which leaves out half of them.
    func chains(for packet: FirewallPacket) -> [ChainPosition: FirewallChain] {
        let plain = iptables.map { $0.chains(for: packet) }.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        let tables = Set(plain.keys.map { [$0.family, $0.table] })
        let others = (nft?.chains(for: packet) ?? [:]).filter { !tables.contains([$0.key.family, $0.key.table]) }
        return plain.merging(others) { first, _ in first }
    }

    /// Who writes the rules, where their names tell.
    enum Manager: Sendable, Equatable {
        case ufw
        case firewalld
    }

    var manager: Manager? {
        let positions = chains(for: FirewallPacket(family: .v4, port: 0, interfaces: [])).keys
        if positions.contains(where: { $0.chain.hasPrefix("ufw") && $0.chain.hasSuffix("-user-input") }) { return .ufw }
        return positions.contains { $0.table == "firewalld" || $0.chain == "INPUT_ZONES" } ? .firewalld : nil
    }
}

/// The first packet of a client whom no rule names: a new TCP connection.
struct FirewallPacket: Sendable, Equatable {
    enum Family: Sendable, Equatable {
        case v4
        case v6
    }

    let family: Family
    let port: UInt16
    /// Interfaces that it may come in by; empty: not known.
    let interfaces: [String]

    /// - Parameter names: of a rule, with `*` at the end for any rest.
    func comes(in names: some Collection<String>, isNegated: Bool) -> FirewallMatch {
        let answers = Set(
            interfaces.map { interface in
                names.contains { $0.hasSuffix("*") ? interface.hasPrefix($0.dropLast()) : interface == $0 }
            })
        guard answers.count == 1, let answer = answers.first else { return .unclear }
        return .certain(answer != isNegated)
    }

    /// - Parameter ranges: of a rule, each by its lowest and its highest port; nil in the place of one that is not understood.
    func goes(to ranges: [[UInt16?]], isNegated: Bool) -> FirewallMatch {
        let known = ranges.compactMap { ends -> ClosedRange<UInt16>? in
            guard ends.count == 2, let low = ends[0], let high = ends[1], low <= high else { return nil }
            return low...high
        }
        guard known.count == ranges.count else { return .unclear }
        return .certain(known.contains { $0.contains(port) } != isNegated)
    }
}

/// Whether one condition of a rule holds for a packet.
enum FirewallMatch: Sendable, Equatable {
    case certain(Bool)
    /// For clients whom the rule names.
    case listed
    /// This check does not understand it.
    case unclear
}

/// What one rule does with a packet, if it does anything.
enum FirewallStep: Sendable, Equatable {
    case accept
    /// Without or with a word (`reject`).
    case drop
    /// Another host or port gets the packet (`dnat`, `redirect`, `tproxy`).
    case divert
    case leaveChain
    /// For some clients.
    case mayLeaveChain
    case jump(String, returns: Bool)
    /// This check does not know what it does, or whether it does.
    case unclear

    /// - Parameters:
    ///   - action: nil counts or logs.
    ///   - matches: all must hold.
    init?(_ action: FirewallStep?, if matches: [FirewallMatch]) {
        // A block list does not have a stranger. Whom a list lets in has to be asked about.
        guard let action, !matches.contains(.certain(false)), action != .drop || !matches.contains(.listed) else {
            return nil
        }
        let isCertain = matches.allSatisfy { $0 == .certain(true) }
        self = isCertain ? action : action == .leaveChain ? .mayLeaveChain : .unclear
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
    var steps: [FirewallStep] = []
}

/// Which chain, in the words of the program that shows it.
struct ChainPosition: Sendable, Hashable, CustomStringConvertible {
    enum Tool: Sendable {
        case nft
        case iptables
    }

    let tool: Tool
    /// `inet`, `ip`, `ip6`, `netdev`.
    let family: String
    let table: String
    var chain: String

    var description: String { "chain \(chain) of table \(family) \(table)" }

    /// What shows its rules.
    var command: String {
        switch tool {
        case .nft: "sudo nft list chain \(family) \(table) \(chain)"
        case .iptables: "sudo \(family == "ip6" ? "ip6tables" : "iptables") -t \(table) -S \(chain)"
        }
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
        let chains = ruleset.chains(for: packet)
        let bases = chains.filter { $0.key.family != (packet.family == .v4 ? "ip6" : "ip") }
            .sorted { "\($0.key)" < "\($1.key)" }
        for hook in FirewallChain.Hook.allCases {
            for (position, chain) in bases where chain.hook == hook {
                switch Self.end(of: position, in: chains) {
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

    /// Deeper than ufw, firewalld and docker go. The kernel allows no loops, but a text may have them.
    private static let depthLimit = 6

    /// What a packet's way through a chain ends with.
    private static func end(
        of position: ChainPosition, in chains: [ChainPosition: FirewallChain], depth: Int = 0
    ) -> FirewallStep {
        guard let chain = chains[position], depth < depthLimit else { return .unclear }
        var mayHaveLeft = false
        for step in chain.steps {
            var end = step
            if case .jump(let name, let returns) = step {
                var target = position
                target.chain = name
                end = Self.end(of: target, in: chains, depth: depth + 1)
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
