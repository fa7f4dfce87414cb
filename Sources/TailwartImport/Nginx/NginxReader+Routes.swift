import TailwartCore
import TailwartWire

extension NginxReader {
    private static let policies: [String: Upstream.Policy] = [
        "least_conn": .leastConnections, "random": .roundRobin, "hash": .clientHash,
    ]
    private static let upstreamWords = WordTable(harmless: "zone resolver resolver_timeout state keepalive")
    private static let serverWords = WordTable(
        harmless: "max_fails fail_timeout slow_start resolve",
        left: ["max_conns": "each listener counts here ('max_connections')"])

    /// Where `proxy_pass` leads: to one destination, or by a map to several. Nil if something was refused.
    func routes(to destination: SourceWord, isPreread: Bool) -> [DraftRoute]? {
        var asked: String?
        _ = Self.replacing(destination.text) { name, _ in
            if maps[name] != nil { asked = asked ?? name }
            return nil
        }
        guard let asked, let map = maps[asked] else {
            return dial(destination).map { [DraftRoute(match: .always, dial: $0, position: destination.position)] }
        }
        if !isPreread, map.words.first.map({ Self.variableName($0.text) }) == "ssl_preread_server_name" {
            findings.note(
                "without 'ssl_preread on' nginx never sees a server name, so everything went the default way; imported as meant",
                at: destination.position)
        }
        var routes: [(route: DraftRoute, isExpression: Bool)] = []
        for (match, value, position, isExpression) in entries(of: map) {
            let text = Self.replacing(destination.text) { other, _ in other == asked ? value.text : nil }
            // Passing to nothing fails.
            let dial = text.isEmpty ? nil : dial(SourceWord(text: text, position: value.position))
            if dial == nil, !text.isEmpty { return nil }
            if dial != nil || !match.isAlways {
                routes.append((DraftRoute(match: match, dial: dial, position: position), isExpression))
            }
        }
        return Self.joined(routes)
    }

    /// Routes to the same target as one, where none between them is passed over by that.
    private static func joined(_ routes: [(route: DraftRoute, isExpression: Bool)]) -> [DraftRoute] {
        var result: [DraftRoute] = []
        for (route, isExpression) in routes {
            let isPattern = isExpression || route.match.serverNames.contains(where: \.isWildcard)
            let last = result.lastIndex { $0.upstream == route.upstream && !$0.match.isAlways }
            if let last, !route.match.isAlways, let both = result[last].match.union(route.match),
                !isPattern || !result[(last + 1)...].contains(where: { $0.upstream != route.upstream })
            {
                result[last].match = both
            } else {
                result.append(route)
            }
        }
        return result
    }

    private typealias Entry = (match: DraftMatch, value: SourceWord, position: SourcePosition, isExpression: Bool)

    /// The lines of a map, in the order in which nginx asks: names, then the longest patterns first, then expressions, then the
    /// default.
    private func entries(of map: SourceStatement) -> [Entry] {
        guard let source = map.words.first?.text, Self.variableName(source) == "ssl_preread_server_name" else {
            findings.refuse(map.words.first?.text, .conditions, at: map.position)
            return []
        }
        let block = map.block ?? []
        let hasHostNames = block.contains { $0.keyword == "hostnames" && $0.words.isEmpty }
        var entries: [Entry] = []
        var (fallback, nameless): (Entry?, SourceWord?)
        for entry in block where !(["hostnames", "volatile"].contains(entry.keyword) && entry.words.isEmpty) {
            guard let value = entry.onlyWord else {
                findings.refuse("a line of a map is a key and a value", at: entry.position)
                continue
            }
            if entry.keyword == "default", !entry.name.isQuoted {
                fallback = (.always, value, entry.position, false)
            } else if entry.keyword.isEmpty {
                nameless = value
            } else if let match = match(entry, hasHostNames: hasHostNames) {
                entries.append((match, value, entry.position, entry.keyword.hasPrefix("~")))
            }
        }
        if let nameless, nameless.text != fallback?.value.text ?? "" {
            findings.refuse(
                "clients without a server name are not told apart here; let them go the default way",
                at: nameless.position)
        }
        /// The length of a pattern; a name comes before all of them.
        func rank(_ entry: Entry) -> Int {
            if entry.isExpression { return -1 }
            let pattern = entry.match.serverNames.last { $0.isWildcard }
            return pattern.map(\.name.count) ?? .max
        }
        return entries.sorted { rank($0) > rank($1) } + [fallback].compactMap(\.self)
    }

