/// Tries again until there is a value.
///
/// - Parameter limit: generous, as it is reached only by a test that fails: a program may take half a minute to start beside a build
///   that has all of the memory.
@discardableResult
package func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(60), _ attempt: () throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try attempt() { return value }
        guard ContinuousClock.now < deadline else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
