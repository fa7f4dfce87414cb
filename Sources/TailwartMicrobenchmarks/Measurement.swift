import CTailwartAllocations

/// What one operation costs: the median over batches, so that a batch which the system interrupted does not count.
struct Measurement {
    let name: String
    let nanoseconds: Double
    let allocations: Double

    private static let batches = 15
    /// How long a batch is to take.
    private static let batchTime = Duration.milliseconds(20)

    /// - Parameter operation: performs its work so many times.
    init(_ name: String, _ operation: (Int) -> Void) {
        self.name = name
        var count = 16
        while Self.time({ operation(count) }) < Self.batchTime { count *= 2 }
        var times: [Double] = []
        for _ in 0..<Self.batches {
            times.append(Self.time { operation(count) } / .nanoseconds(1) / Double(count))
        }
        nanoseconds = times.sorted()[Self.batches / 2]
        let before = tw_own_allocations()
        operation(count)
        allocations = Double(tw_own_allocations() - before) / Double(count)
    }

    private static func time(_ body: () -> Void) -> Duration {
        ContinuousClock().measure(body)
    }
}

/// Uses a value, so that the work which made it is not optimized away.
@inline(never) func consume<Value>(_ value: borrowing Value) where Value: ~Copyable {}
