import TailwartCore
import TailwartWire

/// The `acl` lines of a proxy, and the conditions that are made of them.
///
/// A condition is a list of alternatives, each a match.
struct HAProxyACLs {
    private let lines: [String: [SourceStatement]]
    private let findings: Findings
    private let files: HAProxyFiles
    /// Of the addresses that connections come to; nil where they have none, or several and nothing asks for it.
    private let port: UInt16?

    init(_ lines: [SourceStatement], _ files: HAProxyFiles, port: UInt16?) {
        findings = files.findings
        self.files = files
        self.port = port
        let named = lines.filter { $0.keyword == "acl" && $0.words.count >= 2 }
        self.lines = Dictionary(grouping: named) { $0.words[0].text }
    }

    /// The alternatives of what begins with `if` or `unless`; always, where there is nothing. Nil if something was refused.
    func condition(_ words: ArraySlice<SourceWord>) -> [DraftMatch]? {
        guard let first = words.first else { return [.always] }
        guard ["if", "unless"].contains(first.text) else {
            return findings.refuse(
                "\(first.text.quoted) is not understood here; expected 'if' or 'unless'", at: first.position)
        }
        let alternatives = alternatives(words.dropFirst())
        return first.text == "unless" ? alternatives.flatMap { negated($0, at: first.position) } : alternatives
    }

    /// Terms side by side are ANDed, `or` and `||` stand between alternatives.
    private func alternatives(_ words: ArraySlice<SourceWord>) -> [DraftMatch]? {
        var result: [DraftMatch] = []
        var current: [DraftMatch] = [.always]
        var rest = words
        var isNegated = false
        while let word = rest.popFirst() {
            if ["or", "||"].contains(word.text) {
                result += current
                current = [.always]
                continue
            }
            let text = word.text.drop { $0 == "!" }
            if !(word.text.count - text.count).isMultiple(of: 2) { isNegated.toggle() }
            if text.isEmpty { continue }
            var term: [DraftMatch]?
            if text == "{" {
                let inner = rest.prefix { $0.text != "}" }
                rest = rest.dropFirst(inner.count + 1)
                term = test(Array(inner), at: word.position)
            } else {
                term = named(String(text), at: word.position)
            }
            if isNegated { term = term.flatMap { negated($0, at: word.position) } }
            isNegated = false
            guard let term, let both = findings.said(DraftMatch.and(current, term), at: word.position) else {
                return nil
            }
            current = both
        }
        return DraftMatch.or(result + current)
    }

    private func negated(_ matches: [DraftMatch], at position: SourcePosition) -> [DraftMatch]? {
        findings.said(DraftMatch.none(of: matches), at: position).map { $0.isNever ? [] : [$0] }
    }

    /// All lines of an ACL's name are alternatives.
    private func named(_ name: String, at position: SourcePosition) -> [DraftMatch]? {
        if name == "TRUE" { return [.always] }
        if name == "FALSE" { return [] }
        guard let lines = lines[name] else {
            return findings.refuse(
                "there is no acl \(name.quoted) that is known here; define it, or remove the condition", at: position)
        }
        var result: [DraftMatch] = []
        for line in lines {
            guard let matches = test(Array(line.words.dropFirst()), at: line.position) else { return nil }
            result += matches
        }
        return DraftMatch.or(result)
    }

