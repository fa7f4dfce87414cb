import Glibc

/// Another program, run to its end. It gets no input, and is ended if it says too much or takes too long.
package enum Command {
    package enum Outcome: Sendable, Equatable {
        /// Exit code (128 and more for a signal), standard output, standard error.
        case ended(Int32, [UInt8], String)
        case missing
        case tooLong
        case timedOut
        case notStarted(String)
    }

    private static let systemFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    /// Bytes of standard error that are kept.
    private static let maximumErrors = 4096

    /// Runs a system program. It is looked for where systems keep theirs and not on the `PATH`, since root may run this, and its
    /// environment is nothing but the language.
    package static func system(
        _ name: String, _ arguments: [String], atMost limit: Int, within timeout: Duration
    ) async -> Outcome {
        let paths: [String] = systemFolders.map { "\($0)/\(name)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else { return .missing }
        let environment = ["LC_ALL=C", "PATH=\(systemFolders.joined(separator: ":"))"]
        do throws(SystemError) {
            return try await Thread.run(name: name) {
                run(path, arguments, environment: environment, atMost: limit, within: timeout)
            }
        } catch {
            return .notStarted("\(error)")
        }
    }

    /// Runs a program and waits for it.
    ///
    /// - Parameters:
    ///   - program: a path, or a name that is looked for on the `PATH`.
    ///   - environment: `NAME=value`; nil: that of this process.
    ///   - limit: bytes of standard output.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String]? = nil, atMost limit: Int,
        within timeout: Duration
    ) -> Outcome {
        var ends: [(read: Int32, write: Int32)] = []
        defer { for end in ends { close(end.read) } }
        for _ in 0..<2 {
            var pair: [Int32] = [0, 0]
            guard pipe(&pair) == 0 else { return .notStarted("\(Errno.current)") }
            // Another program that is started meanwhile must not keep it open.
            for descriptor in pair { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            ends.append((pair[0], pair[1]))
        }
        let id: Int32
        do {
            defer { for end in ends { close(end.write) } }
            id = try Spawn.start(
                program, arguments, environment: environment, output: ends[0].write, errors: ends[1].write)
        } catch {
            return error.errno == .noEntry ? .missing : .notStarted("\(error.errno)")
        }
        let (stop, output, errors) = collect(ends.map(\.read), atMost: limit, within: timeout)
        // Not waited for yet, so the id is still the program's; what it started goes with it.
        if stop != nil { kill(-id, SIGKILL) }
        let code = Spawn.exitCode(of: id, waiting: true) ?? 128
        return stop ?? .ended(code, output, String(decoding: errors, as: UTF8.self))
    }

    /// Reads both until they end.
    private static func collect(
        _ descriptors: [Int32], atMost limit: Int, within timeout: Duration
    ) -> (stop: Outcome?, output: [UInt8], errors: [UInt8]) {
        var taken: [[UInt8]] = [[], []]
        var isOpen = [true, true]
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let deadline = ContinuousClock.now + timeout
        while isOpen.contains(true) {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return (.timedOut, [], []) }
            // A negative descriptor is passed over.
            var polled = descriptors.indices.map {
                pollfd(fd: isOpen[$0] ? descriptors[$0] : -1, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&polled, nfds_t(polled.count), Int32(left / .milliseconds(1)) + 1) > 0 else { continue }
            for index in polled.indices where polled[index].revents != 0 {
                let count = Glibc.read(descriptors[index], &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    isOpen[index] = false
                    continue
                }
                taken[index] += chunk[..<count]
            }
            guard taken[0].count <= limit else { return (.tooLong, [], []) }
            taken[1] = Array(taken[1].prefix(maximumErrors))
        }
        return (nil, taken[0], taken[1])
    }
}
