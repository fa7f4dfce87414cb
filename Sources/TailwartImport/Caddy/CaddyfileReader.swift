import TailwartCore
import TailwartWire

/// Makes of a Caddyfile the JSON that Caddy itself would make of it, as far as `layer4` goes, for ``CaddyReader``.
struct CaddyfileReader {
    let findings: Findings
    /// Blocks that are imported by name.
    private var snippets: [String: [SourceStatement]] = [:]

    init(_ findings: Findings) {
        self.findings = findings
    }

    mutating func read(_ text: String, file: String) throws(SyntaxProblem) -> JSON {
        let top = try CaddyfileParser.parse(text, file: file)
        for statement in top where statement.keyword.hasPrefix("(") && statement.keyword.hasSuffix(")") {
            snippets[String(statement.keyword.dropFirst().dropLast())] = statement.block ?? []
        }
        var layer4: [JSON.Member] = []
        var http: [JSON.Member] = []
        for option in expanded(top.filter(\.keyword.isEmpty).flatMap { $0.block ?? [] }) {
            switch option.keyword {
            case "layer4":
                for server in expanded(option.block ?? []) {
                    layer4.append(member("srv\(layer4.count)", self.server(server), at: server.position))
                }
            case "servers":
                if let server = wrapped(option) {
                    http.append(member("srv\(http.count)", server, at: option.position))
                }
            // Caddy's own.
            default: break
            }
        }
        var apps: [JSON.Member] = []
        if !layer4.isEmpty || http.isEmpty {
            apps.append(member("layer4", object([member("servers", object(layer4))])))
        }
        let sites = top.filter { !$0.keyword.isEmpty && !$0.keyword.hasPrefix("(") }
        if !http.isEmpty || !sites.isEmpty {
            let position = sites.first?.position
            apps.append(member("http", object([member("servers", object(http))], at: position), at: position))
        }
        return object([member("apps", object(apps))])
    }

    // MARK: Blocks

    /// A server of `layer4`: its addresses are its keyword and words.
    private func server(_ statement: SourceStatement) -> JSON {
        let addresses = ([statement.name] + statement.words).map { word in
            SourceWord(
                text: word.text.hasSuffix(",") ? String(word.text.dropLast()) : word.text, position: word.position)
        }
        return object([member("listen", texts(addresses))] + routes(statement.block ?? []), at: statement.position)
    }

    /// The HTTP servers that `servers` is about, nil where no `layer4` wraps their listeners.
    private func wrapped(_ option: SourceStatement) -> JSON? {
        let wrappers = expanded(option.block ?? []).filter { $0.keyword == "listener_wrappers" }
            .flatMap { expanded($0.block ?? []) }
        guard wrappers.contains(where: { $0.keyword == "layer4" }) else { return nil }
        let address = option.words.first ?? SourceWord(text: ":443", position: option.position)
        if option.words.isEmpty {
            findings.note(
                "'servers' without an address is about every HTTP server; imported is the one on :443",
                at: option.position)
        }
        let list = wrappers.map { wrapper in
            object(
                [member("wrapper", .text(wrapper.keyword))]
                    + (wrapper.keyword == "layer4" ? routes(wrapper.block ?? []) : []), at: wrapper.position)
        }
        return object(
            [member("listen", texts([address])), member("listener_wrappers", JSON(.list(list)))], at: option.position)
    }

    /// `routes`, and the timeouts beside them.
    func routes(_ block: [SourceStatement]) -> [JSON.Member] {
        let block = expanded(block)
        var sets: [String: JSON] = [:]
        for statement in block where statement.keyword.hasPrefix("@") {
            if sets[statement.keyword] != nil {
                findings.refuse("\(statement.keyword.quoted) is there twice; rename one", at: statement.position)
            }
            sets[statement.keyword] = object(matchers(statement), at: statement.position)
        }
        var routes: [JSON] = []
        var members: [JSON.Member] = []
        for statement in block where !statement.keyword.hasPrefix("@") {
            switch statement.keyword {
            case "route":
                let match = statement.words.compactMap { word -> JSON? in
                    sets[word.text]
                        ?? findings.refuse("there is no \(word.text.quoted) in this block", at: word.position)
                }
                let handlers = expanded(statement.block ?? []).map(handler)
                routes.append(
                    object(
                        (statement.words.isEmpty ? [] : [member("match", JSON(.list(match)))])
                            + [member("handle", JSON(.list(handlers)))], at: statement.position))
            case "matching_timeout", "idle_timeout": members.append(value(statement))
            default: findings.refuse(statement.keyword, .unknown, at: statement.position)
            }
        }
        return [member("routes", JSON(.list(routes)))] + members
    }

