/// A host's packet filter, as far as it decides about a new TCP connection to this host, and as far as this check understands
/// it: policies, and rules that are plain. nftables and iptables are both read into this; see ``NFTables`` and ``IPTables``.
struct FirewallRuleset: Sendable, Equatable {
    var tables: [FirewallTable] = []
    /// The program that writes the rules, where their names tell.
    var manager: FirewallManager?
}

/// Who is to be told of a port, so that the rule lasts.
enum FirewallManager: Sendable, Equatable {
    case ufw
    case firewalld
}

struct FirewallTable: Sendable, Equatable {
    enum Tool: Sendable, Equatable {
        case nft
        case iptables
    }

    let tool: Tool
    /// As the tool calls it: `inet`, `ip`, `ip6`.
    let family: String
    let name: String
    var chains: [String: FirewallChain] = [:]

    /// What to call it where two tools show the same.
    var key: String { "\(family) \(name)" }
}

struct FirewallChain: Sendable, Equatable {
    /// The hooks that a packet for this host passes (netfilter's order).
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

struct FirewallRule: Sendable, Equatable {
    enum Action: Sendable, Equatable {
        /// Counts or logs: the next rule decides.
        case none
        case accept
        /// Without or with a word (`reject`).
        case drop
        case leaveChain
        case jump(String)
        case goto(String)
        /// Another host or port gets the packet (`dnat`, `redirect`, `tproxy`).
        case divert
        /// This check does not know what it does.
        case unknown
    }

    enum Condition: Sendable, Equatable {
        case port([ClosedRange<UInt16>], isNegated: Bool)
        case family(FirewallPacket.Family)
        /// Names, with `*` at the end for any rest.
        case interface([String], isNegated: Bool)
        /// The packet comes from where the rule says.
        case source(isNegated: Bool)
        /// The same for every new TCP connection.
        case constant(Bool)
        /// This check does not understand it.
        case unknown
    }

    /// All must hold.
    var conditions: [Condition] = []
    var action = Action.none

    /// Nil: it depends on what is not known.
    func holds(for packet: FirewallPacket) -> Bool? {
        let answers = conditions.map { condition -> Bool? in
            switch condition {
            case .port(let ranges, let isNegated): ranges.contains { $0.contains(packet.port) } != isNegated
            case .family(let family): family == packet.family
            case .interface(let names, let isNegated): packet.comes(in: names).map { $0 != isNegated }
            // A block list does not have a stranger. Who gets in by a list, or by not being on one, has to be asked about.
            case .source(let isNegated):
                switch action {
                case .drop: isNegated ? nil : false
                case .accept: isNegated ? true : nil
                default: nil
                }
            case .constant(let holds): holds
            case .unknown: nil
            }
        }
        return answers.contains(false) ? false : answers.contains(nil) ? nil : true
    }
}

/// The first packet of a client whom no rule names: a new TCP connection.
struct FirewallPacket: Sendable, Equatable {
    enum Family: Sendable, Equatable, CaseIterable {
        case v4
        case v6
    }

    let family: Family
    let port: UInt16
    /// Interfaces that it may come in by; empty: not known.
    let interfaces: [String]

    fileprivate func comes(in names: [String]) -> Bool? {
        let answers = interfaces.map { interface in
            names.contains { $0.hasSuffix("*") ? interface.hasPrefix($0.dropLast()) : interface == $0 }
        }
        return Set(answers).count == 1 ? answers.first : nil
    }
}
