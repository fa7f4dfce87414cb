import Glibc
import TailwartSystem

/// A program that a test started, ended by its process id.
final class ClientProgram {
    private let id: Int32
    private var hasEnded = false

    /// Starts a program from the `PATH`, with nothing to read and nobody to hear it.
    ///
    /// - Throws: if there is no such program, so that a test without it fails.
    init(_ words: [String]) throws {
        id = try Spawn.start(words[0], Array(words.dropFirst()))
    }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        kill(id, SIGKILL)
        _ = Spawn.exitCode(of: id, waiting: true)
    }

    deinit { end() }
}
