import TailwartConfig
import TailwartCore
import TailwartWire

extension TraefikReader {
    /// Routers of one priority that are compared with each other; nobody has more that are about anything else than names.
    private static let rivalLimit = 200

    /// An entry point as Traefik serves it: where nothing but plain TCP routers is on it, they are asked at once; else the hello is
    /// looked at, names of HTTP routers come first, then TCP routers for TLS, then what takes everything.
    func listener(
        _ point: TraefikEntryPoint, _ routers: [TraefikRouter], _ web: [TraefikWebRouter]
    ) -> DraftListener {
        var listener = DraftListener(
            name: point.name, binds: point.binds.map(\.address), routes: [], position: point.position)
        listener.header = point.header
        let secure = sorted(routers.filter(\.isTLS))
        let plain = sorted(routers.filter { !$0.isTLS })
        let secureWeb = web.filter { $0.hasTLS || point.isTLS }
        let peeks = !secureWeb.isEmpty || !secure.isEmpty
        let moved = web.isEmpty || !peeks && plain.contains(where: \.takesAll) ? nil : movedWeb(point)
        let names = secureWeb.flatMap(\.names).compactMap { ServerNamePattern($0) }.withoutRepeats
        if let moved, !names.isEmpty {
            listener.routes.append(
                DraftRoute(match: DraftMatch(serverNames: names), dial: moved, position: point.position))
        }
        var limits: [Int?] = []
        func add(_ router: TraefikRouter, only condition: DraftMatch) {
            guard let routes = routes(router, only: condition) else { return }
            listener.routes += routes.routes
            limits.append(routes.limit)
        }
        for router in secure.prefix(while: { !$0.takesAll }) { add(router, only: DraftMatch(tls: true)) }
        let takesAllTLS = secureWeb.contains { $0.names.isEmpty }
        if let moved, takesAllTLS {
            listener.routes.append(DraftRoute(match: DraftMatch(tls: true), dial: moved, position: point.position))
        }
        let last = secure.first(where: \.takesAll)
        // One for TLS and one for the rest that lead to the same are one.
        let isOne = last.map { last in !takesAllTLS && plain.contains { $0.leadsOn(as: last) } } ?? false
        if let last, !isOne { add(last, only: DraftMatch(tls: true)) }
        for router in secure.drop(while: { !$0.takesAll }).dropFirst() {
            findings.note(
                "\(router.name.quoted) is never reached: an earlier router takes everything; left out",
                at: router.position)
        }
        for router in plain {
            let isForAll = !peeks || isOne && last.map(router.leadsOn) ?? false
            add(router, only: isForAll ? .always : DraftMatch(tls: false))
        }
        if let moved, !secure.contains(where: \.takesAll) {
            listener.routes.append(DraftRoute(match: .always, dial: moved, position: point.position))
        }
        refuseChance(secure)
        refuseChance(plain)
        readLimits(limits, of: point, hasWeb: moved != nil, into: &listener)
        return listener
    }

    /// Where HTTP goes that shares the port: Traefik's own entry point, on another one.
    private func movedWeb(_ point: TraefikEntryPoint) -> DraftDial? {
        guard let port = point.binds.first?.address.port, port < 57_536,
            !findings.variables.references.isUnknown(port)
        else {
            return findings.refuse(
                "HTTP routers share this entry point, and the port that they are moved to cannot be told; write its port",
                at: point.position)
        }
        findings.note(
            "HTTP routers share the port of \(point.name.quoted); their names, and what no TCP router takes, go on to 127.0.0.1:\(port + 8000): "
                + "move that entry point of Traefik's there. It sees this host as its client then, unless a PROXY header is switched "
                + "on at both ends. Routers that are not in this file are not seen here", at: point.position)
        return findings.dial(
            [Endpoint(host: "127.0.0.1", port: port + 8000)], .first, name: "traefik", at: point.position)
    }

    private func sorted(_ routers: [TraefikRouter]) -> [TraefikRouter] {
        routers.enumerated().sorted { ($1.element.rank, $0.offset) < ($0.element.rank, $1.offset) }.map(\.element)
    }

