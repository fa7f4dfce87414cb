import TailwartCore
import TailwartTesting
import Testing

@Suite struct MetricsTextTests {
    @Test func `in Prometheus' text`() {
        #expect(
            MetricsText.of(Self.families, .prometheus) == """
                # HELP tailwart_connect_seconds \(Metric.connecting.help)
                # TYPE tailwart_connect_seconds histogram
                tailwart_connect_seconds_bucket{upstream="mailbox",le="0.002"} 1
                tailwart_connect_seconds_bucket{upstream="mailbox",le="0.01"} 1
                tailwart_connect_seconds_bucket{upstream="mailbox",le="0.05"} 2
                tailwart_connect_seconds_bucket{upstream="mailbox",le="0.25"} 2
                tailwart_connect_seconds_bucket{upstream="mailbox",le="1.0"} 2
                tailwart_connect_seconds_bucket{upstream="mailbox",le="5.0"} 2
                tailwart_connect_seconds_bucket{upstream="mailbox",le="+Inf"} 3
                tailwart_connect_seconds_sum{upstream="mailbox"} 9.052
                tailwart_connect_seconds_count{upstream="mailbox"} 3
                # HELP tailwart_reloads_total \(Metric.reloads.help)
                # TYPE tailwart_reloads_total counter
                tailwart_reloads_total{result="ok"} 2
                tailwart_reloads_total{result="failed"} 0
                # HELP tailwart_build_info the version of the program
                # TYPE tailwart_build_info gauge
                tailwart_build_info{version="1\\\\2",commit="a\\"b\\nc",swift="ü"} 1
                # HELP process_cpu_seconds_total \(Metric.processorTime.help)
                # TYPE process_cpu_seconds_total counter
                process_cpu_seconds_total 0.25

                """)
    }

    @Test func `in OpenMetrics families have their own names, units and an end`() {
        let text = MetricsText.of(Self.families, .openMetrics)
        #expect(text.contains("# TYPE tailwart_connect_seconds histogram\n# UNIT tailwart_connect_seconds seconds\n"))
        #expect(text.contains("# TYPE tailwart_reloads counter\ntailwart_reloads_total{result=\"ok\"} 2\n"))
        #expect(text.contains("# TYPE tailwart_build info\ntailwart_build_info{"))
        #expect(text.contains("# UNIT process_cpu_seconds seconds\nprocess_cpu_seconds_total 0.25\n"))
        #expect(text.hasSuffix("\n# EOF\n"))
    }

    @Test(arguments: MetricsFormat.allCases)
    func `labels come out as they went in`(format: MetricsFormat) throws {
        let names = ["a\\nb", "\"", "\\\"", "\n", "ü€\u{1F4E7}", "{x=\"y\"} 1", "", "\u{7f}\r"]
        let family = MetricFamily(
            .workerOpen, names.enumerated().map { .init([$0.element], .count($0.offset)) })
        let page = try Exposition(MetricsText.of([family], format), openMetrics: format == .openMetrics)
        #expect(page.samples.map { $0.labels["worker"] } == names)
        #expect(page.samples.map(\.value) == names.indices.map(Double.init))
    }

    @Test(
        arguments: [
            (0, "0"), (3, "3"), (-86_400, "-86400"), (0.5, "0.5"), (1_800_000_000.25, "1800000000.25"),
            (1e300, "1e+300"),
        ] as [(Double, String)])
    func `numbers are read as they were`(number: Double, text: String) throws {
        let page = MetricsText.of([MetricFamily(.startTime, [.init([], .number(number))])], .prometheus)
        #expect(page.hasSuffix("\nprocess_start_time_seconds \(text)\n"))
        #expect(Double(text) == number)
    }

    private static let families: [MetricFamily] = {
        var histogram = Histogram()
        for time: UInt64 in [2_000, 50_000, 9_000_000] { histogram.add(time, within: Histogram.connecting) }
        return [
            MetricFamily(.connecting, [.init(["mailbox"], .histogram(histogram, Histogram.connecting))]),
            MetricFamily(.firstByte, []),
            MetricFamily(.reloads, [.init(["ok"], .count(2)), .init(["failed"], .count(0))]),
            MetricFamily(.build, [.init(["1\\2", "a\"b\nc", "ü"], .count(1))]),
            MetricFamily(.processorTime, [.init([], .number(0.25))]),
        ]
    }()
}
