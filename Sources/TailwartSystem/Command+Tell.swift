import CTailwartLinux
import Glibc

extension Command {
    /// Bytes that are kept of what it says.
    private static let keptOutput = 4096
    /// Milliseconds until it is seen that the program has ended, where something that it started goes on and keeps its output open.
    private static let pause: CInt = 100

    /// Runs a program that is told something on standard input, and waits for it. It and all that it started end when the time is over.
    ///
    /// - Parameters:
    ///   - program: an absolute path.
    ///   - stop: ends it at once when it is rung.
    /// - Returns: as output all that it said, cut; ``Outcome/timedOut`` also if it was to end at once.
    package static func tell(
        _ program: String, _ arguments: [String], _ input: [UInt8], within limit: Duration, or stop: Waker
    ) -> Outcome {
        // A file in memory and not a pipe, which would have to be written while the program reads.
        let file = tw_memfd_create("input", tw_mfd_cloexec)
        guard file >= 0 else { return .notStarted("\(Errno.current)") }
        defer { close(file) }
        guard write(file, input, input.count) == input.count, lseek(file, 0, SEEK_SET) == 0 else {
            return .notStarted("\(Errno.current)")
        }
        var ends: [Int32] = [0, 0]
        guard tw_pipe2(&ends, O_CLOEXEC) == 0 else { return .notStarted("\(Errno.current)") }
        defer { close(ends[0]) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let id: Int32
        do {
            defer { close(ends[1]) }
            id = try Spawn.start(program, arguments, input: file, output: ends[1], errors: ends[1])
        } catch {
            return error.errno == .noEntry ? .missing : .notStarted("\(error.errno)")
        }
        var output: [UInt8] = []
        var isOpen = true
        let deadline = ContinuousClock.now + limit
        while true {
            isOpen = isOpen && drain(ends[0], into: &output)
            if let code = Spawn.exitCode(of: id, waiting: false) {
                _ = drain(ends[0], into: &output)
                return .ended(code, [], String(decoding: output, as: UTF8.self))
            }
            var polled = [
                pollfd(fd: isOpen ? ends[0] : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop.raw, events: Int16(POLLIN), revents: 0),
            ]
            poll(&polled, 2, pause)
            guard polled[1].revents == 0, ContinuousClock.now < deadline else {
                Spawn.kill(group: id)
                _ = Spawn.exitCode(of: id, waiting: true)
                return .timedOut
            }
        }
    }

    /// Reads what there is.
    ///
    /// - Returns: false if there will be no more.
    private static func drain(_ descriptor: Int32, into output: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: keptOutput)
        // A program that never stops saying something must not keep this from looking at the time.
        for _ in 0..<64 {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            guard count > 0 else { return false }
            output += chunk[..<min(count, keptOutput - output.count)]
        }
        return true
    }
}
