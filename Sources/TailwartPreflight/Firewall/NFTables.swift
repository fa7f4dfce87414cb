import TailwartWire

/// Reads what `nft -j list ruleset` prints (libnftables-json(5)).
struct NFTables {
    /// Elements of sets and maps by table and name; none of those that were left out.
    private var sets: [String: [JSON]] = [:]

    /// - Parameter isTerse: whether it was asked to leave out the elements of sets (`-t`).
    /// - Returns: nil if this is no such answer.
    static func read(_ bytes: [UInt8], isTerse: Bool = false) -> FirewallRuleset? {
        guard let answer = try? JSONReader.read(bytes.span, JSONReader.Options(byteLimit: .max)),
            let objects = answer["nftables"]?.list?.compactMap(\.only)
        else { return nil }
        var reader = NFTables()
        var tables: [FirewallTable] = []
        // Sets may stand behind the rules that name them.
        for (kind, object) in objects where kind == "set" || kind == "map" {
            // An empty one has no such key, and neither has one whose elements were left out.
            reader.sets["\(key(object)) \(object["name"]?.text ?? "")"] = object["elem"]?.list ?? (isTerse ? nil : [])
        }
        for (kind, object) in objects {
            let family = object["family"]?.text ?? ""
            let name = object["name"]?.text ?? ""
            // Asleep, or of bridges and ARP: no packet for this host's sockets is decided there.
            let isDormant = object["flags"].map { $0.list ?? [$0] }?.contains("dormant") ?? false
            if kind == "table", !isDormant, ["inet", "ip", "ip6", "netdev"].contains(family) {
                tables.append(FirewallTable(tool: .nft, family: family, name: name))
            }
            guard let index = tables.firstIndex(where: { $0.key == key(object) }) else { continue }
            if kind == "chain" {
                tables[index].chains[name] = FirewallChain(
                    hook: object["hook"]?.text.flatMap { FirewallChain.Hook(rawValue: $0) },
                    dropsByDefault: object["policy"]?.text == "drop")
            } else if kind == "rule", let chain = object["chain"]?.text {
                let rules = reader.rules(object["expr"]?.list ?? [], in: key(object))
                tables[index].chains[chain]?.rules += rules
            }
        }
        let manager: FirewallManager? =
            tables.contains { $0.key == "inet firewalld" }
            ? .firewalld : tables.contains { $0.chains["ufw-user-input"] != nil } ? .ufw : nil
        return FirewallRuleset(tables: tables, manager: manager)
    }

    /// A table names itself, all else the table that it is in.
    private static func key(_ object: JSON) -> String {
        "\(object["family"]?.text ?? "") \(object["table"]?.text ?? object["name"]?.text ?? "")"
    }

    /// Statements from left to right. A verdict map stands for one rule for each of its entries.
    private func rules(_ statements: [JSON], in table: String) -> [FirewallRule] {
        var rule = FirewallRule()
        var entries: [FirewallRule] = []
        for statement in statements {
            guard let (kind, value) = statement.only else {
                rule.conditions.append(.unknown)
                continue
            }
            switch kind {
            case "match":
                let isNegated = value["op"]?.text == "!="
                rule.conditions +=
                    isNegated || ["==", "in"].contains(value["op"]?.text)
                    ? conditions(value["left"], value["right"], isNegated, in: table) : [.unknown]
            case "counter", "log", "mangle", "notrack", "ct helper": continue
            // Without a verdict behind them they decide nothing.
            case "limit", "quota", "ct count", "set", "meter": rule.conditions.append(.unknown)
            case "vmap":
                guard let map = value["data"].flatMap({ elements($0, in: table) }) else {
                    rule.conditions.append(.unknown)
                    entries.append(FirewallRule(conditions: rule.conditions, action: .unknown))
                    continue
                }
                for entry in map {
                    let pair = entry.list ?? []
                    entries.append(
                        FirewallRule(
                            conditions: rule.conditions + conditions(value["key"], pair.first, false, in: table),
                            action: pair.last?.only.flatMap { Self.action($0.key, $0.value) } ?? .unknown))
                }
            default:
                if let action = Self.action(kind, value) {
                    rule.action = action
                } else {
                    // Of a `match` of iptables-nft too, and then the verdict follows.
                    rule.conditions.append(.unknown)
                    rule.action = .unknown
                }
            }
        }
        return entries + (rule.action == .none ? [] : [rule])
    }

