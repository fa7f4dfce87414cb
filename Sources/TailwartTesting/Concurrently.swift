import Synchronization
import TailwartSystem

/// Runs each part on a thread of its own and waits for all.
///
/// - Throws: the first error of any part.
package func concurrently(_ parts: @Sendable () throws -> Void...) throws {
    let failure = ThreadFailure()
    let threads = try parts.enumerated().map { index, part in
        try Thread(name: "test \(index)") {
            do { try part() } catch { failure.set(error) }
        }
    }
    for thread in threads { thread.join() }
    try failure.check()
}

private final class ThreadFailure: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    func set(_ error: any Error) {
        self.error.withLock { if $0 == nil { $0 = error } }
    }

    func check() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}
