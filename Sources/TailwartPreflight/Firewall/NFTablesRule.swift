import TailwartCore
import TailwartWire

/// One rule of nftables: statements from left to right. A verdict map stands for one rule for each of its entries.
enum NFTablesRule {
    typealias Sets = (String) -> JSONTree?

    static func read(_ statements: [JSONTree], sets: Sets) -> [FirewallRule] {
        var rule = FirewallRule()
        var others: [FirewallRule] = []
        for statement in statements {
            guard let (key, value) = statement.only else {
                rule.conditions.append(.unknown)
                continue
            }
            if let action = action(key, value) {
                rule.action = action
                continue
            }
            switch key {
            case "match": rule.conditions += NFTablesMatch.conditions(value, sets: sets)
            // A client that comes once is below every limit.
            case "limit", "ct count": rule.conditions.append(.constant(value["inv"] != .flag(true)))
            case "set", "meter": rule.conditions += limits(in: value)
            case "counter", "log", "mangle", "notrack", "dup", "flow", "last", "ct helper", "ct timeout",
                "ct expectation", "secmark":
                continue
            case "vmap": others += map(value, after: rule.conditions, sets: sets)
            // iptables-nft's own extensions; see IPTables for these tables.
            case "xt":
                if value["type"]?.text == "target" {
                    rule.action = IPTablesRule.action(value["name"]?.text ?? "")
                } else {
                    rule.conditions.append(.unknown)
                }
            default: rule.conditions.append(.unknown)
            }
        }
        return others + (others.isEmpty || rule.action != .none ? [rule] : [])
    }

    private static func action(_ key: String, _ value: JSONTree) -> FirewallRule.Action? {
        switch key {
        case "accept": .accept
        case "drop", "reject": .drop
        case "return": .leaveChain
        case "continue": FirewallRule.Action.none
        case "jump": value["target"]?.text.map { .jump($0) } ?? .undecided
        case "goto": value["target"]?.text.map { .goto($0) } ?? .undecided
        case "dnat", "redirect", "tproxy", "fwd": .divert
        case "queue", "synproxy": .undecided
        default: nil
        }
    }

    /// `add @clients { ip saddr limit rate over 10/minute }`: goes on only for those over the limit.
    private static func limits(in value: JSONTree) -> [FirewallRule.Condition] {
        let inner = value["stmt"]?.list ?? (value["stmt"].map { [$0] } ?? [])
        return inner.compactMap(\.only).compactMap { key, value in
            key == "limit" || key == "ct count" ? .constant(value["inv"] != .flag(true)) : nil
        }
    }

    private static func map(
        _ value: JSONTree, after conditions: [FirewallRule.Condition], sets: Sets
    ) -> [FirewallRule] {
        guard let key = value["key"], let data = value["data"],
            let entries = (data["set"] ?? data.text.flatMap { sets(String($0.dropFirst())) })?.list
        else { return [FirewallRule(conditions: conditions + [.unknown], action: .undecided)] }
        return entries.map { entry in
            guard let pair = entry.list, pair.count == 2, let (verdict, target) = pair[1].only,
                let action = action(verdict, target)
            else { return FirewallRule(conditions: conditions + [.unknown], action: .undecided) }
            let match = JSONTree.object(["op": .text("=="), "left": key, "right": pair[0]])
            return FirewallRule(
                conditions: conditions + NFTablesMatch.conditions(match, sets: sets), action: action)
        }
    }
}
