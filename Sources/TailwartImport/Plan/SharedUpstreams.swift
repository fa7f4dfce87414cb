import TailwartConfig
import TailwartCore
import TailwartWire

/// What one route of a listener dials.
private struct Dialling {
    let dial: DraftDial
    let match: DraftMatch
    let listener: DraftListener
    /// The upstream without its header, and without its port where all endpoints have the same.
    var key: Upstream
    var port: UInt16?

    /// Nil for a route that closes.
    init?(_ route: DraftRoute, of listener: DraftListener) {
        guard let dial = route.dial else { return nil }
        (self.dial, match, self.listener) = (dial, route.match, listener)
        (key, port) = dial.upstream.withoutCommonPort
    }

    /// Whether the port tells a service of its own, and not the client's port on another host: two such are two upstreams.
    var isOfItsOwn: Bool {
        port != nil && !listener.proto.isMail && !listener.binds.allSatisfy { $0.port == port }
    }
}

/// Finds out which of the dialled upstreams are one and the same but for the port, so that each is named once.
struct SharedUpstreams {
    private var groups: [[Dialling]] = []
    /// Where in ``groups`` a key is.
    private var indices: [Upstream: Int] = [:]
    /// Those of which the client's port is dialled: another port of the same hosts may join them.
    private let joinable: Set<Upstream>
    private let variables: Variables

    init(_ listeners: [DraftListener], _ variables: Variables) {
        self.variables = variables
        let diallings = listeners.flatMap { listener in listener.routes.compactMap { Dialling($0, of: listener) } }
        joinable = Set(diallings.filter { !$0.isOfItsOwn }.map(\.key))
        for dialling in diallings.map(placed) {
            let index = indices[dialling.key] ?? groups.count
            indices[dialling.key] = index
            if index == groups.count { groups.append([]) }
            groups[index].append(dialling)
        }
    }

    /// With the key and the port of the group that it is in.
    private func placed(_ dialling: Dialling) -> Dialling {
        // The mailbox has an HTTPS port too, on whatever number; this host has other services.
        let isJoining = !dialling.match.isAlways && !dialling.key.isLoopback && joinable.contains(dialling.key)
        guard dialling.isOfItsOwn, !isJoining else { return dialling }
        var placed = dialling
        (placed.key, placed.port) = (dialling.dial.upstream.withoutHeader, nil)
        return placed
    }

    /// In the order in which they are first dialled, with the positions that describe them.
    var planned: [(upstream: Upstream, positions: [SourcePosition])] {
        var names = UniqueNames()
        return groups.map { group in
            var upstream = group[0].key
            upstream.name = names.take(variables.references.written(group.name(variables), escaped: false))
            upstream.proxyProtocol = group.header
            if let port = group.ownPort { upstream.setPort(port) }
            return (upstream, group.map(\.dial.position).withoutRepeats)
        }
    }

    /// The upstream that a route dials, and the port that it has to name.
    func find(_ route: DraftRoute, of listener: DraftListener) -> (index: Int, port: UInt16?)? {
        guard let dialling = Dialling(route, of: listener).map(placed), let index = indices[dialling.key] else {
            return nil
        }
        let isSaid = groups[index].ownPort != nil || listener.binds.allSatisfy { $0.port == dialling.port }
        return (index, isSaid ? nil : dialling.port)
    }
}

extension [Dialling] {
    /// The port that stands with the endpoints: there is but one, and no listener has it. Nil: the routes say it.
    fileprivate var ownPort: UInt16? {
        let port = self[0].port
        let isOwn = allSatisfy { dialling in
            dialling.port == port && !dialling.listener.proto.isMail
                && !dialling.listener.binds.contains { $0.port == port }
        }
        return isOwn ? port : nil
    }

    /// The one that most want.
    fileprivate var header: ProxyProtocolOut {
        let headers = map(\.dial.upstream.proxyProtocol)
        let counts = Dictionary(headers.map { ($0, 1) }, uniquingKeysWith: +)
        return headers.first { counts[$0] == counts.values.max() } ?? Defaults.proxyProtocol
    }

    /// What the source calls it, if that is one name; else what it is for.
    fileprivate func name(_ variables: Variables) -> String {
        let names = compactMap(\.dial.name).withoutRepeats
        if names.count == 1 { return names[0] }
        if contains(where: { $0.listener.proto.isMail || $0.match.asksForMailNames }) { return "mailbox" }
        if let name = names.first { return name }
        if contains(where: { $0.listener.proto == .https && $0.match.isAlways }) { return "web" }
        let first = self[0].key.endpoints[0]
        let host = first.isName(variables) ? first.host.text : ""
        return host.split(separator: ".").first.map(String.init) ?? "upstream"
    }
}

extension DraftMatch {
    /// Whether a name is among its conditions that mail programs look up.
    fileprivate var asksForMailNames: Bool {
        serverNames.contains { name in Defaults.httpsNamePrefixes.contains { "\(name)".hasPrefix("\($0).") } }
    }
}

extension Upstream {
    /// The upstream without its port where all endpoints have the same, and that port; without its header if it can be.
    fileprivate var withoutCommonPort: (key: Upstream, port: UInt16?) {
        let ports = Set(endpoints.filter { !$0.isUnix }.map(\.port))
        var key = withoutHeader
        guard ports.count == 1, let port = ports.first else { return (key, nil) }
        key.setPort(nil)
        return (key, port)
    }

    /// Where endpoints have headers of their own, a route's would take their place: it stays.
    fileprivate var withoutHeader: Upstream {
        guard endpoints.allSatisfy({ $0.proxyProtocol == nil }) else { return self }
        var upstream = self
        upstream.proxyProtocol = Defaults.proxyProtocol
        return upstream
    }

    /// Whether all of it is on this host.
    fileprivate var isLoopback: Bool {
        endpoints.allSatisfy {
            $0.isUnix || $0.host == .name("localhost") || IPAddress($0.host.text)?.isLoopback == true
        }
    }

    fileprivate mutating func setPort(_ port: UInt16?) {
        for index in endpoints.indices where !endpoints[index].isUnix { endpoints[index].port = port }
    }
}
