import TailwartCore
import TailwartWire

/// Turns routes into such as ours can have: no condition on TLS as such, none on a hello that cannot come.
extension DraftListener {
    mutating func settleRoutes(_ findings: Findings) {
        routes.removeAll { $0.match.isNever }
        let isSettled =
            proto.firstSpeaker == .server && routes.contains(where: \.match.needsHello)
            ? dropHellos(findings) : settleTLS(findings)
        guard isSettled else { return }
        refuseNarrowed(findings)
        if let last = routes.firstIndex(where: \.match.isAlways), last + 1 < routes.count {
            let behind = routes[(last + 1)...]
            if behind.contains(where: { $0.upstream != routes[last].upstream }) {
                findings.note(
                    "this is never reached: an earlier route takes everything; left out", at: behind[last + 1].position)
            }
            routes.removeSubrange((last + 1)...)
        }
        if routes.isEmpty {
            findings.note("nothing is passed on from here: every connection is closed, here too", at: position)
            routes = [DraftRoute(match: .always, position: position)]
        }
    }

    /// The server speaks first: whoever waits for the client's hello waits until a timeout ends it.
    private mutating func dropHellos(_ findings: Findings) -> Bool {
        let upstreams = routes.compactMap(\.upstream).withoutRepeats
        let isServedAnyway = routes.contains { $0.dial != nil && !$0.match.withoutHello.isNever }
        let asking = routes.filter { $0.dial != nil && $0.match.withoutHello.isNever }.map(\.match.clientsAlone)
        for index in routes.indices where routes[index].match.needsHello {
            let route = routes[index]
            if route.dial != nil, upstreams.count > 1 {
                findings.refuse(
                    "on \(proto.rawValue) the server speaks first, so there is no server name to choose by; give each upstream "
                        + "an address or a port of its own", at: route.position)
                return false
            }
            findings.note(
                "on \(proto.rawValue) the server speaks first, so no client shows a TLS hello here, and asking for one waits "
                    + "until a timeout; imported as meant: without that question", at: route.position)
            var match = route.match.withoutHello
            let isOfClients = route.match.asksForClients
            if isOfClients,
                route.dial == nil ? match.isAlways || match.isNever : asking.contains(.always) && match.isNever
            {
                findings.refuse(
                    "who is let in hangs on the client's address and on a TLS hello, and on \(proto.rawValue) no client shows "
                        + "one; decide by the address alone", at: route.position)
                return false
            }
            if route.dial == nil {
                // Nobody wants a port that closes everybody.
                if match.isAlways { match = .never }
            } else if match.isNever, !isServedAnyway {
                match = route.match.clientsAlone
            }
            routes[index].match = match
        }
        routes.removeAll(where: \.match.isNever)
        return true
    }

    /// Takes away the conditions "is TLS" and "is not TLS".
    private mutating func settleTLS(_ findings: Findings) -> Bool {
        var index = 0
        while index < routes.count {
            let route = routes[index]
            if route.match.tls == false, route.dial == nil {
                // Where nothing speaks TLS for certain, nobody would refuse what is not.
                guard route.match == DraftMatch(tls: false), isOfTLS else { return refuseTLS(route, findings) }
                findings.note(
                    "what is not TLS is not told apart here: it goes where TLS without a name goes, and is refused there",
                    at: route.position)
                routes.remove(at: index)
                continue
            } else if route.match.tls == true {
                // Where connections without TLS would go.
                let others = routes[(index + 1)...].filter {
                    $0.match.serverNames.isEmpty && $0.match.alpn.isEmpty && $0.match.tls != true
                }
                let last = others.firstIndex(where: \.match.isAlways)
                let rest = last.map { others[...$0] } ?? others[...]
                let isSame = rest.allSatisfy {
                    $0.dial == nil || $0.upstream == route.upstream && ($0.match.isAlways || !$0.match.asksForClients)
                }
                guard isSame, route.dial == nil || last != nil || isOfTLS else { return refuseTLS(route, findings) }
                routes[index].match.tls = nil
                if route.dial != nil, last == nil || rest.contains(where: { $0.dial == nil }) {
                    findings.note(
                        "only TLS was passed on from here, and the rest closed; here both go on, and the upstream refuses "
                            + "what is not TLS", at: route.position)
                }
            } else if route.match.asksForTLS {
                return refuseTLS(route, findings)
            }
            index += 1
        }
        return true
    }

    /// Whether all that is dialled, or listened on, speaks TLS by its port.
    private var isOfTLS: Bool {
        let dialled = routes.flatMap { $0.dial?.upstream.endpoints.map(\.port) ?? [] }
        return [binds.map(\.port), dialled].contains { ports in
            !ports.isEmpty
                && ports.allSatisfy { port in
                    port.flatMap { ListenerProtocol(wellKnownPort: $0) }?.firstSpeaker == .client
                }
        }
    }

    /// A pattern stands for one label here. Where it stands for more in the source and keeps somebody out, those would be let in.
    private func refuseNarrowed(_ findings: Findings) {
        for (index, route) in routes.enumerated() {
            let isLetIn = route.dial != nil && route.match.not.contains(where: \.isNarrowed)
            guard isLetIn || route.dial == nil && route.match.isNarrowed && isReached(below: route, after: index) else {
                continue
            }
            findings.refuse(
                "a name any number of labels below is kept out here, and '*.' stands for one label; name each that there is",
                at: route.position)
        }
    }

    /// Whether a name below those of a route that closes goes on by a later one.
    private func isReached(below closing: DraftRoute, after index: Int) -> Bool {
        routes[(index + 1)...].contains { later in
            guard later.dial != nil else { return false }
            return later.match.serverNames.isEmpty
                || later.match.serverNames.contains { name in
                    closing.match.serverNames.contains { name.name.hasSuffix(".\($0.name)") }
                }
        }
    }

    private func refuseTLS(_ route: DraftRoute, _ findings: Findings) -> Bool {
        findings.refuse(
            "TLS and what is not TLS go different ways here; Tailwart tells server names apart, not protocols: give the other "
                + "protocol a port of its own", at: route.position)
        return false
    }
}
