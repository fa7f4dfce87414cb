import Foundation
import Glibc

/// Starts programs with `posix_spawn`.
///
/// Foundation's `Process` does not do: it takes a program for ended when the last copy of a socket that it hands down is closed,
/// which Postfix does at once, and it passes ignored signals on.
enum Spawn {
    /// Starts a program as leader of its own process group, with no signal ignored and no descriptor but these three.
    static func start(
        _ program: Program, _ arguments: [String], input: Int32, output: Int32, errors: Int32
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        }
        // Tests run side by side: what another one has open must not stay open in a server of this one.
        for descriptor in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init)
        where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var words = ([program.path] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var id = pid_t()
        let failure = posix_spawn(&id, program.path, &actions, &attributes, &words, environ)
        guard failure == 0 else {
            throw TestFailure("cannot start \(program.path): \(String(cString: strerror(failure)))")
        }
        return id
    }
}
