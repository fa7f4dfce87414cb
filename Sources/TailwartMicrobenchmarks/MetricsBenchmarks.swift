import TailwartCore
import TailwartWire

/// What a record costs the ledger's thread, and what a scrape costs who asks.
enum MetricsBenchmarks {
    static var all: [Measurement] {
        [
            count("count a record, 9 listeners", listeners: 9, routes: 1),
            count("count a record, 200 listeners", listeners: 200, routes: 20), page,
        ]
    }

    private static func topology(listeners: Int, routes: Int) -> Topology {
        Topology(
            Configuration(
                upstreams: (0..<routes).map {
                    Upstream(name: "upstream\($0)", endpoints: [Endpoint(.address(.loopbackV4))])
                },
                listeners: (0..<listeners).map { number in
                    Listener(
                        name: "listener\(number)", bind: [.any(port: UInt16(1000 + number))],
                        proto: ListenerProtocol.allCases[number % ListenerProtocol.allCases.count],
                        routes: (0..<routes).map { Route(to: .upstream("upstream\($0)", port: nil)) })
                }), addresses: { _ in nil })
    }

    /// One of each listener in turn, ended in one of the usual ways. They refer to the topology, and own nothing.
    private static func records(_ topology: Topology) -> [Record] {
        let endings = [Ending(.client, .closed), Ending(.upstream, .closed), Ending(.client, .reset)]
        return (0..<(topology.frontends.count * endings.count)).map { number in
            let frontend = topology.frontends[number % topology.frontends.count]
            var record = Record(
                taking: .passUnretained(topology), id: 1, acceptedAt: 0, frontend: .passUnretained(frontend))
            let route = number % frontend.listener.routes.count
            record.route = route
            record.passage = frontend.passage(route: route, port: 0).map { .passUnretained($0) }
            record.ending = endings[number % endings.count]
            (record.inboundBytes, record.outboundBytes) = (700, 300)
            (record.times.toRoute, record.times.toConnect, record.times.toFirstByte) = (10, 900, 20_000)
            record.times.total = 2_000_000
            return record
        }
    }

    private static func count(_ name: String, listeners: Int, routes: Int) -> Measurement {
        let topology = topology(listeners: listeners, routes: routes)
        let records = records(topology)
        var totals = Totals()
        return withExtendedLifetime(topology) {
            Measurement(name) { count in
                for number in 0..<count { totals.add(records[number % records.count]) }
            }
        }
    }

    /// As large as one can be.
    private static var page: Measurement {
        let topology = topology(listeners: 200, routes: 20)
        var totals = Totals()
        for record in records(topology) { totals.add(record) }
        var reading = MetricsReading(totals, in: topology, build: .init(version: "1", commit: "1", swift: "6"), now: 0)
        reading.workers = [1, 2]
        reading.places = topology.approaches.prefix(100).map { approach in
            let key = approach.place.key
            let place = ProbedPlace(
                upstream: key.upstream, endpoint: key.endpoint, hasPort: false, port: key.port, proto: .smtp)
            return PlaceReport(place, .healthy, [nil: ProbeResult(.well, "Fine.")])
        }
        let series = MetricsText.of(reading.families, .prometheus).split(separator: "\n").count { !$0.hasPrefix("#") }
        return Measurement("a page of metrics, \(series) series") { count in
            for _ in 0..<count { consume(MetricsText.of(reading.families, .prometheus)) }
        }
    }
}
