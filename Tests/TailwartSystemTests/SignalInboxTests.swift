import Glibc
import TailwartSystem
import Testing

@Suite struct SignalInboxTests {
    /// A signal that no other test uses, sent to this thread alone.
    @Test func `a signal, a ring and the time each end the wait`() throws {
        let wakes = try Waker()
        Signals.block([SIGUSR2])
        var inbox = try SignalInbox([SIGUSR2])
        defer { inbox.close() }
        #expect(inbox.wait(until: 0, or: wakes) == .time)
        wakes.ring()
        #expect(inbox.wait(until: nil, or: wakes) == .rung)
        pthread_kill(pthread_self(), SIGUSR2)
        wakes.ring()
        #expect(inbox.wait(until: nil, or: wakes) == .signal(SIGUSR2))
        #expect(inbox.wait(until: nil, or: wakes) == .rung)
        #expect(inbox.wait(until: Clock.monotonic() + 1000, or: wakes) == .time)
    }
}
