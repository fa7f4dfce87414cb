import TailwartCore
import TailwartWire

/// Where the connections of a section go.
extension HAProxyReader {
    /// `use_backend` in order, then `default_backend`, which comes before the servers of a `listen` itself.
    func targets(
        of proxy: HAProxySection, _ rules: HAProxyRules, port: UInt16?
    ) -> [(route: DraftRoute, backend: HAProxySection)] {
        var targets: [(DraftRoute, HAProxySection)] = []
        func add(_ matches: [DraftMatch], _ backend: HAProxySection?, at position: SourcePosition) {
            guard let backend, let dial = dial(backend) else { return }
            // Those of a `listen` itself are among the rules.
            let closing = backend.position == proxy.position ? [] : closing(in: backend, port: port)
            for match in matches {
                for route in closing {
                    guard let both = findings.said(match.and(route.match), at: route.position) else { continue }
                    targets.append((DraftRoute(match: both, position: route.position), backend))
                }
                targets.append((DraftRoute(match: match, dial: dial, position: position), backend))
            }
        }
        let fallback = proxy.last("default_backend")?.words.first
        for line in proxy.lines where line.keyword == "use_backend" {
            guard let name = line.words.first, let matches = rules.acls.condition(line.words.dropFirst()) else {
                continue
            }
            guard name.text.hasPrefix("%[") else {
                add(matches, backend(name), at: line.position)
                continue
            }
            for (names, backend) in mapped(name, or: fallback) ?? [] {
                let both = findings.said(DraftMatch.and(matches, [DraftMatch(serverNames: names)]), at: name.position)
                add(both ?? [], backend, at: name.position)
            }
        }
        if let name = fallback {
            add([.always], backend(name), at: proxy.last("default_backend")?.position ?? name.position)
        } else if proxy.kind == "listen",
            proxy.lines.contains(where: { ["server", "server-template"].contains($0.keyword) })
        {
            add([.always], proxy, at: proxy.position)
        }
        return targets
    }

    /// The backends that a map of names chooses, `%[req.ssl_sni,lower,map(/etc/haproxy/names.map,web)]`, each with its names.
    private func mapped(
        _ word: SourceWord, or fallback: SourceWord?
    ) -> [(names: [ServerNamePattern], backend: HAProxySection)]? {
        guard word.text.hasSuffix("]"), let map = HAProxySample(word.text.dropFirst(2).dropLast()).mapOfNames else {
            return findings.refuse(word.text, .perConnection, at: word.position)
        }
        guard let lines = files.lines(of: map.path, at: word.position) else { return nil }
        if let value = map.fallback, value != fallback?.text {
            return findings.refuse(
                "a name that the map has not goes to \(value.quoted), and a client without one elsewhere; here both go one way: "
                    + "write 'default_backend \(value)'", at: word.position)
        }
        var order: [String] = []
        var names: [String: [ServerNamePattern]] = [:]
        var seen: Set<String> = []
        for line in lines where seen.insert(line[0]).inserted {
            guard let name = ServerNamePattern(line[0]), !name.isWildcard, line.count > 1 else {
                findings.refuse("\(line[0].quoted) in \(map.path.quoted) is no server name", at: word.position)
                continue
            }
            if names[line[1]] == nil { order.append(line[1]) }
            names[line[1], default: []].append(name)
        }
        return order.compactMap { value in
            // HAProxy takes the default where there is none of that name.
            guard backends[value] != nil else {
                findings.note(
                    "there is no backend \(value.quoted), so what \(map.path.quoted) sends there goes the default way",
                    at: word.position)
                return nil
            }
            return backend(SourceWord(text: value, position: word.position)).map { (names[value] ?? [], $0) }
        }
    }

    /// What a backend closes of those who are sent to it.
    private func closing(in backend: HAProxySection, port: UInt16?) -> [DraftRoute] {
        guard backend.all.contains(where: { $0.keyword == "tcp-request" }) else { return [] }
        let rules = HAProxyRules(backend.all, files, port: port)
        if let expected = rules.expected { findings.refuse("expect-proxy", .content, at: expected.position) }
        return rules.closing
    }

    private func backend(_ name: SourceWord) -> HAProxySection? {
        if name.text.contains("%[") {
            return findings.refuse(name.text, .perConnection, at: name.position)
        }
        guard let backend = backends[name.text] else {
            return findings.refuse("there is no backend \(name.text.quoted)", at: name.position)
        }
        if let line = backend.disabled {
            findings.refuse("\(name.text.quoted) is disabled, and passed to; remove one of both", at: line.position)
        }
        if !backend.isTCP {
            findings.refuse(
                "the backend \(name.text.quoted) is in HTTP mode; Tailwart speaks no HTTP", at: name.position)
        }
        if let condition = backend.firstCondition { refuse(condition) }
        for line in backend.all where line.keyword == "tcp-response" {
            findings.refuse(line.keyword, .content, at: line.position)
        }
        return backend
    }
}
