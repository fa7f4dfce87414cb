/// What a rule set does with a packet.
enum FirewallRuling: Sendable, Equatable {
    case open
    /// Dropped or refused, by the base chain named.
    case closed(RulePosition)
    /// It is for another host or port before the edge could see it.
    case diverted(RulePosition)
    /// Rules decide that this check does not understand.
    case unknown(RulePosition)

    init(_ ruleset: FirewallRuleset, _ packet: FirewallPacket) {
        var unknown: RulePosition?
        var mayBeDiverted = false
        for hook in FirewallChain.Hook.allCases {
            for table in ruleset.tables where table.family != (packet.family == .v4 ? "ip6" : "ip") {
                for (name, chain) in table.chains.sorted(by: { $0.key < $1.key }) where chain.hook == hook {
                    let place = RulePosition(tool: table.tool, family: table.family, table: table.name, chain: name)
                    var known: [String: FirewallEnds] = [:]
                    var ends = FirewallEnds(chain, in: table, packet, &known)
                    if ends.remove(.left) != nil { ends.insert(chain.dropsByDefault ? .dropped : .passed) }
                    switch ends {
                    case .dropped:
                        self = mayBeDiverted ? .unknown(unknown ?? place) : .closed(place)
                        return
                    case .diverted:
                        self = unknown.map { .unknown($0) } ?? .diverted(place)
                        return
                    case .passed: break
                    default:
                        unknown = unknown ?? place
                        mayBeDiverted = mayBeDiverted || ends.contains(.diverted)
                    }
                }
            }
        }
        self = unknown.map { .unknown($0) } ?? .open
    }
}

/// Which base chain it was.
struct RulePosition: Sendable, Equatable, CustomStringConvertible {
    let tool: FirewallTable.Tool
    let family: String
    let table: String
    let chain: String

    var description: String { "chain \(chain) of table \(family) \(table)" }

    /// What shows its rules.
    var command: String {
        switch tool {
        case .nft: "sudo nft list chain \(family) \(table) \(chain)"
        case .iptables: "sudo \(family == "ip6" ? "ip6tables" : "iptables") -t \(table) -S \(chain)"
        }
    }
}

/// How a packet's way through a chain can end; several where it is not certain.
private struct FirewallEnds: OptionSet {
    let rawValue: UInt8

    static let passed = FirewallEnds(rawValue: 1)
    static let dropped = FirewallEnds(rawValue: 2)
    static let diverted = FirewallEnds(rawValue: 4)
    /// Back to the chain that jumped here.
    static let left = FirewallEnds(rawValue: 8)
}

extension FirewallEnds {
    /// - Parameter known: how the chains end that were looked at.
    init(
        _ chain: FirewallChain, in table: FirewallTable, _ packet: FirewallPacket, _ known: inout [String: FirewallEnds]
    ) {
        self = []
        for rule in chain.rules {
            let holds = rule.holds(for: packet)
            guard holds != false, rule.action != .none else { continue }
            var ends: FirewallEnds
            switch rule.action {
            case .none: ends = []
            case .accept: ends = .passed
            case .drop: ends = .dropped
            case .divert: ends = .diverted
            case .leaveChain: ends = .left
            case .unknown: ends = [.passed, .dropped]
            case .jump(let name), .goto(let name):
                if known[name] == nil {
                    // While it is looked at: the kernel allows no loops, but a text may have them.
                    known[name] = [.passed, .dropped]
                    if let target = table.chains[name] {
                        known[name] = FirewallEnds(target, in: table, packet, &known)
                    }
                }
                ends = known[name] ?? []
            }
            var goesOn = holds == nil
            if case .jump = rule.action, ends.remove(.left) != nil { goesOn = true }
            formUnion(ends)
            if !goesOn { return }
        }
        insert(.left)
    }
}
