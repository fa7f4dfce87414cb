import TailwartWire

/// What `nft -j list ruleset` prints (libnftables-json(5)).
enum NFTables {
    /// Nil if this is no such answer.
    static func ruleset(_ bytes: [UInt8]) -> FirewallRuleset? {
        guard let answer = try? JSONReader.read(bytes.span, JSONReader.Options(byteLimit: .max)),
            let objects = answer["nftables"]?.list?.compactMap(\.only)
        else { return nil }
        // Asleep, or of bridges and ARP: no packet for this host's sockets is decided there.
        let tables = objects.filter { kind, table in
            kind == "table" && table["flags"]?.texts.contains("dormant") != true
                && ["inet", "ip", "ip6", "netdev"].contains(table["family"]?.text)
        }.map { [$0.value["family"], $0.value["name"]] }
        var ruleset = FirewallRuleset(hasNFT: true)
        for (kind, object) in objects where tables.contains([object["family"], object["table"]]) {
            let position = { (name: JSON?) in
                ChainPosition(
                    tool: .nft, family: object["family"]?.text ?? "", table: object["table"]?.text ?? "",
                    chain: name?.text ?? "")
            }
            if kind == "chain" {
                ruleset.chains[position(object["name"])] = FirewallChain(
                    hook: object["hook"]?.text.flatMap { FirewallChain.Hook(rawValue: $0) },
                    dropsByDefault: object["policy"]?.text == "drop")
            } else if kind == "rule", let rule = rule(object["expr"]?.list ?? []) {
                ruleset.chains[position(object["chain"])]?.rules.append(rule)
            }
        }
        return ruleset
    }

    /// Statements from left to right; nil if they decide nothing about a stranger.
    private static func rule(_ statements: [JSON]) -> FirewallRule? {
        var conditions: [FirewallCondition] = []
        for statement in statements {
            let (kind, value) = statement.only ?? ("", .null)
            switch kind {
            case "counter", "log", "mangle", "notrack", "ct helper": continue
            // Without a verdict behind them they decide nothing.
            case "limit", "quota", "ct count", "set", "meter": conditions.append(.unclear)
            case "match": conditions += self.conditions(value)
            case "vmap" where isOfConnectionsBefore(value): return nil
            default: return FirewallRule(conditions: conditions, action: action(kind, value))
            }
        }
        return nil
    }

    private static func action(_ kind: String, _ value: JSON) -> FirewallStep {
        switch kind {
        case "accept": .accept
        case "drop", "reject": .drop
        case "return": .leaveChain
        case "jump", "goto": .jump(value["target"]?.text ?? "", returns: kind == "jump")
        case "dnat", "redirect", "tproxy": .divert
        default: .unclear
        }
    }

    /// Whether it is a verdict map of states that are not a new connection's: how most rule sets begin.
    private static func isOfConnectionsBefore(_ map: JSON) -> Bool {
        guard map["key"]?["ct"]?["key"]?.text == "state", let entries = map["data"]?["set"]?.list else { return false }
        return entries.allSatisfy { entry in
            entry.list?.first?.text.map { ["established", "related", "invalid"].contains($0) } ?? false
        }
    }

    /// Of a match. A field of a protocol asks for that protocol too, also where its value is negated.
    private static func conditions(_ match: JSON) -> [FirewallCondition] {
        let operation = match["op"]?.text ?? ""
        guard ["==", "!=", "in"].contains(operation), let left = match["left"]?.only, let right = match["right"] else {
            return [.unclear]
        }
        let condition = condition(left.value, of: left.key, right)
        let isNegated = operation == "!="
        let own = isNegated ? .not(condition) : condition
        return switch left.value["protocol"]?.text {
        case "ip": [.family(.v4), own]
        case "ip6": [.family(.v6), own]
        case "tcp", "th", nil: [own]
        case "udp", "icmp", "icmpv6": [.certain(false)]
        default: [.unclear]
        }
    }

    private static func condition(_ left: JSON, of kind: String, _ right: JSON) -> FirewallCondition {
        // The answer would go out elsewhere: not to a stranger.
        if kind == "fib", right == false { return .certain(false) }
        let values = (right["set"]?.list ?? right.list ?? [right]).map(text)
        guard ["payload", "meta", "ct"].contains(kind) else { return .unclear }
        return FirewallCondition(left["field"]?.text ?? left["key"]?.text ?? "", values)
    }

    /// Of a value; with a sign that none has if it is not plain.
    private static func text(_ value: JSON) -> String {
        if let text = value.text ?? value.integer.map(String.init) { return text }
        if let ends = value["range"]?.list { return ends.map(text).joined(separator: ":") }
        return value["prefix"].map { "\(text($0["addr"] ?? .null))/\(text($0["len"] ?? .null))" } ?? "@"
    }
}

extension JSON {
    /// The one member of an object such as `{"accept": null}`.
    fileprivate var only: (key: String, value: JSON)? {
        members.flatMap { $0.count == 1 ? ($0[0].key, $0[0].value) : nil }
    }

    /// Of a list, or of one text that stands for a list of it.
    fileprivate var texts: [String] { (list ?? [self]).compactMap(\.text) }
}
