/// What `iptables-save` and `ip6tables-save` print (iptables-save(8), iptables-extensions(8)), also of iptables-nft.
enum IPTables {
    /// - Parameter family: `ip` or `ip6`.
    static func ruleset(_ text: String, family: String, tool: ChainPosition.Tool = .iptables) -> FirewallRuleset {
        var ruleset = FirewallRuleset()
        var table = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let words = words(of: line)
            let position = { ChainPosition(tool: tool, family: family, table: table, chain: $0) }
            guard let first = words.first else { continue }
            if first.hasPrefix("*") {
                table = String(first.dropFirst())
            } else if first.hasPrefix(":"), words.count > 1 {
                let name = String(first.dropFirst())
                ruleset.chains[position(name)] = FirewallChain(
                    hook: ["PREROUTING": .prerouting, "INPUT": .input][name], dropsByDefault: words[1] == "DROP")
            } else if words.count > 1, first == "-A", let rule = rule(words.dropFirst(2)) {
                ruleset.chains[position(words[1]), default: FirewallChain()].rules.append(rule)
            }
        }
        return ruleset
    }

    /// Only texts in quotes have blanks in them, and what they say decides nothing.
    private static func words(of line: Substring) -> [String] {
        var isQuoted = false
        var isEscaped = false
        return line.split { character in
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && isQuoted && !isEscaped
            return character == " " && !isQuoted
        }.map(String.init)
    }

    /// - Parameter words: behind `-A CHAIN`.
    private static func rule(_ words: ArraySlice<String>) -> FirewallRule? {
        var conditions: [FirewallCondition] = []
        var rest = words
        var isNegated = false
        while let option = rest.popFirst() {
            switch option {
            case "!": isNegated = true
            // Free text, which may look like an option.
            case "--comment": _ = rest.popFirst()
            // Behind the target are the target's own options.
            case "-g": return FirewallRule(conditions: conditions, action: .jump(rest.first ?? "", returns: false))
            case "-j": return action(rest.first ?? "").map { FirewallRule(conditions: conditions, action: $0) }
            default:
                let values = Array(rest.prefix { !$0.hasPrefix("-") && $0 != "!" })
                rest = rest.dropFirst(values.count)
                if option != "-m" {
                    let condition = condition(option, values)
                    conditions.append(isNegated ? .not(condition) : condition)
                }
                isNegated = false
            }
        }
        return nil
    }

    /// Nil: it only marks, counts or tells.
    private static func action(_ target: String) -> FirewallStep? {
        switch target {
        case "ACCEPT": .accept
        case "DROP", "REJECT": .drop
        case "RETURN": .leaveChain
        case "DNAT", "REDIRECT", "TPROXY": .divert
        case "LOG", "NFLOG", "MARK", "CONNMARK", "CT", "NOTRACK", "SET", "TCPMSS", "TRACE": nil
        // A chain, or an extension that is none and so not known.
        default: .jump(target, returns: true)
        }
    }

    private static let fields = [
        "-p": "l4proto", "-s": "saddr", "--dport": "dport", "--dports": "dport", "--state": "state",
        "--ctstate": "state", "--ctstatus": "status",
    ]

    private static func condition(_ option: String, _ values: [String]) -> FirewallCondition {
        let list = (values.first ?? "").split(separator: ",").map(String.init)
        switch option {
        case "--dst-type": return .certain(list.contains("LOCAL"))
        case "--match-set" where values.last?.hasPrefix("src") == true: return .listed
        // An IPv6 routing header: not a stranger's first packet.
        case "--rt-type": return .certain(false)
        // A plus sign at the end is any rest.
        case "-i": return FirewallCondition("iifname", list.map { $0.hasSuffix("+") ? $0.dropLast() + "*" : $0 })
        default: return FirewallCondition(fields[option] ?? option, list.map { $0.lowercased() })
        }
    }
}