    private func match(_ entry: SourceStatement, hasHostNames: Bool) -> DraftMatch? {
        let text = entry.keyword.hasPrefix("\\") ? String(entry.keyword.dropFirst()) : entry.keyword
        if text.hasPrefix("~"), let texts = FiniteExpression.texts(text.drop { "~*".contains($0) }) {
            let names = texts.compactMap { ServerNamePattern($0) }
            if names.count == texts.count { return DraftMatch(serverNames: names) }
        }
        if text.hasPrefix("~") || text.hasSuffix(".*") {
            return findings.refuse(
                "\(text.quoted): only names are matched here; write each, or \"*.example.org\" for one label before it",
                at: entry.position)
        }
        let isPattern = text.hasPrefix(".") || text.hasPrefix("*.")
        if isPattern, !hasHostNames {
            findings.note(
                "without 'hostnames' nginx takes \(text.quoted) letter by letter, so it never matches; imported as meant",
                at: entry.position)
        }
        guard let name = ServerNamePattern(isPattern ? String(text.drop { $0 == "*" }.dropFirst()) : text),
            !name.isWildcard
        else {
            return findings.refuse("\(text.quoted) is no server name", at: entry.position)
        }
        guard isPattern else { return DraftMatch(serverNames: [name]) }
        findings.note(
            "\(text.quoted) stands for any number of labels in nginx; here '*.' stands for one, so a.b.\(name) would go the "
                + "default way", at: entry.position)
        return DraftMatch(
            serverNames: (text.hasPrefix(".") ? [name] : []) + [ServerNamePattern("*.\(name)")].compactMap(\.self),
            isNarrowed: true)
    }

    /// An upstream by name, or an address.
    private func dial(_ word: SourceWord) -> DraftDial? {
        if let upstream = upstreams[word.text] { return dial(upstream) }
        guard word.text.contains(where: { ":$".contains($0) }) else {
            return findings.refuse(
                "there is no upstream \(word.text.quoted), and no port to dial in it", at: word.position)
        }
        guard let endpoint = address(word).flatMap({ findings.endpoint($0) }) else { return nil }
        findings.noteNames([endpoint], at: word.position)
        return findings.dial([endpoint], .first, at: word.position)
    }

    private func dial(_ upstream: SourceStatement) -> DraftDial? {
        var endpoints: [Endpoint] = []
        var policy = Upstream.Policy.roundRobin
        for directive in upstream.block ?? [] {
            let (name, texts) = (directive.keyword, directive.texts)
            if name == "server" {
                if let endpoint = endpoint(directive) { endpoints.append(endpoint) }
            } else if name == "hash", !["$remote_addr", "$binary_remote_addr"].contains(texts.first) {
                findings.refuse(
                    "only the client's address can be hashed here; write 'hash $remote_addr' or another method",
                    at: directive.position)
            } else if let known = Self.policies[name] {
                policy = texts.contains("least_conn") ? .leastConnections : known
            } else {
                Self.upstreamWords.read(name, at: directive.position, findings)
            }
        }
        findings.noteNames(endpoints, at: upstream.position)
        return findings.dial(endpoints, policy, name: upstream.onlyWord?.text, at: upstream.position)
    }

    private func endpoint(_ directive: SourceStatement) -> Endpoint? {
        guard let word = directive.words.first, let address = address(word), var endpoint = findings.endpoint(address)
        else {
            return nil
        }
        for word in directive.words.dropFirst() {
            let parts = word.text.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts.first {
            case "weight":
                endpoint.weight =
                    findings.number(parts.last, in: Allowed.weight, "a weight", at: word.position) ?? endpoint.weight
            case "backup": endpoint.isBackup = true
            case "down":
                findings.note("\(directive.words[0].text.quoted) is marked as down; left out", at: word.position)
                return nil
            default: Self.serverWords.read(parts.first ?? "", at: word.position, findings)
            }
        }
        return endpoint
    }
}
