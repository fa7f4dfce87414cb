import TailwartCore
import TailwartWire

extension CaddyReader {
    /// The matcher sets of a route, one of which must hold; nil if something was refused.
    func matches(_ element: JSONElement?) -> [DraftMatch]? {
        let sets = list(element)
        if sets.isEmpty { return [.always] }
        var matches: [DraftMatch] = []
        for set in sets {
            var result = DraftMatch.always
            for member in objects(set) {
                guard let one = matcher(member), let both = findings.said(result.and(one), at: member.position) else {
                    return nil
                }
                result = both
            }
            matches.append(result)
        }
        return DraftMatch.or(matches)
    }

    private func matcher(_ element: JSONElement) -> DraftMatch? {
        switch element.key {
        case "tls":
            return tls(element)
        case "remote_ip", "ip":
            guard members(element, known: ["ranges"]) else { return nil }
            let clients = networks(element["ranges"])
            return clients.isEmpty ? .never : DraftMatch(clients: clients)
        case "not":
            guard let inner = list(element).isEmpty ? [] : matches(element) else { return nil }
            return findings.said(DraftMatch.none(of: inner), of: "not", at: element.position)
        case "proxy_protocol":
            guard members(element, known: []) else { return nil }
            return DraftMatch(proxyHeader: true)
        default:
            return findings.refuse(element.key, .conditions, at: element.position)
        }
    }

    private func tls(_ element: JSONElement) -> DraftMatch? {
        guard members(element, known: ["sni", "alpn"]) else { return nil }
        var result = DraftMatch(tls: true)
        if let sni = element["sni"], !list(sni).isEmpty {
            result.serverNames = serverNames(sni)
            // Every pattern was one that never matches.
            if result.serverNames.isEmpty { return .never }
        }
        result.alpn = texts(element["alpn"]).map(\.text)
        if !result.serverNames.isEmpty || !result.alpn.isEmpty { result.tls = nil }
        return result
    }

    private func serverNames(_ element: JSONElement) -> [ServerNamePattern] {
        texts(element).flatMap { text, element -> [ServerNamePattern] in
            if let pattern = ServerNamePattern(text) { return [pattern] }
            if text.hasSuffix(".*"), !text.dropLast(2).contains("*") {
                // No program matches it as meant: the name below each mail domain.
                let meant = domains.compactMap { ServerNamePattern("\(text.dropLast(2)).\($0)") }
                note(
                    element,
                    "\(text.quoted) never matches in caddy-l4, where a star stands for the first labels only; "
                        + (meant.isEmpty
                            ? "left out: name it for each of your domains, for instance \(text.dropLast(1))example.org"
                            : "imported as meant: \(meant.map { "\($0)" }.joined(separator: ", "))"))
                return meant
            }
            refuse(
                element,
                "\(text.quoted) is no server name here: '*.' stands for exactly one label at the beginning, and other letters than "
                    + "a to z are written in the xn-- form; name each name")
            return []
        }.withoutRepeats
    }
}
