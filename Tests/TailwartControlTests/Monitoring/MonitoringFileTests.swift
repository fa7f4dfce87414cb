import Foundation
import TailwartCore
import TailwartTesting
import Testing

/// The files of deploy/monitoring, judged by the programs that read them.
@Suite(.ownThreads) struct MonitoringFileTests {
    private static func path(_ file: String) -> String { MonitoringTool.folder.appending(path: file).path }

    @Test(
        arguments: [
            ["check", "config", path("prometheus.yaml")], ["check", "rules", path("alerts.yaml")],
            ["test", "rules", path("alerts-test.yaml")],
        ])
    func `Prometheus takes the file`(arguments: [String]) throws {
        #expect(try MonitoringTool.promtool(arguments).contains("SUCCESS"))
    }

    private struct Answer: Decodable {
        struct Asked: Decodable {
            struct Selected: Decodable {
                let metric: String
                let labels: [String]

                enum CodingKeys: String, CodingKey {
                    case metric = "name"
                    case labels
                }
            }

            let expression: String
            let metrics: [Selected]
            let labels: [String]
        }

        let rows: [String]
        let alerts: [String]
        let asked: [Asked]
        let problems: [String]
    }

    @Test func `the dashboard and the alerts ask for metrics and labels that there are`() throws {
        let text = try MonitoringTool.python("expressions.py", [Self.path("dashboard.json"), Self.path("alerts.yaml")])
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        #expect(answer.problems == [])
        #expect(
            answer.rows == [
                "Is mail flowing?", "Upstreams", "Refusals", "Latency", "Certificates", "Resources", "Kept out",
            ])
        for asked in answer.asked {
            var known: Set<String> = ["job", "instance"]
            for selected in asked.metrics {
                let labels = try #require(Self.labels(of: selected.metric), "\(selected.metric)")
                #expect(labels.union(known).isSuperset(of: selected.labels), "\(asked.expression)")
                known.formUnion(labels)
            }
            #expect(!asked.metrics.isEmpty && known.isSuperset(of: asked.labels), "\(asked.expression)")
        }
        // Each metric is of use somewhere.
        let used = Set(answer.asked.flatMap(\.metrics).compactMap { Self.metric($0.metric) })
        #expect(Metric.allCases.filter { !used.contains($0) } == [])
    }

    /// The metric that a name of a series belongs to.
    private static func metric(_ name: String) -> Metric? {
        Metric(rawValue: name)
            ?? ["_bucket", "_sum", "_count"].lazy.filter(name.hasSuffix)
            .compactMap { Metric(rawValue: String(name.dropLast($0.count))) }.first { $0.kind == .histogram }
    }

    private static func labels(of name: String) -> Set<String>? {
        name == "up" ? [] : metric(name).map { Set($0.labels + (name.hasSuffix("_bucket") ? ["le"] : [])) }
    }

    @Test func `docs/metrics.md names every alert and no other`() throws {
        let text = try String(contentsOf: MonitoringTool.root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let rules = try String(contentsOf: MonitoringTool.folder.appending(path: "alerts.yaml"), encoding: .utf8)
        let alerts = rules.matches(of: /- alert: (\w+)/).map { String($0.1) }
        #expect(!alerts.isEmpty)
        #expect(text.matches(of: /\| `(Tailwart\w+)`/).map { String($0.1) } == alerts)
    }
}
