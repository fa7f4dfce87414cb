import Glibc
import TailwartTesting

/// A program that a test started, ended by its process id.
final class ClientProgram {
    private let id: pid_t
    private var hasEnded = false

    /// Starts a program from the `PATH`, with nothing to read and nobody to hear it.
    ///
    /// - Throws: if there is no such program, so that a test without it fails.
    init(_ words: [String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<CInt> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var id = pid_t()
        let error = posix_spawnp(&id, words[0], &actions, nil, &arguments, environ)
        guard error == 0 else { throw TestFailure("\(words[0]) cannot be started; install it (error \(error))") }
        self.id = id
    }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        kill(id, SIGKILL)
        var status: CInt = 0
        waitpid(id, &status, 0)
    }

    deinit { end() }
}
