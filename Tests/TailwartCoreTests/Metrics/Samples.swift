import TailwartCore
import TailwartTesting
import TailwartWire

/// A topology with listeners and upstreams of these names, and records of connections to it.
struct MetricSample {
    let topology: Topology

    /// - Parameter routes: of each listener, all to the upstreams in turn; more than one asks for a server name.
    init(
        listeners: [(String, ListenerProtocol)] = [("smtp", .smtp)], upstreams: [String] = ["mailbox"], routes: Int = 1,
        carrying old: Topology? = nil
    ) {
        let configuration = Configuration(
            upstreams: upstreams.map { Upstream(name: $0, endpoints: [Endpoint(.address(.loopbackV4))]) },
            listeners: listeners.enumerated().map { number, listener in
                Listener(
                    name: listener.0, bind: [.any(port: UInt16(1000 + number))], proto: listener.1,
                    routes: (0..<routes).map { route in
                        let name = ServerNamePattern("host\(route).example.org")
                        return Route(
                            match: routes == 1 ? nil : RouteMatch(serverNames: name.map { [$0] } ?? []),
                            to: .upstream(upstreams[route % upstreams.count], port: nil))
                    })
            })
        topology = Topology(configuration, addresses: { _ in nil }, carrying: old)
    }

    /// Counts a connection.
    ///
    /// - Parameter route: nil if none was reached.
    func add(
        to totals: inout Totals, listener: Int = 0, route: Int? = 0, ending: Ending = Ending(.client, .closed),
        bytes: (UInt64, UInt64) = (0, 0), name: String? = nil, times: Record.Times = .init(), isRefused: Bool = false
    ) {
        let frontend = topology.frontends[listener]
        var record = Record(retaining: topology, id: 1, acceptedAt: 0, frontend: frontend)
        record.route = route
        record.passage = route.flatMap { frontend.passage(route: $0, port: 0) }.map { .passUnretained($0) }
        record.ending = ending
        (record.inboundBytes, record.outboundBytes) = bytes
        record.hello = name.map { .passRetained(HelloNote(ClientHello(serverName: InlineBytes($0)))) }
        record.times = times
        record.wasRefused = isRefused
        totals.add(record)
        record.release()
    }

    func reading(_ totals: Totals) -> MetricsReading {
        MetricsReading(
            totals, in: topology, build: .init(version: "1", commit: "abc", swift: "6"), now: 1_800_000_000)
    }

    static func times(route: UInt32, connect: UInt32?, firstByte: UInt32?, total: UInt64) -> Record.Times {
        var times = Record.Times()
        (times.toRoute, times.toConnect, times.toFirstByte, times.total) = (route, connect, firstByte, total)
        return times
    }
}

extension MetricsReading {
    func exposition(_ format: MetricsFormat = .prometheus) throws -> Exposition {
        try Exposition(MetricsText.of(families, format), openMetrics: format == .openMetrics)
    }
}
