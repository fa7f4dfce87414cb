import Synchronization
import TailwartSystem
import TailwartTesting
import Testing

@testable import TailwartControl

@Suite(.ownThreads) struct ObserversTests {
    private final class Marks: Sendable {
        let all = Mutex<[String]>([])

        func add(_ mark: String) { all.withLock { $0.append(mark) } }
    }

    @Test func `stopping cancels all tasks and waits for them`() async throws {
        let observers = try Observers()
        let marks = Marks()
        let work = ["a", "b"].map { name -> @Sendable () async -> Void in
            {
                marks.add("\(name) begins")
                // Ends when it is cancelled.
                try? await Task.sleep(for: .seconds(3600))
                marks.add("\(name) ends")
            }
        }
        for work in work { observers.start(work) }
        try await eventually("both have begun") { marks.all.withLock { $0.count } == 2 ? true : nil }
        try await onThread { observers.stop() }
        #expect(marks.all.withLock { Set($0) } == ["a begins", "b begins", "a ends", "b ends"])
    }

    @Test func `stopping does not wait for a task that does not hear`() async throws {
        let observers = try Observers(patience: 10)
        let (gate, key) = AsyncStream<Void>.makeStream()
        let marks = Marks()
        observers.start {
            marks.add("begins")
            await Task { for await _ in gate { break } }.value
            marks.add("ends")
        }
        try await eventually("it has begun") { marks.all.withLock { $0.count } == 1 ? true : nil }
        try await onThread { observers.stop() }
        #expect(marks.all.withLock { $0 } == ["begins"])
        key.yield()
        try await eventually("it ends after all") { marks.all.withLock { $0.count } == 2 ? true : nil }
    }

    @Test func `one task is ended and the others go on`() async throws {
        let observers = try Observers()
        let marks = Marks()
        let numbers = ["a", "b"].map { name in
            observers.start {
                try? await Task.sleep(for: .seconds(3600))
                marks.add(name)
            }
        }
        observers.end(numbers[0])
        try await eventually("the first has ended") { marks.all.withLock { $0 } == ["a"] ? true : nil }
        observers.end(numbers[0])
        try await onThread { observers.stop() }
        #expect(marks.all.withLock { $0 } == ["a", "b"])
    }

    @Test func `what was never started can be stopped`() async throws {
        let observers = try Observers()
        try await onThread { observers.stop() }
    }

    /// Stopping blocks, which a task must not.
    private func onThread(_ body: @escaping @Sendable () -> Void) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            do {
                _ = try Thread(name: "stop") {
                    body()
                    done.resume()
                }
            } catch {
                done.resume(throwing: error)
            }
        }
    }
}
