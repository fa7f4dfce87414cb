/// What `iptables-save` and `ip6tables-save` print (iptables-save(8), iptables-extensions(8)), also of iptables-nft.
struct IPTables: Sendable, Equatable {
    /// `ip` or `ip6`.
    let family: String
    /// The words of each line.
    private let lines: [[String]]

    init(family: String, text: String) {
        self.family = family
        lines = text.split(whereSeparator: \.isNewline).map(Self.words)
    }

    func chains(for packet: FirewallPacket) -> [ChainPosition: FirewallChain] {
        var chains: [ChainPosition: FirewallChain] = [:]
        var table = ""
        for words in lines {
            let position = { (chain: String) in
                ChainPosition(tool: .iptables, family: family, table: table, chain: chain)
            }
            guard let first = words.first else { continue }
            if first.hasPrefix("*") {
                table = String(first.dropFirst())
            } else if first.hasPrefix(":"), words.count > 1 {
                let name = String(first.dropFirst())
                chains[position(name)] = FirewallChain(
                    hook: ["PREROUTING": .prerouting, "INPUT": .input][name], dropsByDefault: words[1] == "DROP")
            } else if words.count > 1, first == "-A", let step = Self.step(words.dropFirst(2), packet) {
                chains[position(words[1]), default: FirewallChain()].steps.append(step)
            }
        }
        return chains
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
    private static func step(_ words: ArraySlice<String>, _ packet: FirewallPacket) -> FirewallStep? {
        var matches: [FirewallMatch] = []
        var rest = words
        var isNegated = false
        while let option = rest.popFirst() {
            switch option {
            case "!": isNegated = true
            // Free text, which may look like an option.
            case "--comment": _ = rest.popFirst()
            // Behind the target are the target's own options.
            case "-g": return FirewallStep(.jump(rest.first ?? "", returns: false), if: matches)
            case "-j": return FirewallStep(action(rest.first ?? ""), if: matches)
            default:
                let values = Array(rest.prefix { !$0.hasPrefix("-") && $0 != "!" })
                rest = rest.dropFirst(values.count)
                if option != "-m" { matches.append(match(option, values, isNegated, packet)) }
                isNegated = false
            }
        }
        return nil
    }

    private static func action(_ target: String) -> FirewallStep? {
        switch target {
        case "ACCEPT": .accept
        case "DROP", "REJECT": .drop
        case "RETURN": .leaveChain
        case "DNAT", "REDIRECT", "TPROXY": .divert
        // Those that only mark, count or tell.
        case "LOG", "NFLOG", "MARK", "CONNMARK", "CT", "NOTRACK", "SET", "TCPMSS", "TRACE": nil
        // A chain, or an extension that is none and so not known.
        default: .jump(target, returns: true)
        }
    }

    private static func match(
        _ option: String, _ values: [String], _ isNegated: Bool, _ packet: FirewallPacket
    ) -> FirewallMatch {
        let list = (values.first ?? "").split(separator: ",").map(String.init)
        switch option {
        case "-p": return .certain(["tcp", "6", "all", "0"].contains(list.first) != isNegated)
        case "--ctstate", "--state": return .certain((list.contains("NEW") || list.contains("UNTRACKED")) != isNegated)
        case "--dst-type": return .certain(list.contains("LOCAL") != isNegated)
        // A plus sign at the end is any rest.
        case "-i":
            return packet.comes(in: list.map { $0.hasSuffix("+") ? $0.dropLast() + "*" : $0 }, isNegated: isNegated)
        case "--dport", "--dports":
            guard !list.isEmpty else { return .unclear }
            let ranges = list.map { text -> [UInt16?] in
                let ends = text.split(separator: ":", omittingEmptySubsequences: false)
                guard ends.count <= 2, let low = ends.first, let high = ends.last else { return [] }
                return [UInt16(low.isEmpty ? "0" : low), UInt16(high.isEmpty ? "65535" : high)]
            }
            return packet.goes(to: ranges, isNegated: isNegated)
        case "--tcp-flags":
            // Of a first packet SYN alone is set.
            let wanted = Set((values.last ?? "").split(separator: ",").map(String.init)).subtracting(["NONE"])
            return .certain((wanted == (list == ["ALL"] ? ["SYN"] : Set(list).intersection(["SYN"]))) != isNegated)
        // The shorter the prefix, the likelier that a stranger is in it.
        case "-s" where !isNegated && values.first?.hasSuffix("/0") == false: return .listed
        case "--match-set" where !isNegated && values.last?.hasPrefix("src") == true: return .listed
        // What was sent on to another address, by a rule that has been looked at before; rpfilter's answer that would go out
        // elsewhere; an IPv6 routing header: not a stranger's first packet.
        case "--ctstatus", "--rt-type": return .certain(isNegated)
        case "--invert": return .certain(false)
        default: return .unclear
        }
    }
}
