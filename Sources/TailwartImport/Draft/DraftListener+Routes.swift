import TailwartConfig
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
            if behind.contains(where: { $0.dial != routes[last].dial }) {
                findings.note(
                    "this is never reached: an earlier route takes everything; left out", at: behind[last + 1].place)
            }
            routes.removeSubrange((last + 1)...)
        }
        if routes.isEmpty {
            findings.note("nothing is passed on from here: every connection is closed, here too", at: place)
            routes = [DraftRoute(match: .always, place: place)]
        }
    }

    /// The server speaks first: whoever waits for the client's hello waits until a timeout ends it.
    private mutating func dropHellos(_ findings: Findings) -> Bool {
        guard let first = routes.first(where: \.match.needsHello) else { return true }
        let dials = routes.compactMap(\.dial).withoutRepeats
        guard dials.count == 1, let dial = dials.first else {
            findings.refuse(
                "on \(proto.rawValue) the server speaks first, so there is no server name to choose by; give each upstream "
                    + "an address or a port of its own", at: first.place)
            return false
        }
        findings.note(
            "on \(proto.rawValue) the server speaks first, so no client shows a TLS hello here and this waits until its "
                + "timeout; imported as meant: everything goes on at once", at: first.place)
        routes = routes.filter { !$0.match.needsHello && !$0.match.isAlways }
        routes.append(DraftRoute(match: .always, dial: dial, place: first.place))
        return true
    }

    /// Takes away the conditions "is TLS" and "is not TLS".
    private mutating func settleTLS(_ findings: Findings) -> Bool {
        var index = 0
        while index < routes.count {
            let route = routes[index]
            if !route.match.serverNames.isEmpty || !route.match.alpn.isEmpty, route.match.tls == true {
                routes[index].match.tls = nil
            } else if route.match.tls == false, route.dial == nil {
                findings.note(
                    "what is not TLS is not told apart here: it goes where TLS without a name goes, and is refused there",
                    at: route.place)
                routes.remove(at: index)
                continue
            } else if route.match.tls == true {
                // Where connections without TLS would go.
                let rest = routes[(index + 1)...].first { other in
                    other.match.serverNames.isEmpty && other.match.alpn.isEmpty && other.match.tls != true
                }
                guard rest == nil || rest?.dial == route.dial || rest?.dial == nil else {
                    return refuseTLS(route, findings)
                }
                routes[index].match.tls = nil
                if rest == nil || rest?.dial != route.dial {
                    findings.note(
                        "only TLS was passed on from here, and the rest closed; here both go on, and the upstream refuses "
                            + "what is not TLS", at: route.place)
                }
            } else if route.match.tls != nil || route.match.not.contains(where: \.asksForTLS) {
                return refuseTLS(route, findings)
            }
            index += 1
        }
        return true
    }

    private func refuseTLS(_ route: DraftRoute, _ findings: Findings) -> Bool {
        findings.refuse(
            "TLS and what is not TLS go different ways here; Tailwart tells server names apart, not protocols: give the other "
                + "protocol a port of its own", at: route.place)
        return false
    }
}
