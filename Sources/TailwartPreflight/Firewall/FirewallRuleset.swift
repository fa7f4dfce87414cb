import TailwartCore
import TailwartWire

/// A host's packet filter, as far as it decides about a new TCP connection to this host. nftables and iptables are both read into
/// this; see ``NFTables`` and ``IPTables``.
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

    func concerns(_ family: FirewallPacket.Family) -> Bool {
        switch self.family {
        case "ip": family == .v4
        case "ip6": family == .v6
        default: true
        }
    }
}

struct FirewallChain: Sendable, Equatable {
    /// Nil for a chain that others jump to.
    var hook: Hook?
    /// What becomes of a packet that no rule of a base chain decides about.
    var dropsByDefault = false
    var rules: [FirewallRule] = []

    /// The hooks that a packet for this host passes (netfilter's order).
    enum Hook: String, Sendable, CaseIterable {
        case ingress
        case prerouting
        case input
    }
}

struct FirewallRule: Sendable, Equatable {
    /// All must hold.
    var conditions: [Condition] = []
    var action = Action.none

    enum Action: Sendable, Equatable {
        /// Counts, logs, marks: the next rule decides.
        case none
        case accept
        /// Without or with a word (`reject`).
        case drop
        case leaveChain
        case jump(String)
        case goto(String)
        /// Another host or port gets the packet (`dnat`, `redirect`, `tproxy`).
        case divert
        /// Another program decides (`queue`), or nobody here knows what it does.
        case undecided
    }

    enum Condition: Sendable, Equatable {
        case port([ClosedRange<UInt16>], isNegated: Bool)
        case family(FirewallPacket.Family, isNegated: Bool)
        /// The packet comes from where the rule says: a stranger does not.
        case source(isNegated: Bool)
        /// Names, with `*` at the end for any rest.
        case interface([String], isNegated: Bool)
        case destination([Network], isNegated: Bool)
        /// The same for every new TCP connection.
        case constant(Bool)
        /// This check does not understand it.
        case unknown
    }
}
