import TailwartConfig
import TailwartCore
import TailwartWire

extension CaddyReader {
    private static let foreignHandlers: [String: Unsupported] = [
        "tls": .endsTLS, "postgres_tls": .endsTLS, "echo": .answers, "socks5": .answers, "throttle": .clients,
        "tee": .content, "vars": .perConnection,
    ]

    /// Reads one route, and what stands in its subroutes.
    ///
    /// - Parameter outer: the conditions around it, one of which holds.
    func read(_ route: JSONElement, under outer: [DraftMatch], into routes: inout CaddyRoutes) {
        guard members(route, known: ["match", "handle"]), let own = matches(route["match"]),
            var matches = findings.said(DraftMatch.and(outer, own), at: route.position)
        else { return }
        let handlers = list(route["handle"])
        if handlers.isEmpty {
            note(route, "nothing handles what matches here, so the routes that follow do; left out")
        }
        var behindHeader = false
        for (number, handler) in handlers.enumerated() {
            guard let kind = handler["handler"]?.text else {
                return refuse(handler, "there is no 'handler' here that says what it is")
            }
            switch kind {
            case "proxy":
                guard let dial = dial(handler) else { return }
                routes.add(matches, dial, at: route.position, behindHeader: behindHeader)
            case "close":
                _ = members(handler, known: ["handler"])
                routes.add(matches, nil, at: route.position, behindHeader: behindHeader)
            case "subroute":
                guard members(handler, known: ["handler", "routes", "matching_timeout"]) else { return }
                routes.innerTimeout = handler["matching_timeout"] ?? routes.innerTimeout
                let outer = routes.isBehindHeader
                routes.isBehindHeader = outer || behindHeader
                for inner in list(handler["routes"]) { read(inner, under: matches, into: &routes) }
                if behindHeader { routes.isBehindHeader = outer }
                continue
            case "proxy_protocol":
                if behindHeader || routes.isBehindHeader {
                    return refuse(handler, "a second PROXY header behind the first is not read here; remove one")
                }
                guard let rest = readHeader(handler, of: matches, &routes) else { return }
                matches = rest
                behindHeader = true
                continue
            default:
                return findings.refuse(kind, Self.foreignHandlers[kind] ?? .unknown, at: handler.position)
            }
            if number < handlers.count - 1 {
                note(handlers[number + 1], "never reached: the handler before it ends the route")
            }
            return
        }
        // Nothing has ended the route, so those that follow have the header before them too.
        if behindHeader, matches == [.always] { routes.isBehindHeader = true }
    }

    /// The handler that reads a PROXY header. As of caddy-l4 0.1.2 it believes everybody whom `deny` does not name, whatever
    /// `allow` and `fallback_policy` say, and passes connections on that have no header, unless they are from those whom
    /// `REQUIRE` is about.
    ///
    /// - Returns: the conditions that are left for what follows; nil if it was refused.
    private func readHeader(
        _ handler: JSONElement, of matches: [DraftMatch], _ routes: inout CaddyRoutes
    ) -> [DraftMatch]? {
        guard members(handler, known: ["handler", "timeout", "allow", "deny", "fallback_policy"]) else { return nil }
        var peers = Peers(allowed: networks(handler["allow"]))
        peers.deny(networks(handler["deny"]))
        var rest: [DraftMatch] = []
        for match in matches {
            // What stands before the header is about who sends it, behind it about the client that it names.
            let excluded = match.not.first { $0 == DraftMatch(clients: $0.clients) }
            if match.not != (excluded.map { [$0] } ?? [])
                || matches.count > 1 && matches.contains(where: \.asksForClients)
            {
                return findings.refuse(nil, .several, at: handler.position)
            }
            if !match.clients.isEmpty { peers.allow(match.clients) }
            peers.deny(excluded?.clients ?? [])
            rest.append(DraftMatch(serverNames: match.serverNames, alpn: match.alpn, tls: match.tls))
        }
        if rest.contains(where: \.needsHello) {
            note(
                handler,
                "a TLS hello is asked for before the PROXY header has been read, so this never matched (mholt/caddy-l4#202); "
                    + "imported as meant: the name behind the header")
        }
        let isAskedFor = matches.allSatisfy { $0.proxyHeader && !$0.clients.isEmpty }
        let servesOthers =
            handler["fallback_policy"]?.text?.uppercased() != "REQUIRE"
            && !matches.contains { $0.proxyHeader || $0.asksForClients }
        routes.expect(
            DraftHeader(
                peers: peers,
                timeout: duration(
                    handler["timeout"], in: ProxyProtocolIn.timeoutRange, or: ProxyProtocolIn.defaultTimeout),
                position: handler.position, naming: "list them under 'allow'",
                others: isAskedFor
                    ? nil
                    : "believes everybody whom 'deny' does not name, whatever 'allow' and 'fallback_policy' say"
                        + (servesOthers
                            ? ", and serves them without a header too; here those of 'allow' have to send one, and nobody else may"
                            : ""),
                servesOthers: servesOthers), findings)
        return DraftMatch.or(rest)
    }
}

/// The routes of one server, flattened: what stands in a subroute or behind a PROXY header becomes one list.
struct CaddyRoutes {
    private(set) var flat: [DraftRoute] = []
    private(set) var header: DraftHeader?
    /// The matching timeout of a subroute.
    var innerTimeout: JSONElement?
    /// Routes from here on have a PROXY header before them.
    var isBehindHeader = false

    mutating func add(_ matches: [DraftMatch], _ dial: DraftDial?, at position: SourcePosition, behindHeader: Bool) {
        // Who is closed after a header has been read from all others is not trusted.
        if dial == nil, header != nil, !behindHeader, !isBehindHeader { return }
        flat += matches.map {
            DraftRoute(
                match: $0, dial: dial, position: position, isBeforeHeader: !behindHeader && !isBehindHeader)
        }
    }

    mutating func expect(_ header: DraftHeader, _ findings: Findings) {
        if let first = self.header, first.peers.trusted != header.peers.trusted || first.timeout != header.timeout {
            findings.refuse(
                "a second way to read PROXY headers on one port; here a listener has one: join them",
                at: header.position)
        }
        self.header = self.header ?? header
    }
}
