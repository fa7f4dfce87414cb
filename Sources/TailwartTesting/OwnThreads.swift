import TailwartSystem
package import Testing

/// Runs tests that block, or compute for seconds, on threads of their own.
///
/// Swift's tasks share a pool with one thread for each core. On two cores two such tests hold all of it, and every other test in the
/// process, with what must answer in time, waits for them.
package struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    /// Most of them wait, for one another's milliseconds; more at once would make each other late.
    private static let turnstile = Turnstile(free: 8)

    package let isRecursive = true

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Self.turnstile.pass {
            try await withTaskExecutorPreference(ThreadForEachJob.shared) { try await function() }
        }
    }
}

extension Trait where Self == OwnThreads {
    package static var ownThreads: Self { Self() }
}

private final class ThreadForEachJob: TaskExecutor {
    static let shared = ThreadForEachJob()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        do {
            _ = try Thread(name: "test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        } catch {
            fatalError("no thread for a test: \(error)")
        }
    }
}
