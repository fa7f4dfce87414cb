import TailwartConfig
import TailwartCore
import TailwartWire

/// Finds out which of the dialled upstreams are one and the same but for the port, so that each is named once.
struct SharedUpstreams {
    fileprivate struct Group {
        /// Without ports, where all endpoints of each dial had the same.
        var key: Upstream
        /// The number of the first route that leads here.
        var first: Int
        var dials: [(dial: DraftDial, port: UInt16?, route: DraftRoute, listener: DraftListener)] = []
    }

    private var groups: [Group] = []
    /// Where in ``groups`` a key is.
    private var indices: [Upstream: Int] = [:]

    private let variables: Variables

    init(_ listeners: [DraftListener], _ variables: Variables) {
        self.variables = variables
        // Those first whose port is the client's: another port of the same hosts may join them.
        for joins in [false, true] {
            var number = 0
            for listener in listeners {
                for route in listener.routes {
                    number += 1
                    if Self.isOfItsOwn(route, of: listener) == joins { add(route, number, of: listener) }
                }
            }
        }
        groups.sort { $0.first < $1.first }
        indices = Dictionary(groups.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter number: of the route in the whole file.
    private mutating func add(_ route: DraftRoute, _ number: Int, of listener: DraftListener) {
        guard let dial = route.dial else { return }
        let (key, port) = key(of: dial, route: route, of: listener)
        let index = indices[key] ?? groups.count
        if index == groups.count {
            indices[key] = index
            groups.append(Group(key: key, first: number))
        }
        groups[index].first = min(groups[index].first, number)
        groups[index].dials.append((dial, port, route, listener))
    }

    /// Whether the port tells a service of its own, and not the client's port on another host: two such are two upstreams.
    private static func isOfItsOwn(_ route: DraftRoute, of listener: DraftListener) -> Bool {
        guard let dial = route.dial, let port = dial.upstream.withoutCommonPort.port else { return false }
        return !listener.proto.isMail && !listener.binds.allSatisfy { $0.port == port }
    }

    private func key(
        of dial: DraftDial, route: DraftRoute, of listener: DraftListener
    ) -> (key: Upstream, port: UInt16?) {
        let stripped = dial.upstream.withoutCommonPort
        guard Self.isOfItsOwn(route, of: listener) else { return stripped }
        // The mailbox has an HTTPS port too, on whatever number; this host has other services.
        let isJoining =
            !route.match.isAlways && !dial.upstream.isLoopback && indices[stripped.key] != nil
        return isJoining ? stripped : (dial.upstream.withoutHeader, nil)
    }

    /// In the order in which they are first dialled, with the positions that describe them.
    var planned: [(upstream: Upstream, positions: [SourcePosition])] {
        var names = UniqueNames()
        return groups.map { group in
            var upstream = group.key
            upstream.name = names.take(variables.references.written(group.name(variables), escaped: false))
            upstream.proxyProtocol = group.header
            if let port = group.ownPort { upstream.setPort(port) }
            return (upstream, group.dials.map(\.dial.position).withoutRepeats)
        }
    }

    /// The upstream of a dial, and the port that its route has to name.
    func find(_ route: DraftRoute, of listener: DraftListener) -> (index: Int, port: UInt16?)? {
        guard let dial = route.dial else { return nil }
        let (key, port) = key(of: dial, route: route, of: listener)
        guard let index = indices[key] else { return nil }
        if groups[index].ownPort != nil { return (index, nil) }
        return (index, port == nil || listener.binds.allSatisfy { $0.port == port } ? nil : port)
    }
}

extension SharedUpstreams.Group {
    /// The port that stands with the endpoints: there is but one, and no listener has it. Nil: the routes say it.
    fileprivate var ownPort: UInt16? {
        guard let port = dials.first?.port, dials.allSatisfy({ $0.port == port && !$0.listener.proto.isMail }) else {
            return nil
        }
        return dials.contains { $0.listener.binds.contains { $0.port == port } } ? nil : port
    }

    /// The one that most dials want.
    fileprivate var header: ProxyProtocolOut {
        let headers = dials.map(\.dial.upstream.proxyProtocol)
        let counts = Dictionary(headers.map { ($0, 1) }, uniquingKeysWith: +)
        return headers.first { counts[$0] == counts.values.max() } ?? Defaults.proxyProtocol
    }

    /// What the source calls it, if that is one name; else what it is for.
    fileprivate func name(_ variables: Variables) -> String {
        let names = dials.compactMap(\.dial.name).withoutRepeats
        if names.count == 1, let name = names.first { return name }
        if dials.contains(where: { $0.listener.proto.isMail || $0.route.match.asksForMailNames }) { return "mailbox" }
        if let name = names.first { return name }
        if dials.contains(where: { $0.listener.proto == .https && $0.route.match.isAlways }) { return "web" }
        guard let first = key.endpoints.first, first.isName(variables),
            let label = first.host.text.split(separator: ".").first
        else {
            return "upstream"
        }
        return String(label)
    }
}

extension DraftMatch {
    /// Whether a name is among its conditions that mail programs look up.
    fileprivate var asksForMailNames: Bool {
        serverNames.contains { name in Defaults.httpsNamePrefixes.contains { "\(name)".hasPrefix("\($0).") } }
    }
}

extension Upstream {
    /// The upstream without its port where all endpoints have the same, and that port; without its header in any case.
    fileprivate var withoutCommonPort: (key: Upstream, port: UInt16?) {
        let internet = endpoints.filter { !$0.isUnix }
        var key = withoutHeader
        guard let port = internet.first?.port, internet.allSatisfy({ $0.port == port }) else { return (key, nil) }
        key.setPort(nil)
        return (key, port)
    }

    fileprivate var withoutHeader: Upstream {
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