    /// Traefik takes routers of the same priority in any order.
    private func refuseChance(_ routers: [TraefikRouter]) {
        for group in Dictionary(grouping: routers, by: \.rank).values where group.count > 1 {
            let rules = group.map { TraefikRule.matches($0, findings) ?? [] }
            let areNames = rules.joined().allSatisfy { match in
                match == DraftMatch(serverNames: match.serverNames) && !match.isAlways
            }
            // Names are told apart one by one, however many there are; anything else is compared with everything.
            var owners = NameOwners()
            for (number, router) in group.enumerated() {
                let rivals =
                    areNames
                    ? rules[number].flatMap(\.serverNames).flatMap { owners.add($0, of: number) }
                    : Array(0..<min(number, Self.rivalLimit))
                let rival = rivals.first { other in
                    !group[other].doesTheSame(as: router)
                        && DraftMatch.and(rules[other], rules[number])?.isEmpty != true
                }
                guard let rival = rival ?? (!areNames && number > Self.rivalLimit ? 0 : nil) else { continue }
                findings.refuse(
                    "\(group[rival].name.quoted) and \(router.name.quoted) may take the same connection and have the same priority, "
                        + "so Traefik takes one by chance; write a 'priority'", at: router.position)
            }
        }
    }

    /// Which routers have a name, or a pattern that it belongs to.
    private struct NameOwners {
        private var owners: [ServerNamePattern: Int] = [:]
        /// Of names without a star, by what is behind their first label.
        private var below: [String: [Int]] = [:]

        /// - Returns: those that have had it before.
        mutating func add(_ name: ServerNamePattern, of owner: Int) -> [Int] {
            let parent = name.isWildcard ? name.name : String(name.name.drop { $0 != "." }.dropFirst())
            let same = owners.updateValue(owner, forKey: name)
            if name.isWildcard { return [same].compactMap(\.self) + (below[parent] ?? []).prefix(rivalLimit) }
            below[parent, default: []].append(owner)
            return [same, ServerNamePattern("*.\(parent)").flatMap { owners[$0] }].compactMap(\.self)
        }
    }

    /// The routes of a router, and how many connections one client may have.
    private func routes(
        _ router: TraefikRouter, only condition: DraftMatch
    ) -> (routes: [DraftRoute], limit: Int?)? {
        guard
            let rule = TraefikRule.matches(router, findings),
            let matches = findings.said(DraftMatch.and(rule, [condition]), at: router.rule.position),
            let dial = dial(router.service.text ?? "", in: router.container, at: router.service.position)
        else { return nil }
        var allowed = matches
        var limit: Int?
        for name in router.middlewares {
            guard let part = middleware(name.text ?? "", in: router.container, at: name.position) else { return nil }
            for member in part.node.members {
                switch member.key.lowercased() {
                case "ipallowlist", "ipwhitelist":
                    for key in member.value.members where key.key.lowercased() != "sourcerange" {
                        refuse(key, .unknown)
                    }
                    let ranges = member.value["sourceRange"]?.elements ?? []
                    let networks = ranges.compactMap { findings.network($0.text ?? "", at: $0.position) }
                    guard !networks.isEmpty else {
                        return findings.refuse("'sourceRange' names nobody; add a network", at: member.position)
                    }
                    guard
                        let both = findings.said(
                            DraftMatch.and(allowed, [DraftMatch(clients: networks)]), at: member.position)
                    else { return nil }
                    allowed = both
                case "inflightconn":
                    for key in member.value.members where key.key.lowercased() != "amount" { refuse(key, .unknown) }
                    guard
                        let amount = findings.number(
                            member.value["amount"]?.text, in: Allowed.concurrent, "'amount'", at: member.position)
                    else { return nil }
                    limit = min(limit ?? amount, amount)
                default: refuse(member, .unknown)
                }
            }
        }
        var routes = allowed.map { DraftRoute(match: $0, dial: dial, position: router.position) }
        // A router whose middleware turns a client away has taken it from those that follow.
        if allowed != matches { routes += matches.map { DraftRoute(match: $0, position: router.position) } }
        return (routes, limit)
    }

    private func readLimits(
        _ limits: [Int?], of point: TraefikEntryPoint, hasWeb: Bool, into listener: inout DraftListener
    ) {
        guard let limit = limits.lazy.compactMap(\.self).first else { return }
        guard !hasWeb, limits.allSatisfy({ $0 == limit }) else {
            return findings.refuse(
                "'inFlightConn' holds for some routers of \(point.name.quoted) and not for others; here a listener has one limit: give "
                    + "them entry points of their own", at: point.position)
        }
        findings.note(
            "'inFlightConn' counts each address by itself; here a /64 of IPv6 is one client, and its neighbourhood has eight times as "
                + "much ('limits')", at: point.position)
        listener.concurrent = limit
    }
}
