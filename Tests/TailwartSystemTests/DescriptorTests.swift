import Glibc
import TailwartSystem
import Testing

struct DescriptorTests {
    @Test func `a descriptor closes once and may be closed again to no effect`() throws {
        var descriptor = Descriptor.reserve()
        let raw = descriptor.raw
        #expect(raw >= 0)
        let isOpen = fcntl(raw, F_GETFD) >= 0
        #expect(isOpen)
        descriptor.close()
        descriptor.close()
        let stillOpen = descriptor.isOpen
        #expect(!stillOpen)
    }

    @Test func `a descriptor that is taken out leaves none behind`() throws {
        var first = Descriptor.reserve()
        let raw = first.raw
        var second = first.take()
        let (left, taken) = (first.isOpen, second.raw)
        #expect(!left)
        #expect(taken == raw)
        second.close()
        first.close()
    }

    @Test func `a descriptor that is given up stays open`() throws {
        let raw = Descriptor.reserve().release()
        #expect(fcntl(raw, F_GETFD) >= 0)
        #expect(close(raw) == 0)
    }

    /// A release build closes it.
    @Test(.enabled(if: isDebugBuild)) func `a descriptor that is forgotten ends a debug build`() async {
        await #expect(processExitsWith: .failure) { _ = Descriptor.reserve() }
    }

    @Test func `closing a number that is not open ends the process`() async {
        await #expect(processExitsWith: .failure) {
            var descriptor = Descriptor.reserve()
            close(descriptor.raw)
            descriptor.close()
        }
    }

    @Test func `reading from a number that is not open ends the process`() async {
        await #expect(processExitsWith: .failure) {
            let raw = Descriptor.reserve().release()
            close(raw)
            var bytes = [UInt8](repeating: 0, count: 8)
            _ = bytes.withUnsafeMutableBytes { Socket(raw: raw).receive($0) }
        }
    }

    @Test func `a descriptor that is closed ends no process`() async {
        await #expect(processExitsWith: .success) {
            var descriptor = Descriptor.reserve()
            descriptor.close()
        }
    }
}

private var isDebugBuild: Bool {
    var isDebug = false
    assert(
        {
            isDebug = true
            return true
        }())
    return isDebug
}