    private static func action(_ kind: String, _ value: JSON) -> FirewallRule.Action? {
        switch kind {
        case "accept": .accept
        case "drop", "reject": .drop
        case "return": .leaveChain
        case "jump": .jump(value["target"]?.text ?? "")
        case "goto": .goto(value["target"]?.text ?? "")
        case "dnat", "redirect", "tproxy": .divert
        case "queue", "fwd", "synproxy": .unknown
        default: nil
        }
    }

    /// Of a set by name, a list or one value; nil where they are not known.
    private func elements(_ value: JSON, in table: String) -> [JSON]? {
        let found =
            if let name = value.text, name.hasPrefix("@") {
                sets["\(table) \(name.dropFirst())"]
            } else {
                value["set"].map { $0.list ?? [$0] } ?? value.list ?? [value]
            }
        // An element with a comment or a timeout.
        return found?.map { $0["elem"]?["val"] ?? $0 }
    }

    private func conditions(
        _ left: JSON?, _ right: JSON?, _ isNegated: Bool, in table: String
    ) -> [FirewallRule.Condition] {
        guard let (kind, value) = left?.only, let right else { return [.unknown] }
        let proto = value["protocol"]?.text ?? ""
        let field = value["field"]?.text ?? value["key"]?.text ?? ""
        let family = ["ip": [FirewallRule.Condition.family(.v4)], "ip6": [.family(.v6)]][proto]
        guard let values = elements(right, in: table) else {
            // Who sends says enough without the elements.
            return field == "saddr" ? family.map { $0 + [.source(isNegated: isNegated)] } ?? [.unknown] : [.unknown]
        }
        // None, if there is a value of another kind among them.
        let all = values.compactMap { $0.text ?? $0.integer.map(String.init) }
        let names = all.count == values.count ? Set(all) : []
        switch (kind, proto, field) {
        case ("payload", "tcp", "dport"), ("payload", "th", "dport"):
            let ranges = values.map { value -> ClosedRange<UInt16>? in
                let ends = value["range"]?.list?.map(\.integer) ?? [value.integer, value.integer]
                guard ends.count == 2, let low = ends[0].flatMap({ UInt16(exactly: $0) }),
                    let high = ends[1].flatMap({ UInt16(exactly: $0) }), low <= high
                else { return nil }
                return low...high
            }
            return ranges.contains(nil) ? [.unknown] : [.port(ranges.compactMap(\.self), isNegated: isNegated)]
        case ("payload", "udp", _), ("payload", "icmp", _), ("payload", "icmpv6", _): return [.constant(false)]
        case ("payload", "ip", "saddr"), ("payload", "ip6", "saddr"):
            let isEverybody = values.contains { $0["prefix"]?["len"]?.integer == 0 }
            return (family ?? []) + [isEverybody ? .unknown : .source(isNegated: isNegated)]
        case _ where names.isEmpty && right != false: return [.unknown]
        case ("payload", "ip", "protocol"), ("payload", "ip6", "nexthdr"), ("meta", _, "l4proto"):
            return (family ?? []) + [.constant(!names.isDisjoint(with: ["tcp", "6"]) != isNegated)]
        case ("meta", _, "nfproto") where !isNegated && (names == ["ipv4"] || names == ["ipv6"]):
            return [.family(names == ["ipv4"] ? .v4 : .v6)]
        case ("meta", _, "iif"), ("meta", _, "iifname"): return [.interface(names.sorted(), isNegated: isNegated)]
        case ("ct", _, "state"): return [.constant(!names.isDisjoint(with: ["new", "untracked"]) != isNegated)]
        // Not sent on to another address: a rule that does so has been looked at before.
        case ("ct", _, "status"): return [.constant(isNegated)]
        // The answer would go out elsewhere: not to a stranger.
        case ("fib", _, _) where right == false: return [.constant(isNegated)]
        default: return [.unknown]
        }
    }
}

extension JSON {
    /// The one key of an object such as `{"accept": null}`, and what it holds.
    fileprivate var only: (key: String, value: JSON)? {
        guard let members, members.count == 1 else { return nil }
        return (members[0].key, members[0].value)
    }
}
