import Glibc
import Synchronization
import TailwartSystem
import Testing

struct WakerTests {
    @Test func `a ring is heard, however often it rang, once`() throws {
        let waker = try Waker()
        #expect(!isRung(waker))
        waker.ring()
        waker.ring()
        #expect(isRung(waker))
        waker.clear()
        #expect(!isRung(waker))
        waker.clear()
        waker.ring()
        waker.wait(timeout: 10_000)
        #expect(!isRung(waker))
    }

    @Test func `a ring from another thread ends the wait`() throws {
        let waker = try Waker()
        let thread = try Thread(name: "a name that is far too long for a thread") { waker.ring() }
        waker.wait(timeout: -1)
        thread.join()
        #expect(!isRung(waker))
    }

    @Test func `a wait ends after its time without a ring`() throws {
        let waker = try Waker()
        waker.wait(timeout: 1)
        #expect(!isRung(waker))
    }

    private func isRung(_ waker: Waker) -> Bool {
        var poll = pollfd(fd: waker.raw, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1
    }

    @Test func `what is waited for is asked for at once, at each ring, and no longer than the limit`() throws {
        let waker = try Waker()
        #expect(waker.wait(within: 0) { true })
        #expect(!waker.wait(within: 1) { false })
        let rings = Atomic<Int>(0)
        let thread = try Thread(name: "rings") {
            for _ in 0..<3 {
                rings.add(1, ordering: .releasing)
                waker.ring()
            }
        }
        #expect(waker.wait(within: 10_000) { rings.load(ordering: .acquiring) == 3 })
        thread.join()
    }
}
