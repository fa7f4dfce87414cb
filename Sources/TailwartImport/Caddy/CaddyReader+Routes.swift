import TailwartConfig
import TailwartCore
import TailwartWire

extension CaddyReader {
    /// Handlers that others have and ours has not, with what to do.
    private static let foreignHandlers = [
        "tls":
            "Tailwart ends no TLS; pass it through to a mailbox that has the certificate, or keep this server with Caddy",
        "postgres_tls": "Tailwart ends no TLS; keep this server with Caddy",
        "echo": "nothing here answers by itself; keep this server with Caddy",
        "socks5": "nothing here answers by itself; keep this server with Caddy",
        "throttle": "rates are not limited here; remove it, or keep this server with Caddy",
        "tee": "connections are not copied here; remove it, or keep this server with Caddy",
        "vars": "there are no variables of a connection here; write the values where they are used",
    ]

    /// Reads one route, and what stands in its subroutes.
    ///
    /// - Parameter outer: the conditions around it, one of which holds.
    func read(_ route: JSONElement, under outer: [DraftMatch], into routes: inout CaddyRoutes) {
        guard members(route, known: ["match", "handle"]) else { return }
        guard let own = matches(route["match"]) else { return }
        guard var matches = DraftMatch.and(outer, own) else {
            return refuse(route, "these conditions cannot be said in one match here; divide the route")
        }
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
                routes.add(matches, dial, at: route.place, behindHeader: behindHeader)
            case "close":
                _ = members(handler, known: ["handler"])
                routes.add(matches, nil, at: route.place, behindHeader: behindHeader)
            case "subroute":
                guard members(handler, known: ["handler", "routes", "matching_timeout"]) else { return }
                routes.innerTimeout = handler["matching_timeout"] ?? routes.innerTimeout
                if behindHeader {
                    readBehindHeader(handler, under: matches, into: &routes)
                } else {
                    for inner in list(handler["routes"]) { read(inner, under: matches, into: &routes) }
                }
                continue
            case "proxy_protocol":
                guard let rest = readHeader(handler, of: matches, isLast: number == handlers.count - 1, &routes) else {
                    return
                }
                matches = rest
                behindHeader = true
                continue
            default:
                return refuse(
                    handler,
                    "'handler': \(kind.quoted): "
                        + (Self.foreignHandlers[kind] ?? "this handler is not known here; keep this server with Caddy"))
            }
            if number < handlers.count - 1 {
                note(handlers[number + 1], "never reached: the handler before it ends the route")
            }
            return
        }
    }

    private func readBehindHeader(
        _ handler: JSONElement, under matches: [DraftMatch], into routes: inout CaddyRoutes
    ) {
        var inner = CaddyRoutes()
        for route in list(handler["routes"]) { read(route, under: matches, into: &inner) }
        if let place = inner.inboundPlace {
            findings.refuse("a second PROXY header behind the first is not read here; remove one", at: place)
        }
        for route in inner.settled(findings) {
            routes.add([route.match], route.dial, at: route.place, behindHeader: true)
        }
        routes.innerTimeout = inner.innerTimeout ?? routes.innerTimeout
    }

    /// The handler that reads a PROXY header.
    ///
    /// - Returns: the conditions that are left for what follows; nil if it was refused.
    private func readHeader(
        _ handler: JSONElement, of matches: [DraftMatch], isLast: Bool, _ routes: inout CaddyRoutes
    ) -> [DraftMatch]? {
        guard members(handler, known: ["handler", "timeout", "allow", "deny", "fallback_policy"]) else { return nil }
        let peers = matches.flatMap(\.clients).withoutRepeats
        let allowed = networks(handler["allow"])
        if let deny = handler["deny"] {
            guard !allowed.isEmpty || !peers.isEmpty else {
                refuse(
                    deny,
                    "whom to trust must be named here, not whom to distrust; list the trusted networks under 'allow'")
                return nil
            }
            note(deny, "left out: whoever is not trusted is closed here")
        }
        var trusted = allowed.isEmpty ? peers : allowed
        if trusted.isEmpty {
            trusted = findings.trustAnybody(at: handler.place)
        }
        if handler["fallback_policy"]?.text?.uppercased() != "REQUIRE" || !allowed.isEmpty {
            note(handler, "caddy-l4 also takes connections without a PROXY header here; this listener closes them")
        }
        var header = ProxyProtocolIn(trusted: trusted)
        if let element = handler["timeout"], let given = duration(element), given > .zero {
            header.timeout = given.within(
                ProxyProtocolIn.timeoutRange, "the wait for a PROXY header", at: element.place, findings)
        }
        // Behind the header, conditions on the client are about the one that it names.
        let rest = DraftMatch.or(
            matches.map { match in
                var match = match
                match.clients = []
                match.proxyHeader = false
                return match
            })
        if rest.contains(where: \.needsHello) {
            note(
                handler,
                "a TLS hello is asked for before the PROXY header has been read, so this never matched (mholt/caddy-l4#202); "
                    + "imported as meant: the name behind the header")
        }
        let forAll = isLast && rest == [.always]
        guard routes.expectHeader(header, forAll: forAll, at: handler.place) else {
            refuse(handler, "a second way to read PROXY headers on one port; here a listener has one: join them")
            return nil
        }
        return rest
    }
}
