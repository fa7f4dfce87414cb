/// Parsers, the route match, one relay step, metrics and lists, each for itself: where to look when a figure of `make bench` moves. Run by
/// `Benchmarks/micro`, which builds it in release mode.
@main enum Microbenchmarks {
    static func main() {
        print("operation".padded(to: 52), "ns".padded(to: 10), "allocations")
        let all =
            ParserBenchmarks.all + RouteBenchmarks.all + RelayBenchmarks.all + MetricsBenchmarks.all
            + AccessBenchmarks.all
        for measurement in all {
            print(
                measurement.name.padded(to: 52),
                measurement.nanoseconds.decimals(1).padded(to: 10),
                measurement.allocations.decimals(2))
        }
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String { self + String(repeating: " ", count: max(0, length - count)) }
}

extension Double {
    /// With as many digits behind the point.
    fileprivate func decimals(_ count: Int) -> String {
        let unit = count == 1 ? 10.0 : 100.0
        let text = "\(Int((self * unit).rounded()))"
        let digits = String(repeating: "0", count: max(0, count + 1 - text.count)) + text
        return "\(digits.dropLast(count)).\(digits.suffix(count))"
    }
}
