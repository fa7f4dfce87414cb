import Synchronization

@testable import TailwartSandbox

/// Collects what the self-test reports.
final class Checks: Sendable {
    private let reported = Mutex<[Check]>([])

    var all: [Check] { reported.withLock { $0 } }

    func add(_ check: Check) { reported.withLock { $0.append(check) } }
}
