import Foundation

/// Parsers, the route match and one relay step, each for itself: where to look when a figure of `make bench` moves. Run by
/// `Benchmarks/micro`, which builds it in release mode.
@main enum Microbenchmarks {
    static func main() {
        print("operation".padded(to: 52), "ns".padded(to: 10), "allocations")
        for measurement in ParserBenchmarks.all + RouteBenchmarks.all + RelayBenchmarks.all {
            print(
                measurement.name.padded(to: 52),
                String(format: "%.1f", measurement.nanoseconds).padded(to: 10),
                String(format: "%.2f", measurement.allocations))
        }
    }
}

extension String {
    fileprivate func padded(to length: Int) -> String {
        padding(toLength: length, withPad: " ", startingAt: 0)
    }
}
