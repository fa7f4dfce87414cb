import TailwartCore
import TailwartWire

/// What reading the host's firewall brought.
enum FirewallReading: Sendable, Equatable {
    /// - Parameter note: what could not be looked at besides, as a whole sentence.
    case ruleset(FirewallRuleset, note: String?)
    /// This user may not read it.
    case notPermitted
    /// There is no program here that shows it, or it failed, as a whole sentence.
    case notReadable(String)
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
        guard !ports.isEmpty else { return [] }
        let all = text(ports.map(\.number))
        switch reading {
        case .notPermitted:
            return [
                Finding(
                    .firewall, all, .unknown, "Only root may read the firewall's rules.",
                    fix: "Run this once with sudo to have them looked at.")
            ]
        case .notReadable(let reason):
            return [
                Finding(
                    .firewall, all, .unknown, reason,
                    fix: "Install the package nftables and run this as root, or try the ports from another network.")
            ]
        case .ruleset(let ruleset, let note):
            let kinds = ports.map { kind($0, ruleset, interfaces, hasPublicV6: hasPublicV6) }
            var seen: [Kind] = []
            for kind in kinds where !seen.contains(kind) { seen.append(kind) }
            return seen.map { kind in
                kind.finding(zip(ports, kinds).filter { $0.1 == kind }.map(\.0.number), ruleset, note)
            }
        }
    }

    private static func kind(
        _ port: PublicPort, _ ruleset: FirewallRuleset, _ interfaces: [String], hasPublicV6: Bool
    ) -> Kind {
        let outcomes = [FirewallPacket.Family.v4, .v6].map { family -> FirewallRuling in
            guard port.families.contains(family), family == .v4 || hasPublicV6 || !port.families.contains(.v4) else {
                return .open
            }
            let packet = FirewallPacket(
                family: family, port: port.number, interfaces: interfaces)
            return FirewallRuling(ruleset, packet)
        }
        if outcomes[0] != .open { return Kind(outcome: outcomes[0], isV6Alone: false) }
        return Kind(outcome: outcomes[1], isV6Alone: port.families.contains(.v4))
    }

    static func text(_ ports: [UInt16]) -> String { ports.map(String.init).joined(separator: ", ") }

    /// Ports with the same kind share a line.
    private struct Kind: Equatable {
        let outcome: FirewallRuling
        /// IPv4 passes.
        let isV6Alone: Bool

        func finding(_ ports: [UInt16], _ ruleset: FirewallRuleset, _ note: String?) -> Finding {
            let subject = FirewallReport.text(ports)
            let over = isV6Alone ? " over IPv6" : ""
            let verb = ports.count == 1 ? "port" : "ports"
            let opening = { (place: RulePosition) in
                FirewallOpening.sentence(ports, place, ruleset.manager, isV6: isV6Alone)
            }
            switch outcome {
            case .open:
                return Finding(
                    .firewall, subject, .pass,
                    ["This host's firewall lets clients in.", note].compactMap(\.self).joined(separator: " "))
            case .closed(let place):
                return Finding(
                    .firewall, subject, isV6Alone ? .warn : .fail,
                    "The firewall drops what comes to the \(verb)\(over): no rule in \(place) accepts it.",
                    fix: opening(place))
            case .diverted(let place):
                return Finding(
                    .firewall, subject, .fail,
                    "What comes to the \(verb)\(over) is sent on elsewhere before the edge sees it, by \(place).",
                    fix: "Remove the rule that redirects the \(verb), of a former edge perhaps.")
            case .unknown(let place):
                return Finding(
                    .firewall, subject, .unknown,
                    "Whether clients get in\(over) depends on rules in \(place) that this check does not understand, or on who the client is.",
                    fix: "Look at them (`\(place.command)`), or try the \(verb) from another network.")
            }
        }
    }
}

/// A port that clients elsewhere come to.
struct PublicPort: Sendable, Equatable {
    let number: UInt16
    var families: [FirewallPacket.Family]
}

/// How to open ports so that they stay open.
enum FirewallOpening {
    static func sentence(
        _ ports: [UInt16], _ place: RulePosition, _ manager: FirewallManager?, isV6: Bool
    ) -> String {
        let list = ports.map(String.init)
        switch (manager, place.tool) {
        case (.ufw, _):
            return "sudo ufw allow proto tcp to any port \(list.joined(separator: ","))"
        case (.firewalld, _):
            let options = list.map { "--add-port=\($0)/tcp" }.joined(separator: " ")
            return "sudo firewall-cmd --permanent \(options) && sudo firewall-cmd --reload"
        case (nil, .nft):
            let set = list.count == 1 ? list[0] : "'{ \(list.joined(separator: ", ")) }'"
            return
                "sudo nft insert rule \(place.family) \(place.table) \(place.chain) tcp dport \(set) accept; write the same into "
                + "/etc/nftables.conf, so that it lasts."
        case (nil, .iptables):
            let program = isV6 || place.family == "ip6" ? "ip6tables" : "iptables"
            // multiport takes fifteen.
            let commands = stride(from: 0, to: list.count, by: 15).map { start in
                let some = list[start..<min(start + 15, list.count)]
                return
                    "sudo \(program) -I \(place.chain) -p tcp -m multiport --dports \(some.joined(separator: ",")) -j ACCEPT"
            }
            return commands.joined(separator: " && ") + "; and save it (netfilter-persistent save), so that it lasts."
        }
    }
}
