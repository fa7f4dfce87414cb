import TailwartCore
import TailwartWire

/// One `match` of nftables: an expression, an operator, and values; what it means to the first packet of a stranger.
enum NFTablesMatch {
    typealias Condition = FirewallRule.Condition

    static func conditions(_ match: JSONTree, sets: NFTablesRule.Sets) -> [Condition] {
        guard let left = match["left"], let right = match["right"] else { return [.unknown] }
        let isNegated = match["op"]?.text == "!="
        guard isNegated || ["==", "in"].contains(match["op"]?.text ?? "") else { return [.unknown] }
        guard let (kind, value) = left.only else { return [.unknown] }
        let values = values(right, sets)
        switch kind {
        case "payload":
            return payload(value["protocol"]?.text, value["field"]?.text, values, isNegated)
        case "meta":
            return [meta(value["key"]?.text, values, isNegated)]
        case "ct":
            return [connection(value["key"]?.text, values, isNegated)]
        case "fib":
            return [route(value, right, values, isNegated)]
        case "&":
            return [flags(value, right, isNegated)]
        default:
            // `ip saddr . tcp dport @allowed`: decided by who sends, as far as that is in it.
            let parts = value.list ?? []
            let isOfSource = parts.contains { $0["payload"]?["field"]?.text == "saddr" }
            return kind == "concat" && isOfSource ? [.source(isNegated: isNegated)] : [.unknown]
        }
    }

    /// Values of a set, a list or one value; nil where they are not known.
    private static func values(_ right: JSONTree, _ sets: NFTablesRule.Sets) -> [JSONTree]? {
        let found: [JSONTree]? =
            if let name = right.text, name.hasPrefix("@") {
                sets(String(name.dropFirst())).map { $0.list ?? [] }
            } else {
                right["set"].map { $0.list ?? [$0] } ?? right.list ?? [right]
            }
        // An element with a comment or a timeout.
        return found?.map { $0["elem"]?["val"] ?? $0 }
    }

    private static func payload(
        _ proto: String?, _ field: String?, _ values: [JSONTree]?, _ isNegated: Bool
    ) -> [Condition] {
        switch (proto, field) {
        case ("tcp", "dport"), ("th", "dport"): return [ports(values, isNegated)]
        case ("tcp", "flags"):
            let isSYN = values?.contains(.text("syn")) ?? false
            return [.constant(isSYN != isNegated)]
        case ("ip", "protocol"), ("ip6", "nexthdr"):
            return [.family(proto == "ip" ? .v4 : .v6, isNegated: false), names(values, "tcp", 6, isNegated)]
        case ("ip", "saddr"), ("ip6", "saddr"):
            let isEverybody = values == [.object(["prefix": .object(["addr": .text("0.0.0.0"), "len": .number(0)])])]
            return [
                .family(proto == "ip" ? .v4 : .v6, isNegated: false),
                isEverybody ? .constant(!isNegated) : .source(isNegated: isNegated),
            ]
        case ("ip", "daddr"), ("ip6", "daddr"):
            let networks = values.map { $0.map(network) }
            let known = networks.flatMap { $0.contains(nil) ? nil : $0.compactMap(\.self) }
            return [
                .family(proto == "ip" ? .v4 : .v6, isNegated: false),
                known.map { .destination($0, isNegated: isNegated) } ?? .unknown,
            ]
        case ("udp", _), ("udplite", _), ("icmp", _), ("icmpv6", _), ("sctp", _), ("dccp", _), ("igmp", _), ("esp", _),
            ("ah", _), ("arp", _):
            return [.constant(false)]
        default: return [.unknown]
        }
    }

    private static func meta(_ key: String?, _ values: [JSONTree]?, _ isNegated: Bool) -> Condition {
        switch key {
        case "l4proto": names(values, "tcp", 6, isNegated)
        case "nfproto", "protocol":
            switch (values ?? []).compactMap(\.text) {
            case ["ipv4"], ["ip"]: .family(.v4, isNegated: isNegated)
            case ["ipv6"], ["ip6"]: .family(.v6, isNegated: isNegated)
            default: .unknown
            }
        case "iif", "iifname": values.map { .interface($0.compactMap(\.text), isNegated: isNegated) } ?? .unknown
        case "pkttype": names(values, "host", 0, isNegated)
        default: .unknown
        }
    }

    private static func connection(_ key: String?, _ values: [JSONTree]?, _ isNegated: Bool) -> Condition {
        guard let words = values?.compactMap(\.text) else { return .unknown }
        return switch key {
        case "state": .constant((words.contains("new") || words.contains("untracked")) != isNegated)
        // Not sent on to another address: a rule that does so has been looked at before.
        case "status": .constant(isNegated)
        case "direction": .constant(words.contains("original") != isNegated)
        default: .unknown
        }
    }

    /// Where the packet leads, and whether its answer would go out where it came in: with a stranger's packet it does.
    private static func route(
        _ fib: JSONTree, _ right: JSONTree, _ values: [JSONTree]?, _ isNegated: Bool
    ) -> Condition {
        let flags = fib["flags"].map { $0.list ?? [$0] } ?? []
        switch fib["result"]?.text {
        case "type" where flags.contains(.text("daddr")): return names(values, "local", 2, isNegated)
        case "type": return names(values, "unicast", 1, isNegated)
        case "oif", "oifname", "check":
            return right == .flag(false)
                ? .constant(isNegated) : right == .flag(true) ? .constant(!isNegated) : .unknown
        default: return .unknown
        }
    }

    /// `tcp flags & (fin|syn|rst|ack) == syn`: of a first packet, SYN alone is set.
    private static func flags(_ operands: JSONTree, _ right: JSONTree, _ isNegated: Bool) -> Condition {
        guard let parts = operands.list, parts.count == 2, parts[0]["payload"]?["field"]?.text == "flags",
            let mask = flagNames(parts[1]), let wanted = flagNames(right)
        else { return .unknown }
        return .constant((mask.intersection(["syn"]) == wanted) != isNegated)
    }

    private static func flagNames(_ value: JSONTree) -> Set<String>? {
        if let name = value.text { return [name] }
        if value == .number(0) { return [] }
        guard let names = (value.list ?? value["|"]?.list)?.map(flagNames), !names.contains(nil) else { return nil }
        return names.reduce(into: []) { $0.formUnion($1 ?? []) }
    }

    private static func names(_ values: [JSONTree]?, _ name: String, _ number: Int, _ isNegated: Bool) -> Condition {
        guard let values else { return .unknown }
        return .constant((values.contains(.text(name)) || values.contains(.number(number))) != isNegated)
    }

    private static func ports(_ values: [JSONTree]?, _ isNegated: Bool) -> Condition {
        var ranges: [ClosedRange<UInt16>] = []
        for value in values ?? [.null] {
            let ends = value["range"]?.list?.compactMap(\.number) ?? value.number.map { [$0, $0] } ?? []
            guard ends.count == 2, let low = UInt16(exactly: ends[0]), let high = UInt16(exactly: ends[1]), low <= high
            else { return .unknown }
            ranges.append(low...high)
        }
        return .port(ranges, isNegated: isNegated)
    }

    private static func network(_ value: JSONTree) -> Network? {
        if let text = value.text { return IPAddress(text).map { Network($0) } }
        guard let prefix = value["prefix"], let base = prefix["addr"]?.text.flatMap({ IPAddress($0) }),
            let length = prefix["len"]?.number
        else { return nil }
        return Network(base, prefix: length)
    }
}
