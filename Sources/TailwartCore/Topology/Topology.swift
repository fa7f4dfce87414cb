package import TailwartWire

/// Everything that a worker needs to know, of one generation of the configuration: the control plane makes a new one when a name
/// resolves to other addresses or the file is read again, and hands it to every worker. Immutable, but for the counts and standings in
/// the objects that live on by their keys.
///
/// A class, so that a connection can hold on to the one that it was accepted under for the price of a reference. All that it refers to
/// lives at least as long, so sessions and records name parts of it by unmanaged references.
package final class Topology: Sendable {
    /// In the order of the file.
    package let frontends: [Frontend]
    package let backends: [Backend]
    /// Each place that a route leads to, once, in the order of the ways.
    package let approaches: [Approach]
    /// Of all listeners together.
    package let maxConnections: Int
    package let headcount: Headcount
    /// Connections that are waited for because they have not said yet what they want, and how many may be.
    let pending: Headcount
    let maxPending: Int?
    package var pendingCount: Int { pending.live }
    /// Nil: clients have no limits of their own.
    package let clients: ClientTable?

    private let known: [Place.Key: Approach]
    private let doors: [Door.Key: Int]
    private let headcounts: [String: Headcount]
    private let turns: [String: Turn]
    private let closedTable: ClientTable

    /// - Parameters:
    ///   - edge: what the edge calls itself where the file says nothing else.
    ///   - addresses: the addresses of a host name in the order in which they are tried, empty while it does not resolve, nil before
    ///     anybody has answered for it. Asked for each of ``Configuration/hostNames`` only.
    ///   - own: where the edge would meet itself; such an address is left out.
    ///   - seed: random; of the table of clients, if there is none to carry on with.
    ///   - old: the topology that this one follows. What has the same key in both is the same object; a key that comes back after a
    ///     topology without it begins anew, and what still happens under the older one does not count for it.
    package init(
        _ configuration: Configuration, edge: String = "localhost", addresses: (String) -> [IPAddress]?,
        own: OwnDoors = OwnDoors([], host: []), seed: (UInt64, UInt64) = (0, 0), carrying old: Topology? = nil
    ) {
        var turns: [String: Turn] = [:]
        let closedTable = old?.closedTable ?? ClientTable(capacity: ClosedClients.capacity, seed: seed)
        let backends = configuration.upstreams.map { upstream in
            let turn = turns[upstream.name] ?? old?.turns[upstream.name] ?? Turn()
            turns[upstream.name] = turn
            return Backend(upstream, tailscale: configuration.tailscale, turn: turn, addresses: addresses)
        }
        var survey = Survey(configuration, backends, own: own, closedTable: closedTable, old: old)
        let clients = configuration.limits.map { settings in
            // As many slots as the table would have.
            if let known = old?.clients, known.isAsked(for: settings.table) { return known }
            return ClientTable(capacity: settings.table, seed: seed, counting: old?.clients)
        }
        var headcounts: [String: Headcount] = [:]
        var doors: [Door.Key: Int] = [:]
        var ordinals: [BindAddress: Int] = [:]
        let frontends = configuration.listeners.enumerated().map { number, listener in
            let headcount = headcounts[listener.name] ?? old?.headcounts[listener.name] ?? Headcount()
            headcounts[listener.name] = headcount
            let ownDoors = listener.bind.map { bind in
                let key = Door.Key(bind, ordinal: ordinals[bind, default: 0])
                ordinals[bind, default: 0] += 1
                doors[key] = number
                return old?.door(key) ?? Door(key)
            }
            let passages = survey.passages(of: listener)
            var listener = listener
            for index in listener.routes.indices {
                listener.routes[index].proxyProtocol = survey.header(of: listener.routes[index])
            }
            return Frontend(
                listener, edge: edge, doors: ownDoors, headcount: headcount,
                limiter: clients.flatMap { table in
                    configuration.limits.map { ClientLimiter(listener, $0, table, besides: configuration.bans.never) }
                },
                ports: listener.clientPorts.map { $0 ?? 0 }, passages: passages)
        }
        self.frontends = frontends
        self.backends = backends
        approaches = survey.approaches
        known = Dictionary(survey.approaches.map { ($0.place.key, $0) }) { first, _ in first }
        self.doors = doors
        self.headcounts = headcounts
        self.turns = turns
        self.closedTable = closedTable
        headcount = old?.headcount ?? Headcount()
        maxConnections = configuration.maxConnections
        self.clients = clients
        pending = old?.pending ?? Headcount()
        maxPending = configuration.limits.map { limits in
            limits.pending.total ?? min(Defaults.pending, max(1, configuration.maxConnections / 2))
        }
    }

    /// Nil if no route leads there.
    package func approach(_ key: Place.Key) -> Approach? { known[key] }
    package func place(_ key: Place.Key) -> Place? { known[key]?.place }

    /// Empty if no route leads there, and while its name stands for no address.
    package func addresses(of key: Place.Key) -> [PlaceAddress] { known[key]?.addresses ?? [] }

    /// Nil if no listener has it.
    package func door(_ key: Door.Key) -> Door? { frontend(of: key)?.doors.first { $0.key == key } }

    /// The listener that a door belongs to: asked by each worker when it gets the topology.
    package func frontend(of key: Door.Key) -> Frontend? { doors[key].map { frontends[$0] } }
}

