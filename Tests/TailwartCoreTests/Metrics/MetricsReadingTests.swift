import Foundation
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@Suite struct MetricsReadingTests {
    @Test func `there cannot be more series than the limit`() {
        #expect(Metric.allCases.reduce(0) { $0 + $1.mostSeries } <= Metric.seriesLimit)
    }

    @Test(arguments: MetricsFormat.allCases)
    func `an edge that serves is a page that can be read`(format: MetricsFormat) throws {
        let sample = MetricSample(listeners: [("smtp", .smtp), ("imaps", .imaps)])
        var totals = Totals()
        sample.add(
            to: &totals, bytes: (700, 300),
            times: MetricSample.times(route: 0, connect: 1000, firstByte: 30_000, total: 2_000_000))
        sample.add(to: &totals, route: nil, ending: Ending(.edge, .noRoute), isRefused: true)
        var reading = sample.reading(totals)
        reading.places = Self.places
        reading.workers = [1, 2]
        reading.bans = [.manual: 2, .crowdsec: 7]
        reading.lists = [("list deny.txt", 5)]
        let page = try reading.exposition(format)
        let smtp = ["listener": "smtp", "protocol": "smtp"]
        let served = ["route": "0", "upstream": "mailbox", "ended_by": "client", "reason": "closed"]
        let refused = ["route": "", "upstream": "", "ended_by": "edge", "reason": "no_route"]
        #expect(page.value("tailwart_connections_total", smtp.merging(served) { $1 }) == 1)
        #expect(page.value("tailwart_connections_total", smtp.merging(refused) { $1 }) == 1)
        #expect(page.value("tailwart_refusals_total", ["reason": "no_route"]) == 1)
        #expect(page.value("tailwart_refusals_total", ["reason": "upstream_refused"]) == 0)
        #expect(page.value("tailwart_relayed_bytes_total", smtp.merging(["direction": "in"]) { $1 }) == 700)
        #expect(page.value("tailwart_relayed_bytes_total", smtp.merging(["direction": "out"]) { $1 }) == 300)
        #expect(page.value("tailwart_connections_open", smtp) == 0)
        #expect(page.value("tailwart_worker_connections_open", ["worker": "1"]) == 2)
        #expect(page.value("tailwart_first_byte_seconds_sum", ["upstream": "mailbox"]) == 0.029)
        // Nobody came there yet, and that can be seen.
        #expect(page.value("tailwart_connection_duration_seconds_count", ["protocol": "imaps"]) == 0)
        #expect(page.value("tailwart_connection_duration_seconds_count", ["protocol": "smtp"]) == 2)
        let place = ["upstream": "mailbox", "endpoint": "127.0.0.1", "port": "1000", "protocol": "smtp"]
        #expect(page.value("tailwart_place_healthy", place) == 0)
        let verdict = ["verdict": "refused", "grade": "failed"]
        #expect(page.value("tailwart_place_verdict", place.merging(verdict) { $1 }) == 1)
        #expect(page.value("tailwart_certificate_remaining_seconds", place) == -100)
        #expect(page.value("tailwart_bans", ["layer": "crowdsec"]) == 7)
        #expect(page.value("tailwart_bans", ["layer": "webhook"]) == 0)
        #expect(page.value("tailwart_list_networks", ["list": "list deny.txt"]) == 5)
        #expect(page.value("tailwart_pending_connections") == 0)
        #expect(page.value("tailwart_client_networks") == nil, "nobody has limits")
        // A place that no route leads to any more.
        #expect(page.value("tailwart_place_healthy", ["upstream": "gone"]) == nil)
        #expect(page.value("tailwart_reloads_total", ["result": "failed"]) == 0)
        #expect(page.value("tailwart_series_folded") == 0)
        #expect(page.value("tailwart_build_info", ["commit": "abc"]) == 1)
    }

    private static let places: [PlaceReport] = {
        func certificate(_ end: Int) -> CertificateReport {
            CertificateReport(
                subject: "CN=a", issuer: "CN=b", names: ["a.example"], notBefore: 1, notAfter: end, lifetimeLeft: 0.5,
                isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: [])
        }
        func place(_ upstream: String, port: UInt16) -> ProbedPlace {
            ProbedPlace(upstream: upstream, endpoint: "127.0.0.1", hasPort: false, port: port, proto: .smtp)
        }
        return [
            PlaceReport(
                place("mailbox", port: 1000), .unhealthy,
                [
                    "a.example": ProbeResult(.well, "Fine.", certificate: certificate(1_900_000_000)),
                    "b.example": ProbeResult(.refused, "No."),
                    "c.example": ProbeResult(.certificateExpired, "Old.", certificate: certificate(1_799_999_900)),
                ]), PlaceReport(place("mailbox", port: 1001), .unknown, [:]),
            PlaceReport(place("gone", port: 1000), .healthy, [nil: ProbeResult(.well, "Fine.")]),
        ]
    }()

    @Test func `ten thousand server names of clients add no series`() throws {
        let sample = MetricSample(listeners: [("imaps", .imaps)])
        var totals = Totals()
        sample.add(to: &totals, name: "first.example.org")
        let before = try sample.reading(totals).exposition().samples.count
        for number in 0..<10_000 {
            sample.add(to: &totals, name: "host\(number).example.org")
        }
        let page = try sample.reading(totals).exposition()
        #expect(page.samples.count == before)
        #expect(page.value("tailwart_connections_total", ["listener": "imaps"]) == 10_001)
    }

    @Test(arguments: MetricsFormat.allCases)
    func `no file and no crowd makes more series than the limit, and nothing is lost`(format: MetricsFormat) throws {
        let protocols = ListenerProtocol.allCases
        let sample = MetricSample(
            listeners: (0..<200).map { ("listener\($0)", protocols[$0 % protocols.count]) },
            upstreams: (0..<50).map { "upstream\($0)" }, routes: 50)
        var totals = Totals()
        var count = 0
        var connected = 0
        for listener in 0..<200 {
            for reason in CloseReason.allCases {
                for side in reason.rule.party.sides {
                    let route = (listener * 28 + count) % 51
                    sample.add(
                        to: &totals, listener: listener, route: route == 50 ? nil : route, ending: Ending(side, reason),
                        bytes: (1, 2),
                        times: MetricSample.times(route: 1, connect: 2, firstByte: 3, total: 4),
                        isRefused: reason.rule.told != .nothing)
                    count += 1
                    connected += route == 50 ? 0 : 1
                }
            }
        }
        for number in 0..<30 {
            var news = TailnetNews(change: .path, level: .info, sentence: "x", fix: nil)
            (news.name, news.path, news.roundTrip) = ("peer\(number)", .direct, .milliseconds(3))
            totals.events.add(.tailnet(news))
        }
        var reading = sample.reading(totals)
        reading.workers = Array(repeating: 3, count: 128)
        reading.lists = (0..<16).map { ("list \($0)", 10) }
        reading.places = sample.topology.approaches.map { approach in
            let key = approach.place.key
            return PlaceReport(
                ProbedPlace(
                    upstream: key.upstream, endpoint: key.endpoint, hasPort: false, port: key.port, proto: .smtp),
                key.upstream == "upstream49" ? .unhealthy : .healthy, [nil: ProbeResult(.well, "Fine.")])
        }
        let page = try reading.exposition(format)
        #expect(page.samples.count <= Metric.seriesLimit)
        for metric in Metric.allCases {
            let names = ["", "_bucket", "_sum", "_count"].map { metric.name + $0 }
            #expect(page.samples.count { names.contains($0.name) } <= metric.mostSeries, "\(metric.name)")
        }
        func sum(_ name: String) -> Double {
            page.samples.filter { $0.name == name }.reduce(0) { $0 + $1.value }
        }
        #expect(sum("tailwart_connections_total") == Double(count))
        #expect(sum("tailwart_relayed_bytes_total") == Double(3 * count))
        #expect(sum("tailwart_worker_connections_open") == 3 * 128)
        #expect(sum("tailwart_list_networks") == 160)
        #expect(sum("tailwart_connect_seconds_count") == Double(connected))
        #expect(page.value("tailwart_place_healthy", ["upstream": "other"]) == 0)
        #expect(try #require(page.value("tailwart_series_folded")) > 1000)
    }

    @Test func `a full table of clients is seen, also when another one follows`() throws {
        let limit = ClientLimit(ListenerLimits(concurrent: 1, rate: .init(1, per: .seconds(100)), burst: 1))
        let table = ClientTable(capacity: 8, seed: (1, 2))
        for client in 0..<11 as Range<UInt32> {
            _ = table.enter(table.key(.v4(client), prefix: 32, subject: 1), limit, now: 0)
        }
        var reading = MetricSample().reading(Totals())
        for counted in [table, ClientTable(capacity: 16, seed: (1, 2), counting: table)] {
            reading.clients = .init(counted, now: 0)
            let page = try reading.exposition()
            #expect(page.value("tailwart_client_networks") == (counted === table ? 8 : 0))
            #expect(page.value("tailwart_clients_untracked_total") == 3)
            #expect(page.value("tailwart_client_evictions_total") == 0)
        }
    }

    @Test func `no counter goes back over a reload`() throws {
        var totals = Totals()
        let before = MetricSample(listeners: [("smtp", .smtp), ("web", .https)], upstreams: ["mailbox", "web"])
        for listener in 0..<2 { before.add(to: &totals, listener: listener, bytes: (10, 20)) }
        let first = try before.reading(totals).exposition()
        // Other listeners in another order, another upstream; and a connection of the older file that ends meanwhile.
        let after = MetricSample(
            listeners: [("imaps", .imaps), ("smtp", .smtp)], upstreams: ["mailbox"], carrying: before.topology)
        after.add(to: &totals, listener: 1, bytes: (1, 1))
        before.add(to: &totals, listener: 1)
        let second = try after.reading(totals).exposition()
        for family in first.families where family.type != "gauge" {
            for sample in family.samples {
                let now = try #require(second.value(sample.name, sample.labels), "\(sample)")
                #expect(now >= sample.value, "\(sample)")
            }
        }
        #expect(second.value("tailwart_connections_total", ["listener": "smtp"]) == 2)
    }

    // MARK: - the page

    private static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/metrics.md")

    @Test func `the table of docs/metrics.md says what the code says`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix("The metrics\n") })
        let table = section.components(separatedBy: "\n\n").first { $0.contains("series at most |") }
        let rows = (table ?? "").split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.dropFirst().dropLast().components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let expected = Metric.allCases.map { metric in
            [
                "`\(metric.name)`", metric.kind.rawValue, metric.labels.map { "`\($0)`" }.joined(separator: " "),
                "\(metric.mostSeries)", metric.help,
            ]
        }
        #expect(rows == expected)
    }
}

extension EndingRule.Party {
    fileprivate var sides: [Side] {
        switch self {
        case .client: [.client]
        case .upstream: [.upstream]
        case .edge: [.edge]
        case .clientOrUpstream: [.client, .upstream]
        }
    }
}
