package import Foundation
import Glibc
import Synchronization

/// One test's folder and the servers that it started; both are gone when the test is over, however it ended.
package final class TestHost: Sendable {
    package let folder: TemporaryFolder
    private let processes = Mutex<[ChildProcess]>([])

    private init() throws {
        // Writing to a client that has ended is an error of that test, not the end of all of them.
        signal(SIGPIPE, SIG_IGN)
        self.folder = try TemporaryFolder()
    }

    package static func run(_ body: (TestHost) async throws -> Void) async throws {
        let host = try TestHost()
        do {
            try await body(host)
        } catch {
            host.printLogs()
            await host.end()
            throw error
        }
        await host.end()
    }

    /// Starts a program that runs until the test ends or ``ChildProcess/stop()`` is called.
    package func start(
        _ name: String, _ program: Program, _ arguments: [String], input: Pipe? = nil, output: Pipe? = nil
    ) throws -> ChildProcess {
        let process = try ChildProcess(name, program, arguments, in: folder, input: input, output: output)
        processes.withLock { $0.append(process) }
        return process
    }

    private func end() async {
        // The edge was started last and goes first, as its upstreams would otherwise end its connections.
        for process in processes.withLock({ $0 }).reversed() {
            await process.stop()
        }
        folder.remove()
    }

    /// What a failed run leaves for its reader; the folder itself is removed.
    private func printLogs() {
        for file in folder.files(endingIn: ".log") {
            let lines = file.text.split(separator: "\n").suffix(40)
            guard !lines.isEmpty else { continue }
            print("--- \(file.url.lastPathComponent)\n\(lines.joined(separator: "\n"))")
        }
    }
}
