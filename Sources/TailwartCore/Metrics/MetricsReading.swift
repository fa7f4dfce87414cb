/// All that is known of the edge in one moment, and what it is in metrics.
package struct MetricsReading: Sendable {
    /// Of the process; nil is what the system does not tell.
    package struct Process: Sendable {
        package var residentBytes: Int?
        package var descriptors: Int?
        package var descriptorLimit: Int?
        /// Seconds.
        package var processorTime: Double?
        /// Seconds since 1970.
        package var startTime: Double?

        package init() {}
    }

    /// Of the table of client networks.
    package struct Clients: Sendable {
        package let networks: Int
        package let untracked: Int
        package let evictions: Int

        /// - Parameter now: microseconds on the monotonic clock.
        package init(_ table: ClientTable, now: UInt64) {
            networks = table.networks(now: now)
            untracked = table.untrackedConnections
            evictions = table.evictions
        }
    }

    package struct Build: Sendable {
        package let version: String
        package let commit: String
        package let swift: String

        package init(version: String, commit: String, swift: String) {
            self.version = version
            self.commit = commit
            self.swift = swift
        }
    }

    package var totals: Totals
    package var places: [PlaceReport] = []
    package var topology: Topology
    /// How many connections each worker has.
    package var workers: [Int] = []
    package var process = Process()
    package var bans: [BanLayer: Int] = [:]
    /// Networks of each list, by its name.
    package var lists: [(name: String, networks: Int)] = []
    /// Nil where clients have no limits.
    package var clients: Clients?
    package var build: Build
    /// Seconds since 1970.
    package var now: Int

    package init(_ totals: Totals, in topology: Topology, build: Build, now: Int) {
        self.totals = totals
        self.topology = topology
        self.build = build
        self.now = now
    }

    /// All metrics in the order of the table.
    package var families: [MetricFamily] {
        var families = Metric.allCases.filter { $0 != .folded }.map(family)
        let folded = families.reduce(totals.folded) { $0 + $1.folded }
        families.insert(MetricFamily(.folded, .count(folded)), at: Metric.allCases.firstIndex(of: .folded) ?? 0)
        return families
    }

    private func family(_ metric: Metric) -> MetricFamily {
        switch metric {
        case .connections: MetricFamily(metric, connections)
        case .open:
            MetricFamily(
                metric, topology.frontends.map { .init($0.listener.labels, .count($0.headcount.live)) })
        case .held: MetricFamily(metric, .count(topology.headcount.held))
        case .workerOpen: MetricFamily(metric, workers.enumerated().map { .init(["\($0.offset)"], .count($0.element)) })
        case .bytes: MetricFamily(metric, bytes)
        case .connecting: MetricFamily(metric, times(\.connecting, Histogram.connecting))
        case .firstByte: MetricFamily(metric, times(\.firstByte, Histogram.firstByte))
        case .lasting: MetricFamily(metric, lasting)
        case .refusals:
            MetricFamily(metric, CloseReason.refusing.map { .init([$0.name], .count(totals.refusals($0))) })
        case .healthy:
            MetricFamily(
                metric,
                known.filter { $0.standing != .unknown }.map {
                    .init($0.metricLabels, .count($0.standing == .healthy ? 1 : 0))
                })
        case .verdict:
            MetricFamily(
                metric,
                known.compactMap { report in
                    report.worst.map {
                        .init(report.metricLabels + [$0.verdict.name, $0.verdict.grade.rawValue], .count(1))
                    }
                })
        case .certificate:
            MetricFamily(
                metric,
                known.compactMap { report in
                    report.certificateEnd.map { .init(report.metricLabels, .count($0 - now)) }
                })
        case .path: MetricFamily(metric, totals.events.paths.map { .init([$0.peer, $0.path.rawValue], .count(1)) })
        case .roundTrip:
            MetricFamily(
                metric,
                totals.events.paths.compactMap { path in
                    path.roundTrip.map { .init([path.peer], .number(Double($0.microseconds) / 1_000_000)) }
                })
        case .bans: MetricFamily(metric, BanLayer.allCases.map { .init([$0.rawValue], .count(bans[$0] ?? 0)) })
        case .listNetworks: MetricFamily(metric, lists.map { .init([$0.name], .count($0.networks)) })
        case .clientNetworks: MetricFamily(metric, clients.map { .count($0.networks) })
        case .untracked: MetricFamily(metric, clients.map { .count($0.untracked) })
        case .evictions: MetricFamily(metric, clients.map { .count($0.evictions) })
        case .pending: MetricFamily(metric, .count(topology.pendingCount))
        case .reloads: MetricFamily(metric, totals.events.reloads.rows)
        case .takeovers: MetricFamily(metric, totals.events.takeovers.rows)
        case .recordsLost: MetricFamily(metric, .count(totals.lostRecords))
        case .eventsLost: MetricFamily(metric, .count(totals.lostEvents))
        case .folded: MetricFamily(metric, .count(totals.folded))
        case .build: MetricFamily(metric, [.init([build.version, build.commit, build.swift], .count(1))])
        case .residentBytes: MetricFamily(metric, process.residentBytes.map { .count($0) })
        case .descriptors: MetricFamily(metric, process.descriptors.map { .count($0) })
        case .descriptorLimit: MetricFamily(metric, process.descriptorLimit.map { .count($0) })
        case .processorTime: MetricFamily(metric, process.processorTime.map { .number($0) })
        case .startTime: MetricFamily(metric, process.startTime.map { .number($0) })
        }
    }

    private var connections: [MetricFamily.Row] {
        totals.groups.rows.map { group, count in
            .init(
                [
                    group.origin.listener, group.origin.proto, group.route, group.upstream, group.side.name,
                    group.reason.name,
                ], .count(count))
        }
    }

    private var bytes: [MetricFamily.Row] {
        totals.listeners.rows.flatMap { origin, bytes -> [MetricFamily.Row] in
            let labels = [origin.listener, origin.proto]
            return [
                .init(labels + ["in"], .count(Int(clamping: bytes.inbound))),
                .init(labels + ["out"], .count(Int(clamping: bytes.outbound))),
            ]
        }
    }

    private func times(
        _ histogram: (Totals.UpstreamTimes) -> Histogram, _ bounds: Histogram.Bounds
    ) -> [MetricFamily.Row] {
        totals.upstreams.rows.map { name, times in .init([name], .histogram(histogram(times), bounds)) }
    }

    /// Also where nobody has come yet: "nothing since the start" has to be seen.
    private var lasting: [MetricFamily.Row] {
        let configured = Set(topology.frontends.map(\.listener.proto))
        return ListenerProtocol.allCases.compactMap { proto in
            let histogram = totals.lasting(proto)
            guard histogram.count > 0 || configured.contains(proto) else { return nil }
            return .init([proto.rawValue], .histogram(histogram, Histogram.lasting))
        }
    }

    /// Those that some route leads to: one that a reload took away is nobody's concern any more.
    private var known: [PlaceReport] {
        places.filter { report in
            topology.place(
                Place.Key(
                    upstream: report.place.upstream, endpoint: report.place.endpoint, port: report.place.port)) != nil
        }
    }
}

extension Listener {
    fileprivate var labels: [String] { [name, proto.rawValue] }
}

extension PlaceReport {
    fileprivate var metricLabels: [String] {
        [place.upstream, place.endpoint, "\(place.port)", place.proto.rawValue]
    }
}

extension EventTotals.Attempts {
    fileprivate var rows: [MetricFamily.Row] {
        [.init(["ok"], .count(succeeded)), .init(["failed"], .count(failed))]
    }
}
