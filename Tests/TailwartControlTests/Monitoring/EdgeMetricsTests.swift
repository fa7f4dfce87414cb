import Foundation
import TailwartCore
import TailwartSystem
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartControl

/// The page of an edge that has served.
@Suite(.ownThreads) struct EdgeMetricsTests {
    @Test func `an edge that has served tells so, in a form that others read without complaint`() async throws {
        let mailbox = try FakeMailbox { client, _ in
            try client.send("220 mail.example.org\r\n".utf8)
            _ = try client.receiveToEnd()
        }
        let ports = try (0..<2).map { _ in try FreePort.take() }
        let ledger = try Ledger()
        try ledger.start()
        let edge = try Edge(Self.configuration(mailbox: mailbox.address, ports: ports), ledger: ledger)
        let before = try Exposition(edge.metrics(.prometheus), openMetrics: false)
        #expect(before.value("tailwart_connection_duration_seconds_count", ["protocol": "smtp"]) == 0)

        let served = 20
        let open = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: ports[0]))
        _ = try open.receive(exactly: 22)
        for _ in 0..<served {
            let client = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: ports[0]))
            _ = try client.receive(exactly: 22)
            try client.send("QUIT\r\n".utf8)
            client.finish()
            _ = try client.receiveToEnd()
            client.close()
        }
        // Nobody listens where this one leads.
        let refused = try TestSocket.connect(to: InternetAddress(.loopbackV4, port: ports[1]))
        #expect(String(decoding: try refused.receiveToEnd().bytes, as: UTF8.self).hasPrefix("421 "))
        refused.close()
        let page = try await eventually("all are counted") {
            let page = try Exposition(edge.metrics(.prometheus), openMetrics: false)
            let ended = page.value("tailwart_connection_duration_seconds_count", ["protocol": "smtp"])
            return ended == Double(served + 1) ? page : nil
        }

        let smtp = ["listener": "smtp", "upstream": "mailbox", "route": "0", "reason": "closed", "ended_by": "client"]
        #expect(page.value("tailwart_connections_total", smtp) == Double(served))
        #expect(page.value("tailwart_connections_total", ["listener": "dead", "reason": "upstream_refused"]) == 1)
        #expect(page.value("tailwart_refusals_total", ["reason": "upstream_refused"]) == 1)
        #expect(page.value("tailwart_connections_open", ["listener": "smtp"]) == 1)
        let workers = page.samples.filter { $0.name == "tailwart_worker_connections_open" }
        #expect(workers.count == 2 && workers.reduce(0) { $0 + $1.value } == 1)
        let bytes = ["listener": "smtp", "protocol": "smtp"]
        #expect(
            page.value("tailwart_relayed_bytes_total", bytes.merging(["direction": "in"]) { $1 }) == Double(6 * served))
        #expect(
            page.value("tailwart_relayed_bytes_total", bytes.merging(["direction": "out"]) { $1 })
                == Double(22 * served))
        #expect(page.value("tailwart_connect_seconds_count", ["upstream": "mailbox"]) == Double(served))
        #expect(page.value("tailwart_first_byte_seconds_count", ["upstream": "mailbox"]) == Double(served))
        for name in [
            "process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_cpu_seconds_total",
        ] {
            #expect(try #require(page.value(name), "\(name)") > 0)
        }
        let started = try #require(page.value("process_start_time_seconds"))
        #expect((1_600_000_000...Double(Clock.wall() / 1_000_000) + 1).contains(started))
        #expect(page.value("tailwart_build_info", ["version": Version.current.version]) == 1)
        try judge { edge.metrics($0) }

        open.close()
        edge.stop()
        ledger.finish()
        mailbox.close()
    }

    /// promtool ends with another code than 0 for what it would do in another way, not only for errors.
    private func judge(_ page: (MetricsFormat) -> String) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.file("page")
        try Data(page(.prometheus).utf8).write(to: file.url)
        #expect(try MonitoringTool.promtool(["check", "metrics"], input: file.path) == "")
        let open = page(.openMetrics)
        try Data(open.utf8).write(to: file.url)
        let count = try MonitoringTool.python("openmetrics.py", [file.path])
        let samples = try Exposition(open, openMetrics: true).samples
        #expect(Int(count.trimmingCharacters(in: .whitespacesAndNewlines)) == samples.count)
    }

    @Test func `others read every metric without complaint, whatever its labels`() throws {
        let names = ["a\\nb", "\"", "\\\"", "\n", "ü\u{1F4E7}", "{x=\"y\"} 1", "", "unix:/run/a b.sock"]
        var histogram = Histogram()
        histogram.add(7, within: Histogram.connecting)
        let families = Metric.allCases.map { metric in
            MetricFamily(
                metric,
                names.prefix(metric.labels.isEmpty ? 1 : metric.rowLimit).map { name in
                    .init(
                        metric.labels.map { _ in name },
                        metric.kind == .histogram ? .histogram(histogram, Histogram.connecting) : .count(1))
                })
        }
        try judge { MetricsText.of(families, $0) }
    }

    @Test func `what probes find of a place is there, and counts of events`() async throws {
        let ports = try (0..<2).map { _ in try FreePort.take() }
        let ledger = try Ledger()
        try ledger.start()
        let nobody = InternetAddress(.loopbackV4, port: try FreePort.take())
        let edge = try Edge(
            Self.configuration(mailbox: nobody, ports: ports, health: HealthSettings()), ledger: ledger)
        let place = ["upstream": "mailbox", "port": "\(nobody.port)", "protocol": "smtp"]
        try await eventually("the probe's verdict is there") {
            let page = try Exposition(edge.metrics(.openMetrics), openMetrics: true)
            let verdict = place.merging(["verdict": "refused", "grade": "failed"]) { $1 }
            return page.value("tailwart_place_verdict", verdict) == 1 ? true : nil
        }
        var news = TailnetNews(change: .path, level: .info, sentence: "a path", fix: nil)
        (news.name, news.path, news.roundTrip) = ("stalwart.example", .derp, .milliseconds(42))
        ledger.post(.tailnet(news))
        try await eventually("the path is there") {
            let page = try Exposition(edge.metrics(.openMetrics), openMetrics: true)
            return page.value("tailwart_tailnet_path", ["peer": "stalwart.example", "path": "derp"]) == 1
                && page.value("tailwart_tailnet_round_trip_seconds") == 0.042 ? true : nil
        }
        edge.stop()
        ledger.finish()
    }

    private static func configuration(
        mailbox: InternetAddress, ports: [UInt16], health: HealthSettings? = nil
    ) throws -> Configuration {
        let nobody = InternetAddress(.loopbackV4, port: try FreePort.take())
        return Configuration(
            workers: 2, tailscale: nil,
            upstreams: zip(["mailbox", "dead"], [mailbox, nobody]).map { name, address in
                Upstream(
                    name: name, endpoints: [Endpoint(.address(.loopbackV4), port: address.port)],
                    proxyProtocol: ProxyProtocolOut(.none), health: name == "mailbox" ? health : nil)
            },
            listeners: zip(["smtp", "dead"], zip(["mailbox", "dead"], ports)).map { name, target in
                Listener(
                    name: name, bind: [.internet(InternetAddress(.loopbackV4, port: target.1))], proto: .smtp,
                    routes: [Route(to: .upstream(target.0, port: nil))])
            })
    }
}
