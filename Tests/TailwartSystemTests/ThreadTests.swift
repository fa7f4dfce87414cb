import Synchronization
import TailwartSystem
import Testing

struct ThreadTests {
    @Test func `whoever waits for a thread waits for its end, and that may be asked again`() throws {
        let hasBegun = try Waker()
        let mayEnd = try Waker()
        let hasEnded = Atomic<Bool>(false)
        let thread = try Thread(name: "one") {
            hasBegun.ring()
            mayEnd.wait(timeout: 10_000)
            hasEnded.store(true, ordering: .releasing)
        }
        let seen = Atomic<Int>(0)
        let others = try (0..<4).map { _ in
            try Thread(name: "other") {
                thread.join()
                if hasEnded.load(ordering: .acquiring) { seen.add(1, ordering: .relaxed) }
            }
        }
        hasBegun.wait(timeout: 10_000)
        mayEnd.ring()
        for other in others { other.join() }
        #expect(seen.load(ordering: .relaxed) == 4)
        thread.join()
        thread.join()
    }
}
