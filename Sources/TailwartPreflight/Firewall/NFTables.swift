import TailwartWire

/// What `nft -j list ruleset` prints (libnftables-json(5)).
struct NFTables: Sendable, Equatable {
    private let objects: [JSON.Member]
    /// Elements of sets and maps by table and name; none of those that were left out, or are empty.
    private let sets: [String: [JSON]]

    /// Nil if this is no such answer.
    init?(_ bytes: [UInt8]) {
        guard let answer = try? JSONReader.read(bytes.span, JSONReader.Options(byteLimit: .max)),
            let objects = answer["nftables"]?.list?.compactMap(\.only)
        else { return nil }
        // Asleep, or of bridges and ARP: no packet for this host's sockets is decided there.
        let tables = objects.filter { member in
            let flags = member.value["flags"].map { $0.list ?? [$0] } ?? []
            return member.key == "table" && !flags.contains("dormant")
                && ["inet", "ip", "ip6", "netdev"].contains(member.value["family"]?.text)
        }
        let names = Set(tables.map { Self.table(of: $0.value) })
        self.objects = objects.filter { names.contains(Self.table(of: $0.value)) }
        sets = objects.filter { $0.key == "set" || $0.key == "map" }.reduce(into: [:]) {
            $0["\(Self.table(of: $1.value)) \($1.value["name"]?.text ?? "")"] = $1.value["elem"]?.list
        }
    }

    /// A table names itself, all else the table that it is in.
    private static func table(of object: JSON) -> String {
        "\(object["family"]?.text ?? "") \(object["table"]?.text ?? object["name"]?.text ?? "")"
    }

    func chains(for packet: FirewallPacket) -> [ChainPosition: FirewallChain] {
        var chains: [ChainPosition: FirewallChain] = [:]
        for (kind, object) in objects.map({ ($0.key, $0.value) }) {
            guard let chain = object[kind == "chain" ? "name" : "chain"]?.text else { continue }
            let position = ChainPosition(
                tool: .nft, family: object["family"]?.text ?? "", table: object["table"]?.text ?? "", chain: chain)
            if kind == "chain" {
                chains[position] = FirewallChain(
                    hook: object["hook"]?.text.flatMap { FirewallChain.Hook(rawValue: $0) },
                    dropsByDefault: object["policy"]?.text == "drop")
            } else if kind == "rule" {
                chains[position]?.steps += steps(object["expr"]?.list ?? [], in: Self.table(of: object), packet)
            }
        }
        return chains
    }

    /// Statements from left to right. A verdict map, as usual for the connection's state, is a rule for each of its entries.
    private func steps(_ statements: [JSON], in table: String, _ packet: FirewallPacket) -> [FirewallStep] {
        var matches: [FirewallMatch] = []
        var steps: [FirewallStep?] = []
        for statement in statements {
            let (kind, value) = statement.only.map { ($0.key, $0.value) } ?? ("", .null)
            switch kind {
            case "counter", "log", "mangle", "notrack", "ct helper": continue
            // Without a verdict behind them they decide nothing.
            case "limit", "quota", "ct count", "set", "meter": matches.append(.unclear)
            case "match":
                let isNegated = value["op"]?.text == "!="
                let isPlain = isNegated || ["==", "in"].contains(value["op"]?.text)
                matches.append(
                    isPlain ? match(value["left"], value["right"], isNegated, in: table, packet) : .unclear)
            case "vmap":
                for entry in value["data"].flatMap({ elements($0, in: table) }) ?? [.null] {
                    let key = match(value["key"], entry.list?.first, false, in: table, packet)
                    steps.append(FirewallStep(action(entry.list?.last?.only), if: matches + [key]))
                }
            default: steps.append(FirewallStep(action(statement.only), if: matches))
            }
        }
        return steps.compactMap(\.self)
    }

    private func action(_ verdict: JSON.Member?) -> FirewallStep {
        switch verdict?.key {
        case "accept": .accept
        case "drop", "reject": .drop
        case "return": .leaveChain
        case "jump", "goto": .jump(verdict?.value["target"]?.text ?? "", returns: verdict?.key == "jump")
        case "dnat", "redirect", "tproxy": .divert
        default: .unclear
        }
    }

    /// Of a set by name, a list or one value; nil where they are not known.
    private func elements(_ value: JSON, in table: String) -> [JSON]? {
        let name = value.text.flatMap { $0.hasPrefix("@") ? $0.dropFirst() : nil }
        let found = name.map { sets["\(table) \($0)"] } ?? value["set"].map { $0.list ?? [$0] } ?? value.list ?? [value]
        // An element with a comment or a timeout.
        return found?.map { $0["elem"]?["val"] ?? $0 }
    }

    private func match(
        _ left: JSON?, _ right: JSON?, _ isNegated: Bool, in table: String, _ packet: FirewallPacket
    ) -> FirewallMatch {
        guard let left = left?.only, let right else { return .unclear }
        let proto = left.value["protocol"]?.text ?? ""
        let field = left.value["field"]?.text ?? left.value["key"]?.text ?? ""
        // What asks for a field of IPv4 holds for packets of IPv4 alone.
        if proto == (packet.family == .v4 ? "ip6" : "ip") { return .certain(false) }
        switch (left.key, proto, field) {
        case ("payload", "udp", _), ("payload", "icmp", _), ("payload", "icmpv6", _): return .certain(false)
        // The shorter the prefix, the likelier that a stranger is in it.
        case ("payload", "ip", "saddr"), ("payload", "ip6", "saddr"):
            return isNegated || right["prefix"]?["len"]?.integer == 0 ? .unclear : .listed
        // The answer would go out elsewhere: not to a stranger.
        case ("fib", _, _) where right == false: return .certain(isNegated)
        default: break
        }
        guard let values = elements(right, in: table) else { return .unclear }
        if field == "dport", proto == "tcp" || proto == "th" {
            let ranges = values.map { value in
                (value["range"]?.list ?? [value, value]).map { $0.integer.flatMap { UInt16(exactly: $0) } }
            }
            return packet.goes(to: ranges, isNegated: isNegated)
        }
        let names = Set(values.compactMap { $0.text ?? $0.integer.map(String.init) })
        guard names.count == values.count else { return .unclear }
        switch (left.key, proto, field) {
        case ("payload", "ip", "protocol"), ("payload", "ip6", "nexthdr"), ("meta", _, "l4proto"):
            return .certain(!names.isDisjoint(with: ["tcp", "6"]) != isNegated)
        case ("meta", _, "nfproto"):
            return .certain(names.contains(packet.family == .v4 ? "ipv4" : "ipv6") != isNegated)
        case ("meta", _, "iif"), ("meta", _, "iifname"): return packet.comes(in: names, isNegated: isNegated)
        case ("ct", _, "state"): return .certain(!names.isDisjoint(with: ["new", "untracked"]) != isNegated)
        // Not sent on to another address: a rule that does so has been looked at before.
        case ("ct", _, "status"): return .certain(isNegated)
        default: return .unclear
        }
    }
}

extension JSON {
    /// The one member of an object such as `{"accept": null}`.
    fileprivate var only: Member? { members?.count == 1 ? members?.first : nil }
}
