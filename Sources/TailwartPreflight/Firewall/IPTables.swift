/// Reads what `iptables-save` and `ip6tables-save` print (iptables-save(8)), also of iptables-nft.
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
                tables[last].chains[name] = FirewallChain(hook: hook(name), dropsByDefault: words[1] == "DROP")
            } else if words.count > 1, words[0] == "-A" {
                tables[last].chains[words[1], default: FirewallChain()].rules.append(
                    IPTablesRule.read(words.dropFirst(2)))
            }
        }
        let isUFW = tables.contains { $0.chains.keys.contains { $0.hasSuffix("-user-input") && $0.hasPrefix("ufw") } }
        let isFirewalld = tables.contains { $0.chains["INPUT_ZONES"] != nil }
        return FirewallRuleset(tables: tables, manager: isUFW ? .ufw : isFirewalld ? .firewalld : nil)
    }

    private static func hook(_ name: String) -> FirewallChain.Hook? {
        switch name {
        case "PREROUTING": .prerouting
        case "INPUT": .input
        default: nil
        }
    }

    /// Words, with quotes and backslashes as iptables-save writes them.
    private static func words(of line: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var isOpen = false
        var isQuoted = false
        var isEscaped = false
        for character in line {
            if isEscaped {
                word.append(character)
                isEscaped = false
            } else if character == "\\", isQuoted {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
                isOpen = true
            } else if character == " ", !isQuoted {
                if isOpen { words.append(word) }
                word = ""
                isOpen = false
            } else {
                word.append(character)
                isOpen = true
            }
        }
        if isOpen { words.append(word) }
        return words
    }
}
