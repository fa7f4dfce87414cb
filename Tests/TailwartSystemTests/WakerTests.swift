import Glibc
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
}
