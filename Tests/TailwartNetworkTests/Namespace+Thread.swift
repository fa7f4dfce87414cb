import Glibc
import Synchronization
import TailwartSystem
import TailwartTesting

/// Code inside a namespace: the sockets that it makes stay there, whichever thread uses them later.
extension Namespace {
    /// Calls `body` on a thread inside and waits for it.
    func inside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let task = try start(body)
        return try task.value()
    }

    /// Calls `body` on a thread inside.
    func start<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> InsideTask<Value> {
        try InsideTask(in: path, body)
    }
}

/// A thread inside a namespace, and what came of it.
final class InsideTask<Value: Sendable>: Sendable {
    private typealias SetNamespace = @convention(c) (CInt, CInt) -> CInt

    private let thread: Mutex<Thread?>
    private let outcome: Outcome

    private final class Outcome: Sendable {
        let result = Mutex<Result<Value, any Error>>(.failure(TestFailure("the thread has not run")))
    }

    fileprivate init(in path: String, _ body: @escaping @Sendable () throws -> Value) throws {
        let outcome = Outcome()
        self.outcome = outcome
        let thread = try Thread(name: "inside") {
            let result = Result {
                try Self.enter(path)
                return try body()
            }
            outcome.result.withLock { $0 = result }
        }
        self.thread = Mutex(thread)
    }

    /// Waits for it.
    func value() throws -> Value {
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        return try outcome.result.withLock { try $0.get() }
    }

    private static func enter(_ path: String) throws {
        // A GNU extension that Swift's Glibc module does not show.
        guard let symbol = dlsym(nil, "setns") else { throw TestFailure("the C library has no setns") }
        let setns = unsafeBitCast(symbol, to: SetNamespace.self)
        let namespace = open(path, O_RDONLY | O_CLOEXEC)
        guard namespace >= 0 else { throw TestFailure(call: "open \(path)") }
        defer { close(namespace) }
        guard setns(namespace, 0) == 0 else { throw TestFailure(call: "setns \(path)") }
    }
}
