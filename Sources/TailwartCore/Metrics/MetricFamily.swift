/// One metric with its values of now.
package struct MetricFamily: Sendable {
    package enum Value: Sendable {
        case count(Int)
        case number(Double)
        case histogram(Histogram, Histogram.Bounds)
    }

    package struct Row: Sendable {
        /// One for each of the metric's labels.
        package let labels: [String]
        package var value: Value

        package init(_ labels: [String], _ value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    package let metric: Metric
    package private(set) var rows: [Row]
    /// How many rows had to go.
    package private(set) var folded = 0

    /// - Parameter rows: as many as there are; those over the metric's limit become one.
    package init(_ metric: Metric, _ rows: [Row]) {
        self.metric = metric
        self.rows = rows
        let limit = metric.rowLimit
        guard rows.count > limit else { return }
        let kept = metric.rest == .left ? limit : limit - 1
        folded = rows.count - kept
        self.rows = Array(rows[..<kept])
        let numbers = rows[kept...].map(\.value.number)
        let labels = metric.labels.map { _ in ConnectionGroup.others }
        switch metric.rest {
        case .sum: self.rows.append(Row(labels, .number(numbers.reduce(0, +))))
        case .least: self.rows.append(Row(labels, .number(numbers.min() ?? 0)))
        case .none, .counted, .left: break
        }
    }

    /// A metric without labels.
    init(_ metric: Metric, _ value: Value?) { self.init(metric, value.map { [Row([], $0)] } ?? []) }
}

extension MetricFamily.Value {
    fileprivate var number: Double {
        switch self {
        case .count(let count): Double(count)
        case .number(let number): number
        case .histogram(let histogram, _): Double(histogram.count)
        }
    }
}
