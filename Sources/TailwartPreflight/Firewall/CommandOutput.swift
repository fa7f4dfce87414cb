import Glibc
import TailwartSystem

/// What a system program printed. It is looked for where systems keep theirs and not on the `PATH`, since root may run this; it gets no
/// input, an environment of nothing but the language, and an end if it takes too long.
enum CommandOutput: Sendable, Equatable {
    /// Exit code (128 and more for a signal), standard output, standard error.
    case ended(Int32, [UInt8], String)
    case missing
    case tooLong
    case timedOut
    case notStarted(String)

    private static let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    /// Bytes of standard error that are kept.
    private static let maximumErrors = 4096

    static func of(_ name: String, _ arguments: [String], atMost limit: Int, within timeout: Duration) async
        -> CommandOutput
    {
        let paths: [String] = folders.map { "\($0)/\(name)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else { return .missing }
        return await withCheckedContinuation { done in
            // A thread of its own: it waits for the program, which a task must not.
            do throws(SystemError) {
                _ = try Thread(name: name) {
                    done.resume(returning: run(path, arguments, atMost: limit, within: timeout))
                }
            } catch {
                done.resume(returning: .notStarted("\(error)"))
            }
        }
    }

    private static func run(_ path: String, _ arguments: [String], atMost limit: Int, within timeout: Duration)
        -> CommandOutput
    {
        var ends: [(read: Int32, write: Int32)] = []
        defer { for end in ends { close(end.read) } }
        for _ in 0..<2 {
            var pair: [Int32] = [0, 0]
            guard pipe(&pair) == 0 else { return .notStarted("\(Errno.current)") }
            // Another program that is started meanwhile must not keep it open.
            for descriptor in pair { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            ends.append((pair[0], pair[1]))
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[0].write, 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1].write, 2)
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var environment = [strdup("LC_ALL=C"), strdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nil]
        defer { (words + environment).forEach { free($0) } }
        var id = pid_t()
        let failure = posix_spawn(&id, path, &actions, nil, &words, &environment)
        for end in ends { close(end.write) }
        guard failure == 0 else { return .notStarted("\(Errno(rawValue: failure))") }
        let (stop, output, errors) = collect(ends.map(\.read), atMost: limit, within: timeout)
        // Not waited for yet, so the id is still the program's.
        if stop != nil { kill(id, SIGKILL) }
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return stop
            ?? .ended(
                signal == 0 ? (status >> 8) & 0xff : 128 + signal, output, String(decoding: errors, as: UTF8.self))
    }

    /// Reads both until they end.
    private static func collect(
        _ descriptors: [Int32], atMost limit: Int, within timeout: Duration
    ) -> (stop: CommandOutput?, output: [UInt8], errors: [UInt8]) {
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

/// Files that the kernel writes: short, and complete at one reading.
enum SmallFile {
    private static let maximum = 1 << 20

    /// Nil if it cannot be read.
    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: maximum)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
