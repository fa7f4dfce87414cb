import TailwartCore
import TailwartWire

/// One rule of iptables: options from left to right (iptables(8), iptables-extensions(8)).
enum IPTablesRule {
    typealias Condition = FirewallRule.Condition

    /// - Parameter words: behind `-A CHAIN`.
    static func read(_ words: ArraySlice<String>) -> FirewallRule {
        var rule = FirewallRule()
        var rest = words
        var isNegated = false
        while let word = rest.popFirst() {
            switch word {
            case "!":
                isNegated = true
                continue
            // Free text, which may look like an option.
            case "--comment": _ = rest.popFirst()
            case "-j": rule.action = action(rest.popFirst() ?? "")
            case "-g": rule.action = rest.popFirst().map { .goto($0) } ?? .undecided
            default:
                let value = rest.first.flatMap { $0.hasPrefix("-") || $0 == "!" ? nil : $0 }
                if let condition = condition(word, value, rest.dropFirst().first, isNegated) {
                    rule.conditions.append(condition)
                }
                // What else belongs to the option: values until the next one.
                while let next = rest.first, !next.hasPrefix("-"), next != "!" { rest.removeFirst() }
            }
            // What follows are the target's own options.
            if word == "-j" || word == "-g" { break }
            isNegated = false
        }
        return rule
    }

    static func action(_ target: String) -> FirewallRule.Action {
        switch target {
        case "ACCEPT": .accept
        case "DROP", "REJECT", "TARPIT": .drop
        case "RETURN": .leaveChain
        case "DNAT", "REDIRECT", "TPROXY", "NETMAP": .divert
        case "QUEUE", "NFQUEUE", "SYNPROXY", "": .undecided
        // Those that only mark, count or tell, in capitals as all of iptables's own.
        case "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CT", "NOTRACK", "SECMARK", "CONNSECMARK", "SET", "TCPMSS",
            "TOS",
            "DSCP", "TTL", "HL", "AUDIT", "TRACE", "TEE", "CLASSIFY", "RATEEST", "CHECKSUM", "TCPOPTSTRIP":
            FirewallRule.Action.none
        default: .jump(target)
        }
    }

    /// - Returns: nil for an option that decides nothing.
    private static func condition(
        _ option: String, _ value: String?, _ second: String?, _ isNegated: Bool
    ) -> Condition? {
        let list = value.map { $0.split(separator: ",").map(String.init) } ?? []
        switch option {
        case "-m", "--limit", "--limit-burst", "--hashlimit-burst", "--hashlimit-mode", "--hashlimit-name",
            "--hashlimit-srcmask", "--hashlimit-htable-size", "--hashlimit-htable-max", "--hashlimit-htable-expire",
            "--hashlimit-htable-gcinterval", "--connlimit-mask", "--connlimit-saddr", "--connlimit-daddr", "--name",
            "--mask",
            "--rsource", "--seconds", "--hitcount", "--set", "--hashlimit-upto", "--connlimit-upto", "--loose",
            "--validmark":
            return nil
        // A client that comes once is over no limit, and on no list of those who came before.
        case "--hashlimit-above", "--connlimit-above": return .constant(false)
        case "--rcheck", "--update": return .source(isNegated: isNegated)
        case "--match-set": return second?.hasPrefix("src") ?? false ? .source(isNegated: isNegated) : .unknown
        case "-p": return .constant(["tcp", "6", "all", "0"].contains(value ?? "") != isNegated)
        case "-s":
            return value == "0.0.0.0/0" || value == "::/0" ? .constant(!isNegated) : .source(isNegated: isNegated)
        case "-d":
            return value.flatMap { Network($0) }.map { .destination([$0], isNegated: isNegated) } ?? .unknown
        case "-i":
            // A plus sign at the end is any rest.
            return value.map { .interface([$0.hasSuffix("+") ? $0.dropLast() + "*" : $0], isNegated: isNegated) }
                ?? .unknown
        case "--dport", "--dports", "--ports": return option == "--ports" ? .unknown : ports(list, isNegated)
        case "--tcp-flags":
            let mask = Set(list)
            let wanted = Set((second ?? "").split(separator: ",").map(String.init).filter { $0 != "NONE" })
            return .constant(
                (mask.contains("ALL") ? ["SYN"] : mask.intersection(["SYN"])) == wanted ? !isNegated : isNegated)
        case "--syn": return .constant(!isNegated)
        case "--ctstate", "--state":
            return .constant((list.contains("NEW") || list.contains("UNTRACKED")) != isNegated)
        case "--ctstatus": return .constant(isNegated)
        case "--dst-type": return .constant(list.contains("LOCAL") != isNegated)
        case "--src-type": return .constant((list.contains("UNICAST")) != isNegated)
        case "--pkt-type": return .constant((value == "unicast") != isNegated)
        // Of rpfilter: the answer would go out elsewhere.
        case "--invert": return .constant(false)
        case "--icmp-type", "--icmpv6-type": return .constant(false)
        default: return .unknown
        }
    }

    private static func ports(_ list: [String], _ isNegated: Bool) -> Condition {
        var ranges: [ClosedRange<UInt16>] = []
        for text in list {
            let ends = text.split(separator: ":", omittingEmptySubsequences: false)
            guard let low = ends.first.flatMap({ $0.isEmpty ? 0 : UInt16($0) }), ends.count <= 2,
                let high = ends.last.flatMap({ $0.isEmpty ? UInt16.max : UInt16($0) }), low <= high
            else { return .unknown }
            ranges.append(low...high)
        }
        return ranges.isEmpty ? .unknown : .port(ranges, isNegated: isNegated)
    }
}
