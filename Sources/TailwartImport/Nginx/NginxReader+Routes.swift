extension NginxReader {
    /// Where `proxy_pass` leads: to one place, or by a map to several. Nil if something was refused.
    mutating func routes(
        to destination: NginxDirective.Word, _ settings: NginxSettings, header: DraftHeader, connectTimeout: Duration?
    ) -> [DraftRoute]? {
        let references = Self.references(in: destination.text)
        guard let name = references.first(where: { maps[$0] != nil }) else {
            guard let target = self.target(destination, header, connectTimeout) else { return nil }
            return [DraftRoute(match: .always, target: target, place: destination.place)]
        }
        guard let map = map(setting: name) else { return nil }
        if settings.preread?.texts != ["on"] {
            findings.note(
                "without 'ssl_preread on' nginx never sees a server name, so everything went the default way; imported as meant",
                at: destination.place)
        }
        func mappedTarget(_ value: NginxDirective.Word) -> DraftRoute.Target? {
            let text = Self.replace(name, in: destination.text, with: value.text)
            return self.target(.init(text: text, place: value.place, isQuoted: false), header, connectTimeout)
        }
        var routes: [DraftRoute] = []
        for entry in map.entries {
            guard let target = mappedTarget(entry.value) else { continue }
            let match =
                map.key == .alpn ? DraftMatch(alpn: entry.keys) : DraftMatch(serverNames: entry.keys)
            routes.append(DraftRoute(match: match, target: target, place: entry.place))
        }
        if let fallback = map.fallback, !fallback.text.isEmpty {
            guard let target = mappedTarget(fallback) else { return nil }
            routes.append(DraftRoute(match: .always, target: target, place: map.fallbackPlace ?? map.place))
        }
        return Self.joined(routes)
    }

    /// Routes to the same target as one, where none between them is passed over by that.
    private static func joined(_ routes: [DraftRoute]) -> [DraftRoute] {
        var result: [DraftRoute] = []
        for route in routes {
            let isPattern = route.match.serverNames.contains { $0.hasPrefix("*.") }
            let last = result.lastIndex { $0.target == route.target && !$0.match.isAlways }
            if let last, !route.match.isAlways, let both = result[last].match.union(route.match),
                !isPattern || !result[(last + 1)...].contains(where: { $0.target != route.target })
            {
                result[last].match = both
            } else {
                result.append(route)
            }
        }
        return result
    }

    /// The names of variables, `$name` and `${name}`.
    static func references(in text: String) -> [String] {
        var names: [String] = []
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            rest = rest[rest.index(after: dollar)...]
            if rest.hasPrefix("{") { rest = rest.dropFirst() }
            names.append(String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }))
        }
        return names
    }

    private static func replace(_ name: String, in text: String, with value: String) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.hasPrefix("{")
            let inside = isBraced ? rest.dropFirst() : rest
            let found = inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            let reference = isBraced ? "${\(found)}" : "$\(found)"
            rest = inside.dropFirst(found.count + (isBraced ? 1 : 0))
            result += found == name ? value : reference
        }
        return result + rest
    }

    /// An upstream by name, or an address.
    private mutating func target(
        _ word: NginxDirective.Word, _ header: DraftHeader, _ connectTimeout: Duration?
    ) -> DraftRoute.Target? {
        var text = word.text
        for name in Self.references(in: text) {
            if let constant = constants[name] { text = Self.replace(name, in: text, with: constant) }
        }
        if let upstream = upstreams[text] {
            guard let draft = self.upstream(upstream, connectTimeout: connectTimeout) else { return nil }
            return .dial(DraftDial(upstream: draft, header: header, name: upstream.name, place: upstream.place))
        }
        let address = NginxDirective.Word(text: text, place: word.place, isQuoted: word.isQuoted)
        guard let endpoint = endpoint(address, portRequired: true) else { return nil }
        noteNames([endpoint], at: word.place)
        let upstream = DraftUpstream(endpoints: [endpoint], connectTimeout: connectTimeout)
        return .dial(DraftDial(upstream: upstream, header: header, name: nil, place: word.place))
    }
}
