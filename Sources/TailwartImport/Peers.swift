import TailwartConfig
import TailwartCore
import TailwartWire

/// Who may send a PROXY header, as far as a source names them.
struct Peers {
    /// Nil: everybody.
    private var allowed: [Network]?
    private var denied: [Network] = []
    /// Whether a list that a variable is in would have to be compared with another one.
    private(set) var isUnknown = false

    init(allowed: [Network]? = nil) {
        self.allowed = allowed.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whom to trust; nil where nobody is named.
    var trusted: [Network]? { allowed?.subtracting(denied) }

    /// Whether nobody is left out either.
    var areEverybody: Bool { allowed == nil && denied.isEmpty }

    mutating func allow(_ networks: [Network]) {
        compare(denied.isEmpty ? [] : networks)
        guard let known = allowed, known != networks else { return allowed = networks }
        compare(known + networks)
        allowed = known.intersection(networks)
    }

    mutating func deny(_ networks: [Network]) {
        compare(networks.isEmpty ? [] : networks + (allowed ?? []))
        denied += networks
    }

    private mutating func compare(_ networks: [Network]) {
        isUnknown = isUnknown || networks.contains { References.mayStandIn($0) }
    }

    /// Takes away who is closed before a header is read.
    ///
    /// - Returns: false where the condition is about anything else than who it is.
    mutating func close(_ match: DraftMatch) -> Bool {
        let spared = match.not.first?.clients ?? []
        var peers = DraftMatch(clients: match.clients)
        if !spared.isEmpty { peers.not = [DraftMatch(clients: spared)] }
        guard match == peers, !match.isAlways else { return false }
        if match.clients.isEmpty { allow(spared) } else { deny(match.clients.subtracting(spared)) }
        return true
    }
}

/// Where and from whom a listener takes PROXY headers.
struct DraftHeader {
    var peers = Peers()
    var timeout = ProxyProtocolIn.defaultTimeout
    let position: SourcePosition
    /// How the source names networks.
    let naming: String
    /// What the program does with whoever is not named; nil: it closes them too.
    var others: String?
    /// Whether it serves them without a header, unless they are closed before.
    var servesOthers = false
    /// Whether a source that names nobody means everybody.
    var takesEverybody = false
}

extension DraftListener {
    /// Makes of routes before the header whom to trust; refuses where that would be everybody. A header is required of every
    /// connection or of none.
    mutating func settleHeader(_ findings: Findings) {
        guard var header else {
            for route in routes where route.match.asksForHeader {
                findings.refuse(
                    "a client's PROXY header is not told apart and passed on as it is; read it here, and send one to the upstream",
                    at: route.position)
            }
            return
        }
        let mixed =
            "connections with and without a PROXY header on one port; here only networks tell them apart: give the "
            + "others a port of their own"
        let named = header.peers.trusted ?? []
        var letIn = Peers()
        for route in routes where route.isBeforeHeader {
            guard route.dial == nil, header.peers.close(route.match), letIn.close(route.match) else {
                findings.refuse(mixed, at: route.position)
                continue
            }
        }
        // Who comes without a header is served, unless all of them are closed before.
        let servesOthers = header.servesOthers && letIn.trusted?.subtracting(named).isEmpty != true
        if servesOthers {
            for index in routes.indices where routes[index].isBeforeHeader {
                routes[index].isBeforeHeader = false
                guard !routes[index].match.clients.isEmpty else {
                    findings.refuse(
                        "this lets in but a few by the address of the connection, and here it would be asked of the clients behind a "
                            + "trusted proxy too and close them; give the proxies an address or a port of their own",
                        at: routes[index].position)
                    continue
                }
                findings.note(
                    "this closes by the address of the connection; here clients that come by a trusted proxy are closed too if "
                        + "their own address is among these", at: routes[index].position)
            }
        }
        routes.removeAll(where: \.isBeforeHeader)
        if header.takesEverybody, header.peers.areEverybody {
            header.peers.allow(["0.0.0.0/0", "::/0"].compactMap { Network($0) })
        }
        if header.peers.isUnknown {
            findings.refuse(
                "whom to trust depends on what a variable holds; write the networks", at: header.position)
        }
        let trusted = header.peers.trusted ?? []
        if trusted.contains(where: { $0.prefix == 0 }) {
            findings.note(
                "any client may send a PROXY header here and claim to be anybody; imported as it is: put the addresses of the "
                    + "proxy in front under 'trusted'", at: header.position)
        }
        if trusted.isEmpty {
            findings.refuse(
                "any client could send a PROXY header here and claim to be anybody; name the networks of the proxies in front: "
                    + header.naming, at: header.position)
        } else if let others = header.others {
            findings.note(
                "\(findings.program) also \(others)\(servesOthers ? "" : "; here only whoever is trusted is let in")",
                at: header.position)
        }
        proxyProtocolIn = ProxyProtocolIn(
            trusted: trusted, timeout: header.timeout, others: servesOthers ? .direct : .close)
    }
}

extension Network {
    /// The part of both: of two networks one lies in the other, or they have nothing in common.
    func intersection(_ other: Network) -> Network? {
        if prefix <= other.prefix { return contains(other.base) ? other : nil }
        return other.contains(base) ? self : nil
    }

    /// What is left of it without another one: halves, of which one is cut again.
    func subtracting(_ other: Network) -> [Network] {
        guard let common = intersection(other) else { return [self] }
        guard common != self, let lower = Network(base, prefix: prefix + 1) else { return [] }
        let step = UInt64(1) << UInt64(((base.isV4 ? 31 : 127) - prefix) & 63)
        let upper: IPAddress =
            switch base {
            case .v4(let bits): .v4(bits | UInt32(step))
            case .v6(let high, let low): prefix < 64 ? .v6(high | step, low) : .v6(high, low | step)
            }
        return [lower, Network(enclosing: upper, prefix: prefix + 1)].compactMap(\.self).flatMap {
            $0.subtracting(other)
        }
    }
}

extension [Network] {
    func intersection(_ others: [Network]) -> [Network] {
        flatMap { one in others.compactMap { one.intersection($0) } }.withoutRepeats
    }

    func subtracting(_ others: [Network]) -> [Network] {
        others.reduce(self) { rest, other in rest.flatMap { $0.subtracting(other) } }
    }
}
