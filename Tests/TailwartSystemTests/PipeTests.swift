import Glibc
import TailwartSystem
import Testing

struct PipeTests {
    @Test func `bytes go through a pipe, and an empty or a full one says so`() throws {
        guard var pipe = Pipe(capacity: 64 * 1024) else {
            Issue.record("no pipe was to be had")
            return
        }
        var ends: (CInt, CInt) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes in
            socketpair(
                AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0,
                bytes.baseAddress?.assumingMemoryBound(to: CInt.self))
        }
        #expect(result == 0)
        var left = Descriptor(owning: ends.0)
        var right = Descriptor(owning: ends.1)
        let (near, far) = (left.socket, right.socket)

        #expect(pipe.fill(from: far) == .wouldBlock)
        #expect(pipe.flush(1, into: near) == .wouldBlock)
        let sent = [1, 2, 3, 4, 5] as [UInt8]
        #expect(sent.withUnsafeBytes { near.send($0) } == .count(5))
        #expect(pipe.fill(from: far) == .count(5))
        #expect(pipe.flush(3, into: far) == .count(3))
        #expect(pipe.flush(3, into: far) == .count(2))
        var received = [UInt8](repeating: 0, count: 8)
        #expect(received.withUnsafeMutableBytes { near.receive($0) } == .count(5))
        #expect(received.prefix(5) == sent[...])

        left.close()
        #expect(pipe.fill(from: far) == .count(0))
        right.close()
        pipe.close()
    }

    @Test(arguments: [4096, 64 * 1024, 1024 * 1024])
    func `a pipe says how much was granted`(wanted: Int) throws {
        guard var pipe = Pipe(capacity: wanted) else {
            Issue.record("no pipe was to be had")
            return
        }
        let capacity = pipe.capacity
        pipe.close()
        #expect(capacity >= 4096)
    }
}
