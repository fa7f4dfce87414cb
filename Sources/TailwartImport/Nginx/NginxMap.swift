import TailwartCore
import TailwartWire

/// A `map` from the client's server name or ALPN to a text.
struct NginxMap {
    struct Entry {
        /// Server names or protocols.
        let match: DraftMatch
        let value: NginxDirective.Word
        let place: SourcePlace

        fileprivate var pattern: ServerNamePattern? { match.serverNames.first(where: \.isWildcard) }
    }

    let place: SourcePlace
    /// In the order in which nginx asks: names, then the longest patterns first.
    var entries: [Entry]
    /// Nil: empty, so that passing there fails.
    var fallback: NginxDirective.Word?
    var fallbackPlace: SourcePlace?
}

extension NginxReader {
    /// The map that sets a variable; nil where none does, or none that can be imported.
    func map(setting variable: String) -> NginxMap? {
        guard let (directive, block) = maps[variable], let source = directive.words.first?.text else { return nil }
        let isALPN = Self.variableName(source) == "ssl_preread_alpn_protocols"
        guard isALPN || Self.variableName(source) == "ssl_preread_server_name" else {
            findings.refuse(
                "\(source.quoted): connections are told apart by $ssl_preread_server_name and $ssl_preread_alpn_protocols only",
                at: directive.place)
            return nil
        }
        let hasHostNames = block.contains { $0.name.text == "hostnames" && $0.words.isEmpty }
        var map = NginxMap(place: directive.place, entries: [])
        for entry in block {
            guard let value = entry.words.first, entry.words.count == 1 else {
                if !["hostnames", "volatile"].contains(entry.name.text) {
                    findings.refuse("a line of a map is a key and a value", at: entry.place)
                }
                continue
            }
            if entry.name.text == "default", !entry.name.isQuoted {
                (map.fallback, map.fallbackPlace) = (value, entry.place)
            } else if let match = isALPN ? alpn(entry) : names(entry, hasHostNames: hasHostNames) {
                map.entries.append(.init(match: match, value: value, place: entry.place))
            }
        }
        map.entries =
            map.entries.filter { $0.pattern == nil }
            + map.entries.filter { $0.pattern != nil }
            .sorted { ($0.pattern?.name.count ?? 0) > ($1.pattern?.name.count ?? 0) }
        return map
    }

    /// `$name` and `${name}`.
    static func variableName(_ text: String) -> String {
        String(text.dropFirst().filter { $0 != "{" && $0 != "}" })
    }

    private func names(_ entry: NginxDirective, hasHostNames: Bool) -> DraftMatch? {
        let text = entry.name.text.hasPrefix("\\") ? String(entry.name.text.dropFirst()) : entry.name.text
        if text.hasPrefix("~") {
            findings.refuse(
                "regular expressions are not matched here; write the names, or \"*.example.org\" for one label before it",
                at: entry.place)
            return nil
        }
        if text.isEmpty {
            // No name at all: where everything goes that matches nothing else is the nearest.
            findings.note(
                "clients without a server name are not told apart here; they go the default way", at: entry.place)
            return nil
        }
        let isPattern = text.hasPrefix(".") || text.hasPrefix("*.") || text.hasSuffix(".*")
        if isPattern, !hasHostNames {
            findings.note(
                "without 'hostnames' nginx takes \(text.quoted) letter by letter, so it never matches; imported as meant",
                at: entry.place)
        }
        let base =
            text.hasPrefix("*.") ? String(text.dropFirst(2)) : text.hasPrefix(".") ? String(text.dropFirst()) : text
        if text.hasSuffix(".*") {
            findings.refuse("\(text.quoted): a star at the end is not matched here; name each name", at: entry.place)
            return nil
        }
        guard let name = ServerNamePattern(base), !name.isWildcard else {
            findings.refuse("\(text.quoted) is no server name", at: entry.place)
            return nil
        }
        guard isPattern else { return DraftMatch(serverNames: [name]) }
        findings.note(
            "\(text.quoted) stands for any number of labels in nginx; here '*.' stands for one, so a.b.\(name) would go the "
                + "default way", at: entry.place)
        return DraftMatch(
            serverNames: (text.hasPrefix(".") ? [name] : []) + [ServerNamePattern("*.\(name)")].compactMap(\.self))
    }

    /// A client that offers several protocols shows them with commas between.
    private func alpn(_ entry: NginxDirective) -> DraftMatch? {
        let text = entry.name.text
        if text.hasPrefix("~") {
            // ~\bname\b, as nginx's own documentation has it.
            let name = text.dropFirst(text.hasPrefix("~*") ? 2 : 1).split(
                separator: "\\b", omittingEmptySubsequences: true)
            if name.count == 1, let only = name.first,
                only.allSatisfy({ $0.isLetter || $0.isNumber || "-/".contains($0) })
            {
                return DraftMatch(alpn: [String(only)])
            }
            findings.refuse(
                "regular expressions are not matched here; write the protocol's name, for instance h2", at: entry.place)
            return nil
        }
        if text.isEmpty { return nil }
        if text.contains(",") {
            findings.refuse(
                "the whole list of a client's protocols is not matched here; write one protocol, which matches wherever it is offered",
                at: entry.place)
            return nil
        }
        findings.note(
            "nginx matches clients that offer \(text.quoted) and nothing else; here all that offer it", at: entry.place)
        return DraftMatch(alpn: [text])
    }
}
