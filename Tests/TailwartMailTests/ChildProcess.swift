import Foundation
import Glibc
import Synchronization

/// A program that a test started: its output goes to two files in the test's folder, and it is ended by its process id.
final class ChildProcess: Sendable {
    let name: String
    /// Standard output.
    let output: TextFile
    /// Standard error.
    let errors: TextFile
    private let id: pid_t
    /// Nil as long as the program runs. Once it is set, the process id may be someone else's.
    private let ending = Mutex<Int32?>(nil)

    /// How long a program may take to end when asked to, before it is killed.
    private static let grace = Duration.seconds(5)

    /// - Parameter input: standard input; empty if nil.
    init(
        _ name: String, _ program: Program, _ arguments: [String], in folder: TemporaryFolder, input: Pipe? = nil
    ) throws {
        self.name = name
        self.output = folder.file("\(name).out.log")
        self.errors = folder.file("\(name).err.log")
        try output.write("")
        try errors.write("")
        let outputHandle = try FileHandle(forWritingTo: output.url)
        let errorHandle = try FileHandle(forWritingTo: errors.url)
        let inputHandle = input?.fileHandleForReading ?? .nullDevice
        self.id = try Spawn.start(
            program, arguments, input: inputHandle.fileDescriptor, output: outputHandle.fileDescriptor,
            errors: errorHandle.fileDescriptor)
        // The program's copy is the only one now: writing to a program that has ended is an error.
        try input?.fileHandleForReading.close()
        Warden.shared.watch(id)
    }

    var isRunning: Bool { exitCode == nil }

    /// The program's own exit code, or 128 and the number of the signal that ended it.
    private var exitCode: Int32? {
        ending.withLock { ending in
            if ending == nil {
                var status: Int32 = 0
                guard waitpid(id, &status, WNOHANG) == id else { return nil }
                let signal = status & 0x7f
                ending = signal == 0 ? (status >> 8) & 0xff : 128 + signal
                Warden.shared.forget(id)
            }
            return ending
        }
    }

    /// Waits for the program to end by itself; a program that does not end is killed.
    func exitCode(within limit: Duration = .seconds(30)) async throws -> Int32 {
        if let code = await ended(within: limit) { return code }
        await stop()
        throw SetUpError("\(name) did not end within \(limit)\n\(tail)")
    }

    /// Asks the program to end, and kills it and what it started if it does not.
    func stop() async {
        signal(SIGTERM, to: id)
        guard await ended(within: Self.grace) == nil else { return }
        // The program leads its own process group, so this reaches what it started and nothing else.
        signal(SIGKILL, to: -id)
        _ = await ended(within: Self.grace)
    }

    /// The last lines of what the program said, for an error.
    var tail: String { (output.lines.suffix(10) + errors.lines.suffix(10)).joined(separator: "\n") }

    private func signal(_ number: Int32, to target: pid_t) {
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
