import TailwartCore
import TailwartWire

extension CaddyReader {
    /// Matchers that look at what ours never looks at.
    private static let foreignMatchers = [
        "http", "ssh", "xmpp", "regexp", "clock", "remote_ip_list", "vars", "vars_regexp", "dns", "postgres", "quic",
        "rdp",
        "socks4", "socks5", "winbox", "wireguard", "openvpn",
    ]

    /// The matcher sets of a route, one of which must hold; nil if something was refused.
    func matches(_ element: JSONElement?) -> [DraftMatch]? {
        guard let element else { return [.always] }
        let sets = list(element)
        if sets.isEmpty { return [.always] }
        var matches: [DraftMatch] = []
        for set in sets {
            guard let match = match(set) else { return nil }
            matches.append(match)
        }
        return DraftMatch.or(matches)
    }

    /// One matcher set, all of which must hold.
    private func match(_ set: JSONElement) -> DraftMatch? {
        guard let members = set.members else {
            refuse(set, "an object should stand here, not \(set.value.found)")
            return nil
        }
        var result = DraftMatch.always
        for member in members {
            guard let one = matcher(member) else { return nil }
            guard let both = result.and(one) else {
                refuse(member, "these conditions cannot be said in one match here; divide the route")
                return nil
            }
            result = both
        }
        return result
    }

    private func matcher(_ element: JSONElement) -> DraftMatch? {
        switch element.key {
        case "tls":
            return tls(element)
        case "remote_ip", "ip":
            guard members(element, known: ["ranges"]) else { return nil }
            return DraftMatch(clients: networks(element["ranges"]))
        case "local_ip":
            guard members(element, known: ["ranges"]) else { return nil }
            return DraftMatch(locals: networks(element["ranges"]))
        case "not":
            guard let inner = element.elements.map({ $0.isEmpty ? [] : matches(element) }) else {
                refuse(element, "a list should stand here, not \(element.value.found)")
                return nil
            }
            guard let inner else { return nil }
            if let none = DraftMatch.none(of: inner) { return none }
            refuse(element, "this cannot be said in one 'not' here; divide it into several routes")
            return nil
        case "proxy_protocol":
            guard members(element, known: []) else { return nil }
            return DraftMatch(proxyHeader: true)
        default:
            let why =
                Self.foreignMatchers.contains(element.key)
                ? "connections are told apart by TLS server name, ALPN and client address only"
                : "not a matcher known here"
            refuse(element, "\(why); give this protocol a port of its own, or keep this server with Caddy")
            return nil
        }
    }

    private func tls(_ element: JSONElement) -> DraftMatch? {
        guard members(element, known: ["sni", "alpn", "remote_ip", "local_ip"]) else { return nil }
        var result = DraftMatch(tls: true)
        if let sni = element["sni"], !list(sni).isEmpty {
            result.serverNames = serverNames(sni)
            // Every pattern was one that never matches.
            if result.serverNames.isEmpty { return .never }
        }
        result.alpn = texts(element["alpn"]).map(\.text)
        if !result.serverNames.isEmpty || !result.alpn.isEmpty { result.tls = nil }
        if let remote = element["remote_ip"] {
            guard members(remote, known: ["ranges", "not_ranges"]) else { return nil }
            result.clients = networks(remote["ranges"])
            let excluded = networks(remote["not_ranges"])
            if !excluded.isEmpty { result.not = [DraftMatch(clients: excluded)] }
        }
        if let local = element["local_ip"] {
            guard members(local, known: ["ranges"]) else { return nil }
            result.locals = networks(local["ranges"])
        }
        return result
    }

    private func serverNames(_ element: JSONElement) -> [ServerNamePattern] {
        texts(element).flatMap { text, element -> [ServerNamePattern] in
            if let pattern = ServerNamePattern(text) { return [pattern] }
            if text.hasSuffix(".*"), !text.dropLast(2).contains("*") {
                // No program matches it as meant: the name below each mail domain.
                let meant = domains.compactMap { ServerNamePattern("\(text.dropLast(2)).\($0)") }
                let start = "\(text.quoted) never matches in caddy-l4, where a star stands for the first labels only; "
                note(
                    element,
                    start
                        + (meant.isEmpty
                            ? "left out: name it for each of your domains, for instance \(text.dropLast(1))example.org"
                            : "imported as meant: \(meant.map { "\($0)" }.joined(separator: ", "))"))
                return meant
            }
            let fix =
                text.contains("*")
                ? "here '*.' stands for exactly one label at the beginning; name each name"
                : text.allSatisfy(\.isASCII) ? "it is no server name" : "write it in its xn-- form"
            refuse(element, "\(text.quoted): \(fix)")
            return []
        }.withoutRepeats
    }
}
