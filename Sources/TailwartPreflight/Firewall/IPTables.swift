/// Reads what `iptables-save` and `ip6tables-save` print (iptables-save(8), iptables-extensions(8)), also of iptables-nft.
enum IPTables {
    /// - Parameter family: `ip` or `ip6`.
    static func read(_ text: String, family: String) -> FirewallRuleset {
        var tables: [FirewallTable] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("*") {
                tables.append(FirewallTable(tool: .iptables, family: family, name: String(line.dropFirst())))
                continue
            }
            guard !tables.isEmpty else { continue }
            let last = tables.count - 1
            let words = words(of: line)
            if line.hasPrefix(":"), words.count > 1 {
                let name = String(words[0].dropFirst())
                tables[last].chains[name] = FirewallChain(
                    hook: ["PREROUTING": .prerouting, "INPUT": .input][name], dropsByDefault: words[1] == "DROP")
            } else if words.count > 1, words[0] == "-A" {
                tables[last].chains[words[1], default: FirewallChain()].rules.append(rule(words.dropFirst(2)))
            }
        }
        let isUFW = tables.contains { $0.chains.keys.contains { $0.hasPrefix("ufw") && $0.hasSuffix("-user-input") } }
        let isFirewalld = tables.contains { $0.chains["INPUT_ZONES"] != nil }
        return FirewallRuleset(tables: tables, manager: isUFW ? .ufw : isFirewalld ? .firewalld : nil)
    }

    /// Words; only texts in quotes have blanks in them, and what they say decides nothing.
    private static func words(of line: Substring) -> [String] {
        var isQuoted = false
        var isEscaped = false
        return line.split { character in
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = isQuoted
            } else if character == "\"" {
                isQuoted.toggle()
            }
            return character == " " && !isQuoted
        }.map(String.init)
    }

    /// - Parameter words: behind `-A CHAIN`.
    private static func rule(_ words: ArraySlice<String>) -> FirewallRule {
        var rule = FirewallRule()
        var rest = words
        var isNegated = false
        while let option = rest.popFirst() {
            guard option != "!" else {
                isNegated = true
                continue
            }
            // Free text, which may look like an option.
            if option == "--comment" {
                _ = rest.popFirst()
                continue
            }
            // Behind the target are the target's own options.
            if option == "-j" || option == "-g" {
                let target = rest.popFirst() ?? ""
                rule.action = option == "-g" ? .goto(target) : action(target)
                break
            }
            let values = Array(rest.prefix { !$0.hasPrefix("-") && $0 != "!" })
            rest = rest.dropFirst(values.count)
            if option != "-m" { rule.conditions.append(condition(option, values, isNegated)) }
            isNegated = false
        }
        return rule
    }

    private static func action(_ target: String) -> FirewallRule.Action {
        switch target {
        case "ACCEPT": .accept
        case "DROP", "REJECT": .drop
        case "RETURN": .leaveChain
        case "DNAT", "REDIRECT", "TPROXY": .divert
        // Those that only mark, count or tell.
        case "LOG", "NFLOG", "MARK", "CONNMARK", "CT", "NOTRACK", "SET", "TCPMSS", "TRACE": FirewallRule.Action.none
        // Else a chain, or an extension that is none and so not known.
        default: .jump(target)
        }
    }

    private static func condition(_ option: String, _ values: [String], _ isNegated: Bool) -> FirewallRule.Condition {
        let list = (values.first ?? "").split(separator: ",").map(String.init)
        switch option {
        case "-p": return .constant(["tcp", "6", "all", "0"].contains(list.first) != isNegated)
        case "-s":
            // The shorter the prefix, the likelier that a stranger is in it.
            return values.first?.hasSuffix("/0") == true ? .unknown : .source(isNegated: isNegated)
        case "--match-set": return values.last?.hasPrefix("src") == true ? .source(isNegated: isNegated) : .unknown
        case "-i":
            // A plus sign at the end is any rest.
            return .interface(list.map { $0.hasSuffix("+") ? $0.dropLast() + "*" : $0 }, isNegated: isNegated)
        case "--dport", "--dports":
            let ranges = list.map { text -> ClosedRange<UInt16>? in
                let ends = text.split(separator: ":", omittingEmptySubsequences: false)
                guard ends.count <= 2, let low = UInt16(ends[0].isEmpty ? "0" : ends[0]),
                    let high = UInt16(ends[ends.count - 1].isEmpty ? "65535" : ends[ends.count - 1]), low <= high
                else { return nil }
                return low...high
            }
            return ranges.contains(nil) || ranges.isEmpty
                ? .unknown : .port(ranges.compactMap(\.self), isNegated: isNegated)
        case "--ctstate", "--state": return .constant((list.contains("NEW") || list.contains("UNTRACKED")) != isNegated)
        case "--tcp-flags":
            // Of a first packet SYN alone is set.
            let wanted = Set((values.last ?? "").split(separator: ",").map(String.init)).subtracting(["NONE"])
            return .constant((wanted == (list == ["ALL"] ? ["SYN"] : Set(list).intersection(["SYN"]))) != isNegated)
        // Not sent on to another address: a rule that does so has been looked at before.
        case "--ctstatus": return .constant(isNegated)
        case "--dst-type": return .constant(list.contains("LOCAL") != isNegated)
        // Of rpfilter: a stranger's answer would not go out elsewhere.
        case "--invert": return .constant(false)
        default: return .unknown
        }
    }
}
