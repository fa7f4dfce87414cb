import TailwartConfig
import TailwartCore
import TailwartWire

/// Conditions on the address that the client came to: ours has none, but a listener for each address says the same.
extension DraftListener {
    /// Nil, with the reason refused, where that is not so.
    func dividedByLocalAddress(_ findings: Findings) -> [DraftListener]? {
        guard let route = routes.first(where: { $0.match.asksForLocalAddress }) else { return [self] }
        guard let binds = namedAddresses else {
            findings.refuse(
                "a route for one of the edge's own addresses, and others for the rest of them: here a listener on all "
                    + "addresses cannot be divided; list each address under 'listen' instead of all of them",
                at: route.place)
            return nil
        }
        var divided: [DraftListener] = []
        for bind in binds {
            guard let address = bind.ip, !findings.variables.references.isUnknown(address) else {
                findings.refuse(
                    "a route for one of the edge's own addresses needs addresses to listen on that are known now, not "
                        + findings.variables.references.written(bind).quoted, at: route.place)
                return nil
            }
            let routes = routes.compactMap { route in
                route.match.resolved(at: address).map { DraftRoute(match: $0, dial: route.dial, place: route.place) }
            }
            if let index = divided.firstIndex(where: { $0.routes == routes }) {
                divided[index].binds.append(bind)
            } else {
                var listener = self
                listener.binds = [bind]
                listener.routes = routes
                if !divided.isEmpty {
                    listener.name = name.map { "\($0)-\(divided.count + 1)" }
                    listener.notes = []
                }
                divided.append(listener)
            }
        }
        return divided
    }

    /// The addresses to listen on one by one: those of the conditions where the listener is on all addresses and closes
    /// connections to any other.
    private var namedAddresses: [BindAddress]? {
        guard binds.contains(where: \.isOfAll) else { return binds }
        guard routes.allSatisfy({ !$0.match.locals.isEmpty || $0.dial == nil }) else { return nil }
        let addresses = routes.flatMap(\.match.locals).withoutRepeats.map(\.single)
        guard !addresses.contains(nil), !routes.contains(where: { $0.match.not.contains(where: \.asksForLocalAddress) })
        else { return nil }
        return binds.flatMap { bind in
            addresses.compactMap(\.self).filter { bind.ip == nil || $0.isV4 == (bind.ip == .anyV4) }
                .compactMap { address in bind.port.map { .internet(InternetAddress(address, port: $0)) } }
        }.withoutRepeats
    }
}

extension DraftMatch {
    var asksForLocalAddress: Bool { !locals.isEmpty || not.contains(where: \.asksForLocalAddress) }

    /// What is left of it for clients that came to this address; nil if it never holds for them.
    func resolved(at address: IPAddress) -> DraftMatch? {
        guard locals.isEmpty || locals.contain(address) else {
            return nil
        }
        var match = self
        match.locals = []
        match.not = []
        for inner in not {
            guard let rest = inner.resolved(at: address) else { continue }
            if rest.isAlways { return nil }
            match.not = [rest]
        }
        return match
    }
}