    /// A fetch with its flags and patterns. Whatever is not understood to the last word is refused: what is left over changes what
    /// is matched.
    private func test(_ words: [SourceWord], at position: SourcePosition) -> [DraftMatch]? {
        guard let fetch = words.first else {
            return findings.refuse("an empty condition", at: position)
        }
        var method: SourceWord?
        var patterns: [SourceWord] = []
        var rest = words.dropFirst()
        // Flags come first; behind a pattern they would be patterns.
        flags: while let word = rest.first, word.text.hasPrefix("-") {
            rest = rest.dropFirst()
            switch word.text {
            case "-i", "-n": break
            case "--": break flags
            case "-m": method = rest.popFirst() ?? word
            case "-f":
                guard let path = rest.popFirst(), let lines = files.lines(of: path.text, at: path.position) else {
                    return nil
                }
                patterns += lines.compactMap(\.first).map { SourceWord(text: $0, position: path.position) }
            case "-M": return findings.refuse(nil, .lists, at: word.position)
            default: return findings.refuse(word.text, .unknown, at: word.position)
            }
        }
        if let word = rest.first(where: { $0.text.hasPrefix("-") }) {
            return findings.refuse(word.text, .unknown, at: word.position)
        }
        patterns += rest
        /// Whether the test is one of those that are understood, with some values to compare with.
        func isPlain(_ known: String...) -> Bool {
            known.contains(method?.text ?? known[0]) && !patterns.isEmpty
        }
        let sample = HAProxySample(fetch.text)
        if let map = sample.mapOfNames, map.fallback == nil, isPlain("str", "found") || method?.text == "found" {
            return names(in: map.path, patterns.map(\.text), isFound: method?.text == "found", at: fetch.position)
        }
        switch sample.converters.isEmpty ? sample.fetch : "" {
        case "req.ssl_sni" where isPlain("reg") && method != nil:
            return expressions(patterns)
        case "dst_port" where isPlain("int"):
            return ports(patterns, at: fetch.position)
        case "req.ssl_sni" where isPlain("str", "end", "dom"):
            return serverNames(patterns, method: method?.text ?? "str")
        case "req.ssl_sni_end" where isPlain("end"):
            return serverNames(patterns, method: "end")
        case "req.ssl_alpn" where isPlain("str"): return [DraftMatch(alpn: patterns.map(\.text))]
        case "src" where isPlain("ip"):
            let networks = patterns.compactMap { findings.network($0.text, at: $0.position) }
            return networks.count == patterns.count ? [DraftMatch(clients: networks)] : nil
        case "req.ssl_hello_type" where isPlain("int") && patterns.map(\.text) == ["1"]:
            return [DraftMatch(tls: true)]
        default:
            return findings.refuse(words.map(\.text).joined(separator: " "), .conditions, at: fetch.position)
        }
    }

    private func serverNames(_ patterns: [SourceWord], method: String) -> [DraftMatch]? {
        var names: [ServerNamePattern] = []
        for word in patterns {
            let isParent = word.text.hasPrefix(".")
            if method == "str", word.text.contains("*") {
                findings.note(
                    "HAProxy takes \(word.text.quoted) letter by letter, so it never matches; imported as meant",
                    at: word.position)
            }
            guard let name = ServerNamePattern(isParent ? String(word.text.dropFirst()) : word.text),
                method == "str" ? !isParent : !name.isWildcard
            else {
                return findings.refuse("\(word.text.quoted) is no server name", at: word.position)
            }
            if method == "str" {
                names.append(name)
                continue
            }
            findings.note(
                "'-m \(method) \(word.text)' matches any number of labels, and any end of one; here '*.' stands for one label, so "
                    + "a.b.\(name) would no longer match", at: word.position)
            names += (isParent ? [] : [name]) + [ServerNamePattern("*.\(name)")].compactMap(\.self)
        }
        return [DraftMatch(serverNames: names.withoutRepeats, isNarrowed: method != "str")]
    }

    /// The names of a map, or those with one of some values.
    private func names(
        in path: String, _ values: [String], isFound: Bool, at position: SourcePosition
    ) -> [DraftMatch]? {
        guard let lines = files.lines(of: path, at: position) else { return nil }
        let keys = lines.filter { isFound || $0.count > 1 && values.contains($0[1]) }.compactMap(\.first)
        return serverNames(keys.map { SourceWord(text: $0, position: position) }, method: "str").map {
            $0 == [.always] ? [] : $0
        }
    }

    private func expressions(_ patterns: [SourceWord]) -> [DraftMatch]? {
        var names: [ServerNamePattern] = []
        for word in patterns {
            let texts = FiniteExpression.texts(word.text)
            let found = texts?.compactMap { ServerNamePattern($0) }
            guard let found, found.count == texts?.count else {
                return findings.refuse("req.ssl_sni -m reg \(word.text)", .expression, at: word.position)
            }
            names += found
        }
        return [DraftMatch(serverNames: names.withoutRepeats)]
    }

    /// Known for each address that is listened on: always or never.
    private func ports(_ patterns: [SourceWord], at position: SourcePosition) -> [DraftMatch]? {
        var isMatched = false
        for word in patterns {
            guard let range = findings.variables.ports(word.text.replacing(":", with: "-")) else {
                return findings.refuse("dst_port \(word.text)", .conditions, at: word.position)
            }
            if let port { isMatched = isMatched || range.contains(port) }
        }
        guard port != nil else { return findings.refuse("dst_port", .conditions, at: position) }
        return isMatched ? [.always] : []
    }
}
