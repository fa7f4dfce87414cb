package import Foundation
import Glibc
import Synchronization

import enum TailwartSystem.Spawn

/// A program that a test started: its output goes to two files in the test's folder, and it is ended by its process id.
package final class ChildProcess: Sendable {
    package let name: String
    /// Standard output.
    package let output: TextFile
    /// Standard error.
    package let errors: TextFile
    /// The process id; somebody else's once the program has ended.
    package let id: Int32
    /// Nil as long as the program runs. Once it is set, the process id may be someone else's.
    private let ending = Mutex<Int32?>(nil)

    /// How long a program may take to end when asked to, before it is killed.
    private static let grace = Duration.seconds(5)

    /// - Parameters:
    ///   - input: standard input; empty if nil.
    ///   - pipe: standard output in place of the file, which stays empty.
    package init(
        _ name: String, _ program: Program, _ arguments: [String], in folder: TemporaryFolder, input: Pipe? = nil,
        output pipe: Pipe? = nil
    ) throws {
        self.name = name
        self.output = folder.file("\(name).out.log")
        self.errors = folder.file("\(name).err.log")
        try output.write("")
        try errors.write("")
        let outputHandle = try FileHandle(forWritingTo: output.url)
        let errorHandle = try FileHandle(forWritingTo: errors.url)
        // Not Foundation's `Process`: it takes a program for ended when the last copy of a socket that it hands down is closed, which
        // Postfix does at once.
        self.id = try Spawn.start(
            program.path, arguments, input: input?.fileHandleForReading.fileDescriptor,
            output: (pipe?.fileHandleForWriting ?? outputHandle).fileDescriptor, errors: errorHandle.fileDescriptor)
        // The program's copies are the only ones now: writing to a program that has ended is an error, and reading from it comes
        // to an end.
        try input?.fileHandleForReading.close()
        try pipe?.fileHandleForWriting.close()
        Warden.shared.watch(id)
    }

    package var isRunning: Bool { exitCode == nil }

    /// The program's own exit code, or 128 and the number of the signal that ended it.
    private var exitCode: Int32? {
        ending.withLock { ending in
            if ending == nil, let code = Spawn.exitCode(of: id, waiting: false) {
                ending = code
                Warden.shared.forget(id)
            }
            return ending
        }
    }

    /// Waits for the program to end by itself; a program that does not end is killed.
    package func exitCode(within limit: Duration = .seconds(30)) async throws -> Int32 {
        if let code = await ended(within: limit) { return code }
        await stop()
        throw TestFailure("\(name) did not end within \(limit)\n\(tail)")
    }

    /// Asks the program to end, and kills it and what it started if it does not.
    package func stop() async {
        send(SIGTERM)
        guard await ended(within: Self.grace) == nil else { return }
        // The program leads its own process group, so this reaches what it started and nothing else.
        signal(SIGKILL, to: -id)
        _ = await ended(within: Self.grace)
    }

    /// Sends the program a signal; nothing happens if it has ended.
    package func send(_ number: Int32) { signal(number, to: id) }

    /// The last lines of what the program said, for an error.
    package var tail: String { (output.lines.suffix(10) + errors.lines.suffix(10)).joined(separator: "\n") }

    private func signal(_ number: Int32, to target: Int32) {
        ending.withLock { ending in
            // Not yet waited for, so the id is still this program's.
            if ending == nil { kill(target, number) }
        }
    }

    private func ended(within limit: Duration) async -> Int32? {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let exitCode { return exitCode }
            // A test that is cancelled at its time limit still ends its programs: sleep without `Task.sleep`'s error.
            if (try? await Task.sleep(for: .milliseconds(5))) == nil { usleep(5000) }
        }
        return exitCode
    }
}
