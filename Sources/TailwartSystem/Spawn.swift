import CTailwartLinux
import Glibc
import Synchronization

/// Starting other programs. Who starts one waits for it; until then its process id is nobody else's.
package enum Spawn {
    /// Programs that somebody waits for; with its exit code, one that ``reap(awaiting:)`` was first to hear of.
    private static let awaited = Mutex<[Int32: Int32?]>([:])

    /// Whether there is a process with this number: perhaps another one by now.
    package static func isAlive(_ process: UInt32) -> Bool {
        Glibc.kill(pid_t(truncatingIfNeeded: process), 0) == 0 || Errno.current == .notPermitted
    }

    /// Starts a program as leader of its own process group, with no signal blocked or ignored and no descriptor but these three.
    ///
    /// - Parameters:
    ///   - program: a path, or a name that is looked for on the `PATH`.
    ///   - environment: `NAME=value`; nil: that of this process.
    ///   - input: nil: empty.
    ///   - output: nil: nobody hears it; the same for `errors`.
    /// - Throws: `ENOENT` if there is no such program.
    package static func start(
        _ program: String, _ arguments: [String], environment: [String]? = nil, input: Int32? = nil,
        output: Int32? = nil, errors: Int32? = nil
    ) throws(SystemError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in [input, output, errors].enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(target), "/dev/null", O_RDWR, 0)
            }
        }
        // What this process has open would stay open in the program.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = (environment ?? []).map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var id = pid_t()
        // It is known before it can have ended.
        let failure = awaited.withLock { awaited in
            let failure =
                environment == nil
                ? posix_spawnp(&id, program, &actions, &attributes, &words, environ)
                : posix_spawnp(&id, program, &actions, &attributes, &words, &variables)
            if failure == 0 { awaited[id] = .some(nil) }
            return failure
        }
        guard failure == 0 else { throw SystemError("posix_spawn", Errno(rawValue: failure)) }
        return id
    }

    /// Ends a program and all of its process group at once, as long as its id is its own. Who started it still waits for it.
    package static func kill(group id: Int32) {
        awaited.withLock { awaited in
            if case .some(.none) = awaited[id] { _ = Glibc.kill(-id, SIGKILL) }
        }
    }

    /// Asks how those ended that have lost their parent, so that they do not stay as zombies. For the process with the id 1, and for one
    /// that waits for all its programs here.
    ///
    /// - Returns: the exit code of `program` if it is among them: from then on its id may be someone else's.
    @discardableResult package static func reap(awaiting program: Int32? = nil) -> Int32? {
        awaited.withLock { awaited in
            var status: Int32 = 0
            while true {
                let id = waitpid(-1, &status, WNOHANG)
                guard id > 0 else { break }
                if awaited[id] != nil { awaited[id] = .some(exitCode(status)) }
            }
            guard let program, let code = awaited[program], let code else { return nil }
            awaited[program] = nil
            return code
        }
    }

    /// The program's own exit code, or 128 and the number of the signal that ended it. From then on the id may be someone else's.
    ///
    /// - Parameter waiting: whether to wait for the end; else nil as long as the program runs.
    package static func exitCode(of id: Int32, waiting: Bool) -> Int32? {
        var status: Int32 = 0
        while true {
            let ended = waitpid(id, &status, waiting ? 0 : WNOHANG)
            if ended < 0, errno == EINTR { continue }
            if ended == 0 { return nil }
            return awaited.withLock { awaited in
                let known = awaited.removeValue(forKey: id) ?? nil
                return ended == id ? exitCode(status) : known
            }
        }
    }

    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
