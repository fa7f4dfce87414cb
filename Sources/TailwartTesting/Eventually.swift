/// Tries again until there is a value.
///
/// - Parameter limit: generous, as it is reached only by a test that fails.
@discardableResult
package func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ attempt: () throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try attempt() { return value }
        guard ContinuousClock.now < deadline else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
