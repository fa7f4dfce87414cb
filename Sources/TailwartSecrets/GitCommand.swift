import Glibc

/// Runs `git` and reads what it prints. What it says on standard error goes to ours.
enum GitCommand {
    struct Answer {
        let exitCode: CInt
        let output: [UInt8]
    }

    /// - Parameters:
    ///   - limit: bytes of output that are read; git is ended when it says more.
    ///   - isQuiet: whether standard error is thrown away.
    /// - Returns: nil if git cannot be started, which mostly means that it is not installed.
    static func run(_ arguments: [String], limit: Int, isQuiet: Bool = false) -> Answer? {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        // Nobody but git gets an end, or the output would not come to its own.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        if isQuiet { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }

        var words = (["git"] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var id = pid_t()
        let failure = posix_spawnp(&id, "git", &actions, nil, &words, environ)
        close(ends[1])
        guard failure == 0 else { return nil }

        let (output, isWhole) = read(ends[0], limit: limit)
        if !isWhole { kill(id, SIGTERM) }
        var status: CInt = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return Answer(exitCode: signal == 0 ? (status >> 8) & 0xff : 128 + signal, output: output)
    }

    private static func read(_ descriptor: CInt, limit: Int) -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return (bytes, true) }
            bytes += buffer[..<count]
        }
        return (bytes, false)
    }
}
