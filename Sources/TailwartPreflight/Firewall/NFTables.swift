import FoundationEssentials
import TailwartCore
import TailwartWire

/// Reads what `nft -j list ruleset` prints (libnftables-json(5)).
enum NFTables {
    /// - Parameter isTerse: whether it was asked to leave out the elements of sets (`-t`).
    /// - Returns: nil if this is no such answer.
    static func read(_ bytes: [UInt8], isTerse: Bool = false) -> FirewallRuleset? {
        guard let answer = try? JSONDecoder().decode(JSONTree.self, from: Data(bytes)),
            let objects = answer["nftables"]?.list
        else { return nil }
        var tables: [String: FirewallTable] = [:]
        var order: [String] = []
        var sets: [String: JSONTree] = [:]
        // Sets may stand behind the rules that name them.
        for object in objects.compactMap(\.only) where object.key == "set" || object.key == "map" {
            guard let name = object.value["name"]?.text else { continue }
            // An empty one has no such key, and neither has one whose elements were left out.
            sets["\(key(of: object.value)) \(name)"] = object.value["elem"] ?? (isTerse ? nil : .list([]))
        }
        for object in objects.compactMap(\.only) {
            let key = key(of: object.value)
            switch object.key {
            case "table":
                guard let family = object.value["family"]?.text, let name = object.value["name"]?.text else { continue }
                let table = FirewallTable(tool: .nft, family: family, name: name)
                // Of bridges and ARP: no packet for this host's sockets is decided there.
                guard ["inet", "ip", "ip6", "netdev"].contains(family) else { continue }
                tables[table.key] = table
                order.append(table.key)
            case "chain":
                guard let name = object.value["name"]?.text else { continue }
                tables[key]?.chains[name] = FirewallChain(
                    hook: object.value["hook"]?.text.flatMap { FirewallChain.Hook(rawValue: $0) },
                    dropsByDefault: object.value["policy"]?.text == "drop")
            case "rule":
                guard let chain = object.value["chain"]?.text else { continue }
                let named = { (name: String) in sets["\(key) \(name)"] }
                tables[key]?.chains[chain]?.rules += NFTablesRule.read(
                    object.value["expr"]?.list ?? [], sets: named)
            default: continue
            }
        }
        let manager: FirewallManager? =
            tables["inet firewalld"] != nil
            ? .firewalld
            : tables.values.contains { $0.chains["ufw-user-input"] != nil } ? .ufw : nil
        return FirewallRuleset(tables: order.compactMap { tables[$0] }, manager: manager)
    }

    private static func key(of object: JSONTree) -> String {
        let family = object["family"]?.text ?? ""
        // A table names itself, all else the table that it is in.
        return "\(family) \(object["table"]?.text ?? object["name"]?.text ?? "")"
    }
}