/// Follows all routes of a configuration to their places.
private struct Survey {
    private let upstreams: [String: (upstream: Upstream, backend: Backend)]
    private let own: OwnDoors
    private let closedTable: ClientTable
    private let old: Topology?
    private var numbers: [Place.Key: Int] = [:]
    private(set) var approaches: [Approach] = []

    private struct Aim: Hashable {
        let upstream: String
        let port: UInt16?
        let header: ProxyProtocolOut?
    }

    init(
        _ configuration: Configuration, _ backends: [Backend], own: OwnDoors, closedTable: ClientTable, old: Topology?
    ) {
        self.own = own
        self.closedTable = closedTable
        upstreams = Dictionary(
            zip(configuration.upstreams, backends).map { ($0.name, ($0, $1)) }
        ) { first, _ in first }
        self.old = old
    }

    /// What tells whether a route needs the hello: a header with all fields that any endpoint of its target is to get.
    func header(of route: Route) -> ProxyProtocolOut? {
        guard let upstream = route.target.upstreamName.flatMap({ upstreams[$0]?.upstream }) else {
            return route.proxyProtocol
        }
        let headers = upstream.endpoints.map { upstream.header(of: $0, route: route.proxyProtocol) }
        return headers.dropFirst().reduce(into: headers.first) { $0?.tlvs.formUnion($1.tlvs) }
    }

    /// For each route, its passages as ``Frontend`` keeps them.
    mutating func passages(of listener: Listener) -> [[Passage]] {
        // Many routes, a name each, lead to the same few targets.
        var known: [Aim: [Passage]] = [:]
        return listener.routes.map { route in
            guard case .upstream(let name, let port) = route.target, let (upstream, backend) = upstreams[name] else {
                return []
            }
            let aim = Aim(upstream: name, port: port, header: route.proxyProtocol)
            if let passages = known[aim] { return passages }
            let depends = upstream.endpoints.contains { endpoint in
                endpoint.dialledPort(route: port, client: 1) != endpoint.dialledPort(route: port, client: 2)
            }
            let headers = upstream.endpoints.map { upstream.header(of: $0, route: route.proxyProtocol) }
            let clientPorts = depends ? listener.clientPorts : [listener.clientPorts.first ?? nil]
            let passages = clientPorts.map { clientPort in
                Passage(
                    backend, headers: headers, connectLimit: listener.timeouts.connect.microseconds,
                    to: upstream.endpoints.indices.map { index in
                        let dialled = upstream.endpoints[index].dialledPort(route: port, client: clientPort)
                        return approach(backend, index, port: dialled ?? 0, header: headers[index].version)
                    })
            }
            known[aim] = passages
            return passages
        }
    }

    private mutating func approach(
        _ backend: Backend, _ endpoint: Int, port: UInt16, header: ProxyProtocolOut.Version
    ) -> Approach {
        let key = Place.Key(upstream: backend.name, endpoint: backend.endpoints[endpoint].name, port: port)
        if let number = numbers[key] {
            approaches[number].headers.insert(header)
            return approaches[number]
        }
        let earlier = old?.addresses(of: key) ?? []
        var leftOut: [IPAddress] = []
        let dialled = backend.dialled(endpoint, port: port).filter { dialled in
            guard backend.via == .direct, let address = dialled.internet, own.contains(address) else { return true }
            leftOut.append(address.ip)
            return false
        }
        let addresses = dialled.prefix(PlaceAddress.maximumCount).map { dialled in
            earlier.first { $0.dialled == dialled } ?? PlaceAddress(dialled)
        }
        let approach = Approach(
            place: old?.place(key) ?? Place(key, closedIn: closedTable), addresses: addresses, backend: backend,
            headers: [header],
            leftOut: leftOut)
        numbers[key] = approaches.count
        approaches.append(approach)
        return approach
    }
}
