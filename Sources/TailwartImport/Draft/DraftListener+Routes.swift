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
            if route.dial == nil {
                // Nobody wants a port that closes everybody.
                if match.isAlways { match = .never }
            } else if match.isNever {
                match = DraftMatch(clients: route.match.clients, not: route.match.not.filter { !$0.needsHello })
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
                guard rest.allSatisfy({ $0.dial == nil || $0.upstream == route.upstream }) else {
                    return refuseTLS(route, findings)
                }
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

    private func refuseTLS(_ route: DraftRoute, _ findings: Findings) -> Bool {
        findings.refuse(
            "TLS and what is not TLS go different ways here; Tailwart tells server names apart, not protocols: give the other "
                + "protocol a port of its own", at: route.position)
        return false
    }
}
