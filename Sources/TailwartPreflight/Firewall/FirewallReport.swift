import TailwartCore
import TailwartWire

/// A port that clients elsewhere come to.
struct PublicPort: Sendable, Equatable {
    let number: UInt16
    var families: [FirewallPacket.Family]
}

/// What a firewall means for the listeners.
enum FirewallReport {
    static let cloud = Finding(
        .cloud, "provider", .unknown,
        "A firewall of the hosting provider cannot be seen from inside, and many block port 25 until they are asked.",
        fix: "Open the listeners' ports there too, and try from another network.")

    /// - Parameters:
    ///   - ports: of listeners that clients elsewhere can reach.
    ///   - interfaces: by which strangers come in; empty: not known.
    static func findings(
        _ reading: FirewallReading, ports: [PublicPort], interfaces: [String], hasPublicV6: Bool
    ) -> [Finding] {
        switch reading {
        case .unknown(let reason, let fix):
            return [Finding(.firewall, text(ports.map(\.number)), .unknown, reason, fix: fix)]
        case .ruleset(let ruleset):
            let outcomes = ports.map { outcome($0, ruleset, interfaces, hasPublicV6: hasPublicV6) }
            let manager = ruleset.manager
            return outcomes.withoutRepeats.map { outcome in
                let numbers = zip(ports, outcomes).filter { $0.1 == outcome }.map(\.0.number)
                return finding(outcome, numbers, manager, hasNFT: ruleset.hasNFT)
            }
        }
    }

    /// Ports with the same one share a line.
    private struct Outcome: Hashable {
        let ruling: FirewallRuling
        /// IPv4 passes.
        var isV6Alone = false
    }

    private static func outcome(
        _ port: PublicPort, _ ruleset: FirewallRuleset, _ interfaces: [String], hasPublicV6: Bool
    ) -> Outcome {
        let hasV4 = port.families.contains(.v4)
        for family in port.families where family == .v4 || hasPublicV6 || !hasV4 {
            let packet = FirewallPacket(family: family, port: port.number, interfaces: interfaces)
            let ruling = FirewallRuling(ruleset, packet)
            if ruling != .open { return Outcome(ruling: ruling, isV6Alone: family == .v6 && hasV4) }
        }
        return Outcome(ruling: .open)
    }

    private static func text(_ ports: [UInt16]) -> String { ports.map(String.init).joined(separator: ", ") }

    private static func finding(
        _ outcome: Outcome, _ ports: [UInt16], _ manager: FirewallRuleset.Manager?, hasNFT: Bool
    ) -> Finding {
        let subject = text(ports)
        let over = outcome.isV6Alone ? " over IPv6" : ""
        let verb = ports.count == 1 ? "port" : "ports"
        switch outcome.ruling {
        case .open:
            let note = hasNFT ? "" : " That is what iptables says; nft is not installed."
            return Finding(.firewall, subject, .pass, "This host's firewall lets clients in.\(note)")
        case .closed(let position):
            return Finding(
                .firewall, subject, outcome.isV6Alone ? .warn : .fail,
                "The firewall drops connections to the \(verb)\(over): no rule in \(position) accepts it.",
                fix: opening(ports, position, manager))
        case .diverted(let position):
            return Finding(
                .firewall, subject, .fail,
                "Connections to the \(verb)\(over) are redirected before the edge sees them, by \(position).",
                fix: "Remove the rule that redirects the \(verb), perhaps of a former proxy.")
        case .unknown(let position):
            return Finding(
                .firewall, subject, .unknown,
                "Whether clients get in\(over) depends on rules in \(position) that this check does not understand, or on who the client is.",
                fix: "Look at them (`\(position.command)`), or try the \(verb) from another network.")
        }
    }

    /// How to open ports so that they stay open, in the words of who writes the rules.
    private static func opening(
        _ ports: [UInt16], _ position: ChainPosition, _ manager: FirewallRuleset.Manager?
    ) -> String {
        let list = ports.map(String.init).joined(separator: ",")
        switch (manager, position.tool) {
        case (.ufw, _): return "sudo ufw allow proto tcp to any port \(list)"
        case (.firewalld, _):
            let options = ports.map { "--add-port=\($0)/tcp" }.joined(separator: " ")
            return "sudo firewall-cmd --permanent \(options) && sudo firewall-cmd --reload"
        case (nil, .nft):
            let set = ports.count == 1 ? list : "'{ \(text(ports)) }'"
            return
                "sudo nft insert rule \(position.family) \(position.table) \(position.chain) tcp dport \(set) accept; "
                + "write the same into /etc/nftables.conf, so that it lasts."
        case (nil, .iptables), (nil, .legacy):
            // multiport takes fifteen.
            let commands = stride(from: 0, to: ports.count, by: 15).map { start in
                let some = ports[start..<min(start + 15, ports.count)].map(String.init).joined(separator: ",")
                return "sudo \(position.program) -I \(position.chain) -p tcp -m multiport --dports \(some) -j ACCEPT"
            }
            return commands.joined(separator: " && ") + "; and save it (netfilter-persistent save), so that it lasts."
        }
    }
}
