import TailwartCore

extension NginxReader {
    /// Where `proxy_pass` leads: to one place, or by a map to several. Nil if something was refused.
    func routes(
        to destination: NginxDirective.Word, _ settings: NginxSettings, header: ProxyProtocolOut,
        connectTimeout: Duration?
    ) -> [DraftRoute]? {
        let references = Self.references(in: destination.text)
        guard let name = references.first(where: { maps[$0] != nil }) else {
            guard let dial = dial(destination, header, connectTimeout) else { return nil }
            return [DraftRoute(match: .always, dial: dial, place: destination.place)]
        }
        guard let map = map(setting: name) else { return nil }
        if settings.preread?.texts != ["on"] {
            findings.note(
                "without 'ssl_preread on' nginx never sees a server name, so everything went the default way; imported as meant",
                at: destination.place)
        }
        func mappedDial(_ value: NginxDirective.Word) -> DraftDial? {
            let text = Self.replacing(destination.text) { other, _ in other == name ? value.text : nil }
            return self.dial(.init(text: text, place: value.place, isQuoted: false), header, connectTimeout)
        }
        var routes: [DraftRoute] = []
        for entry in map.entries {
            guard let dial = mappedDial(entry.value) else { continue }
            routes.append(DraftRoute(match: entry.match, dial: dial, place: entry.place))
        }
        if let fallback = map.fallback, !fallback.text.isEmpty {
            guard let dial = mappedDial(fallback) else { return nil }
            routes.append(DraftRoute(match: .always, dial: dial, place: map.fallbackPlace ?? map.place))
        }
        return Self.joined(routes)
    }

    /// Routes to the same target as one, where none between them is passed over by that.
    private static func joined(_ routes: [DraftRoute]) -> [DraftRoute] {
        var result: [DraftRoute] = []
        for route in routes {
            let isPattern = route.match.serverNames.contains(where: \.isWildcard)
            let last = result.lastIndex { $0.dial == route.dial && !$0.match.isAlways }
            if let last, !route.match.isAlways, let both = result[last].match.union(route.match),
                !isPattern || !result[(last + 1)...].contains(where: { $0.dial != route.dial })
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
        _ = replacing(text) { name, _ in
            names.append(name)
            return nil
        }
        return names
    }

    /// - Parameter value: of a variable, given its name and whether that is in braces; nil leaves it as it is.
    static func replacing(_ text: String, _ value: (_ name: String, _ isBraced: Bool) -> String?) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.hasPrefix("{")
            let inside = isBraced ? rest.dropFirst() : rest
            let name = String(inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            rest = inside.dropFirst(name.count + (isBraced ? 1 : 0))
            result += value(name, isBraced) ?? (isBraced ? "${\(name)}" : "$\(name)")
        }
        return result + rest
    }

    /// An upstream by name, or an address.
    private func dial(
        _ word: NginxDirective.Word, _ header: ProxyProtocolOut, _ connectTimeout: Duration?
    ) -> DraftDial? {
        let text = Self.replacing(word.text) { name, _ in constants[name] }
        var dial: DraftDial
        if let upstream = upstreams[text] {
            guard let read = self.dial(upstream) else { return nil }
            dial = read
        } else {
            let address = NginxDirective.Word(text: text, place: word.place, isQuoted: word.isQuoted)
            guard let endpoint = endpoint(address) else { return nil }
            noteNames([endpoint], at: word.place)
            dial = DraftDial([endpoint], place: word.place)
        }
        dial.upstream.proxyProtocol = header
        dial.upstream.connectTimeout = connectTimeout
        return dial
    }
}
