/// Metrics as text.
package struct MetricsText {
    private let format: MetricsFormat
    private var text = ""

    package static func of(_ families: [MetricFamily], _ format: MetricsFormat) -> String {
        var page = MetricsText(format: format)
        page.text.reserveCapacity(64 * 1024)
        for family in families where !family.rows.isEmpty { page.add(family) }
        if format == .openMetrics { page.text += "# EOF\n" }
        return page.text
    }

    private init(format: MetricsFormat) { self.format = format }

    private mutating func add(_ family: MetricFamily) {
        let metric = family.metric
        // In OpenMetrics `_total` and `_info` are of the sample, and not of the family.
        let name = format == .openMetrics ? metric.family : metric.name
        text += "# HELP \(name) \(escaped(metric.help, withQuotes: format == .openMetrics))\n"
        text += "# TYPE \(name) \(format == .prometheus && metric.kind == .info ? "gauge" : metric.kind.rawValue)\n"
        if format == .openMetrics, let unit = metric.unit { text += "# UNIT \(name) \(unit)\n" }
        let labels = metric.labels
        for row in family.rows { add(row, metric.name, labels) }
    }

    private mutating func add(_ row: MetricFamily.Row, _ name: String, _ names: [String]) {
        var labels = ""
        for (label, value) in zip(names, row.labels) {
            labels += labels.isEmpty ? "" : ","
            labels += label
            labels += "=\""
            labels += escaped(value, withQuotes: true)
            labels += "\""
        }
        switch row.value {
        case .count(let count): add(name, "", labels, "\(count)")
        case .number(let number): add(name, "", labels, Self.number(number))
        case .histogram(let histogram, let bounds):
            let before = labels.isEmpty ? "" : labels + ","
            for bucket in 0...bounds.count {
                let bound = bucket < bounds.count ? Self.seconds(bounds[bucket]) : "+Inf"
                add(name, "_bucket", "\(before)le=\"\(bound)\"", "\(histogram.upTo(bucket))")
            }
            add(name, "_sum", labels, Self.seconds(histogram.sum))
            add(name, "_count", labels, "\(histogram.count)")
        }
    }

    private mutating func add(_ name: String, _ suffix: String, _ labels: String, _ value: String) {
        text += name
        text += suffix
        if !labels.isEmpty {
            text += "{"
            text += labels
            text += "}"
        }
        text += " "
        text += value
        text += "\n"
    }

    /// With a point in it, as OpenMetrics wants it of a bound: both formats say the same, so that a series goes on where a scraper changes
    /// from one to the other.
    private static func seconds(_ microseconds: UInt64) -> String { "\(Double(microseconds) / 1_000_000)" }

    private static func number(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }

    private func escaped(_ text: String, withQuotes: Bool) -> String {
        guard
            text.utf8.contains(where: {
                $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\"")
            })
        else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where withQuotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

extension Metric {
    /// The name without what marks its samples.
    fileprivate var family: String {
        switch kind {
        case .counter: String(name.dropLast("_total".count))
        case .info: String(name.dropLast("_info".count))
        case .gauge, .histogram: name
        }
    }

    /// The base unit that the name of the family ends with.
    fileprivate var unit: String? { ["seconds", "bytes"].first { family.hasSuffix("_\($0)") } }
}