    /// Those of a set: behind its name, or one on each line of its block.
    private func matchers(_ set: SourceStatement) -> [JSON.Member] {
        guard let name = set.words.first else {
            var kinds: Set<String> = []
            let block = expanded(set.block ?? [])
            for statement in block where statement.keyword != "not" && !kinds.insert(statement.keyword).inserted {
                findings.refuse("\(statement.keyword.quoted) is there twice; join both", at: statement.position)
            }
            return block.map(matcher)
        }
        return [matcher(SourceStatement(name: name, words: Array(set.words.dropFirst()), block: set.block))]
    }

    private func matcher(_ statement: SourceStatement) -> JSON.Member {
        let position = statement.position
        let block = expanded(statement.block ?? [])
        switch statement.keyword {
        case "not":
            return member(
                "not", JSON(.list([object(matchers(statement), at: position)]), at: place(position)), at: position)
        case "remote_ip", "ip":
            let ranges = statement.words.flatMap { word in
                word.text == "private_ranges"
                    ? Self.privateRanges.map { SourceWord(text: $0, position: word.position) } : [word]
            }
            for extra in block { findings.refuse(extra.keyword, .unknown, at: extra.position) }
            return member(statement.keyword, object([member("ranges", texts(ranges))], at: position), at: position)
        case "tls":
            let own = statement.words.first.map {
                [SourceStatement(name: $0, words: Array(statement.words.dropFirst()))]
            }
            let conditions = ((own ?? []) + block).map { member($0.keyword, texts($0.words), at: $0.position) }
            if Set(conditions.map(\.key)).count < conditions.count {
                findings.refuse("a condition is there twice; join both", at: position)
            }
            return member("tls", object(conditions, at: position), at: position)
        case "proxy_protocol" where block.isEmpty && statement.words.isEmpty:
            return member("proxy_protocol", object([], at: position), at: position)
        default:
            // It is refused by its name.
            return member(statement.keyword, object([], at: position), at: position)
        }
    }

    private static let privateRanges = [
        "192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1",
    ]

    // MARK: Values

    /// The lines with what they import from snippets of the same file.
    func expanded(_ block: [SourceStatement], depth: Int = 0) -> [SourceStatement] {
        block.flatMap { statement -> [SourceStatement] in
            guard statement.keyword == "import" else { return [statement] }
            guard let name = statement.onlyWord?.text, let lines = snippets[name], depth < 8 else {
                findings.refuse(
                    "only snippets of this file are imported here, and without arguments; put the lines here",
                    at: statement.position)
                return []
            }
            return expanded(lines, depth: depth + 1)
        }
    }

    /// What stands behind a keyword: a number, or a text.
    func value(_ line: SourceStatement, as key: String? = nil) -> JSON.Member {
        let key = key ?? line.keyword
        guard let word = line.onlyWord, line.block == nil else {
            findings.refuse("\(line.keyword.quoted) takes one value", at: line.position)
            return member(key, .null, at: line.position)
        }
        let isNumber = ["fall", "rise", "port", "weight", "max_connections", "max_fails", "unhealthy_connection_count"]
            .contains(key)
        return member(
            key, isNumber ? JSON(.number(word.text), at: place(word.position)) : text(word), at: word.position)
    }

    private func place(_ position: SourcePosition?) -> TextPosition {
        position.map { TextPosition(line: $0.line, column: $0.column) } ?? .start
    }

    func text(_ word: SourceWord) -> JSON { JSON(.text(word.text), at: place(word.position)) }

    func texts(_ words: [SourceWord]) -> JSON {
        JSON(.list(words.map { text($0) }), at: place(words.first?.position))
    }

    func object(_ members: [JSON.Member], at position: SourcePosition? = nil) -> JSON {
        JSON(.object(members), at: place(position))
    }

    func member(_ key: String, _ value: JSON, at position: SourcePosition? = nil) -> JSON.Member {
        JSON.Member(key: key, keyPosition: place(position), value: value)
    }
}
