import TailwartCore
import TailwartWire

/// The `acl` lines of a proxy, and the conditions that are made of them.
///
/// A condition is a list of alternatives, each a match.
struct HAProxyACLs {
    private let lines: [String: [HAProxyLine]]
    private let findings: Findings

    init(_ lines: [HAProxyLine], _ findings: Findings) {
        self.findings = findings
        var named: [String: [HAProxyLine]] = [:]
        for line in lines where line.keyword == "acl" && line.words.count >= 3 {
            named[line.words[1].text, default: []].append(line)
        }
        self.lines = named
    }

    /// What follows `if` or `unless`; nil if something was refused.
    func condition(_ words: ArraySlice<HAProxyLine.Word>, at place: SourcePlace) -> [DraftMatch]? {
        guard let first = words.first else { return [.always] }
        guard ["if", "unless"].contains(first.text) else {
            findings.refuse(
                "\(first.text.quoted) is not understood here; 'if' or 'unless' should follow", at: first.place)
            return nil
        }
        guard let alternatives = alternatives(words.dropFirst(), at: place) else { return nil }
        guard first.text == "unless" else { return alternatives }
        return negated(alternatives, at: place)
    }

    /// Terms side by side are ANDed, `or` and `||` stand between alternatives.
    private func alternatives(_ words: ArraySlice<HAProxyLine.Word>, at place: SourcePlace) -> [DraftMatch]? {
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
            var text = word.text
            while text.hasPrefix("!") {
                isNegated.toggle()
                text.removeFirst()
            }
            if text.isEmpty { continue }
            var term: [DraftMatch]?
            if text == "{" {
                let inner = rest.prefix { $0.text != "}" }
                rest = rest.dropFirst(inner.count + 1)
                term = test(Array(inner), at: word.place)
            } else {
                term = named(text, at: word.place)
            }
            guard var matches = term else { return nil }
            if isNegated {
                guard let opposite = negated(matches, at: word.place) else { return nil }
                matches = opposite
            }
            isNegated = false
            guard let both = DraftMatch.and(current, matches) else {
                findings.refuse("these conditions cannot be said in one match here; divide them", at: word.place)
                return nil
            }
            current = both
        }
        return DraftMatch.or(result + current)
    }

    private func negated(_ matches: [DraftMatch], at place: SourcePlace) -> [DraftMatch]? {
        if let none = DraftMatch.none(of: matches) { return none.isNever ? [] : [none] }
        findings.refuse("the opposite of this cannot be said in one match here; divide it", at: place)
        return nil
    }

    /// All lines of an ACL's name are alternatives.
    private func named(_ name: String, at place: SourcePlace) -> [DraftMatch]? {
        switch name {
        case "TRUE", "WAIT_END": return [.always]
        case "FALSE": return []
        case "LOCALHOST": return [DraftMatch(clients: ["127.0.0.0/8", "::1"].compactMap { Network($0) })]
        default: break
        }
        guard let lines = lines[name] else {
            findings.refuse("there is no acl \(name.quoted) that is known here", at: place)
            return nil
        }
        var result: [DraftMatch] = []
        for line in lines {
            guard let matches = test(Array(line.words.dropFirst(2)), at: line.place) else { return nil }
            result += matches
        }
        return DraftMatch.or(result)
    }

    /// A fetch with its flags and patterns.
    private func test(_ words: [HAProxyLine.Word], at place: SourcePlace) -> [DraftMatch]? {
        guard let fetch = words.first else {
            findings.refuse("an empty condition", at: place)
            return nil
        }
        var method = "str"
        var patterns: [HAProxyLine.Word] = []
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            switch word.text {
            case "-i", "-n": break
            case "--":
                patterns += rest
                rest = []
            case "-m": method = rest.popFirst()?.text ?? ""
            case "-f", "-M":
                findings.refuse("lists in files of their own are not read; write the values here", at: word.place)
                return nil
            default: patterns.append(word)
            }
        }
        let name = fetch.text.split(separator: ",").first.map(String.init) ?? ""
        switch name {
        case "req.ssl_sni", "req_ssl_sni", "req.ssl_sni_end", "req_ssl_sni_end":
            return serverNames(patterns, method: name.hasSuffix("_end") ? "end" : method, at: fetch.place)
        case "req.ssl_alpn", "req_ssl_alpn":
            return method == "found" ? [DraftMatch(tls: true)] : [DraftMatch(alpn: patterns.map(\.text))]
        case "src": return networks(patterns).map { [DraftMatch(clients: $0)] }
        case "req.ssl_hello_type", "req_ssl_hello_type", "req.ssl_ver", "req_ssl_ver", "req.proto_tls":
            return patterns.first?.text == "0" ? [DraftMatch(tls: false)] : [DraftMatch(tls: true)]
        case "req.len", "req_len", "always_true", "wait_end": return [.always]
        case "always_false": return []
        case "dst": return networks(patterns).map { [DraftMatch(locals: $0)] }
        default:
            findings.refuse(
                "\(fetch.text.quoted): connections are told apart by TLS server name, ALPN and client address only; remove it, or "
                    + "keep this with HAProxy", at: fetch.place)
            return nil
        }
    }

    private func networks(_ patterns: [HAProxyLine.Word]) -> [Network]? {
        let networks = patterns.compactMap { findings.network($0.text, at: $0.place) }
        return networks.count == patterns.count ? networks : nil
    }

    private func serverNames(_ patterns: [HAProxyLine.Word], method: String, at place: SourcePlace) -> [DraftMatch]? {
        if method == "found" { return [DraftMatch(tls: true)] }
        guard ["str", "end", "dom"].contains(method) else {
            findings.refuse(
                "'-m \(method)' has no counterpart here; write the names, or '-m end .example.org' for all of a domain",
                at: place)
            return nil
        }
        var names: [ServerNamePattern] = []
        for word in patterns {
            let isParent = word.text.hasPrefix(".")
            let text = isParent ? String(word.text.dropFirst()) : word.text
            if method == "str", text.contains("*") {
                findings.note(
                    "HAProxy takes \(word.text.quoted) letter by letter, so it never matches; imported as meant",
                    at: word.place)
            }
            guard let name = ServerNamePattern(text), method == "str" || !name.isWildcard else {
                findings.refuse("\(word.text.quoted) is no server name", at: word.place)
                return nil
            }
            if method == "str" {
                names.append(name)
                continue
            }
            findings.note(
                "'-m \(method) \(word.text)' matches any number of labels, and any end of one; here '*.' stands for one label, so "
                    + "a.b.\(name) would no longer match", at: word.place)
            names += (isParent ? [] : [name]) + [ServerNamePattern("*.\(name)")].compactMap(\.self)
        }
        return names.isEmpty ? [] : [DraftMatch(serverNames: names.withoutRepeats)]
    }
}
