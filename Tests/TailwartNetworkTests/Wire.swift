import Foundation
import Synchronization
import TailwartTesting

/// The tailnet between the edge and the mailbox: `wire.py`, told what to do to packets.
final class Wire: Sendable {
    private let process: ChildProcess
    private let commands: Mutex<Pipe>
    /// Commands so far, and their answers.
    private let count = Mutex(0)

    /// Makes a device `tailscale0` in both namespaces; addresses are the caller's.
    init(_ edge: Namespace, _ home: Namespace, on host: TestHost, seed: UInt64) async throws {
        let pipe = Pipe()
        process = try host.start(
            "wire", Script.python(), [Script.path("wire.py"), "\(seed)", "\(edge.processID)", "\(home.processID)"],
            input: pipe)
        commands = Mutex(pipe)
        try await answer(1)
    }

    /// - Parameter milliseconds: one way.
    func delay(_ milliseconds: Int) async throws { try await tell("delay \(milliseconds)") }

    /// - Parameter percent: each way.
    func lose(_ percent: Int) async throws { try await tell("loss \(percent)") }

    /// Swallows every packet from now on, and says nothing.
    func swallow(_ swallows: Bool) async throws { try await tell("hole \(swallows ? "on" : "off")") }

    /// Packets that arrived and packets that did not, in words.
    func tally() async throws -> String { try await tell("count") }

    @discardableResult
    private func tell(_ command: String) async throws -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        try commands.withLock { try $0.fileHandleForWriting.write(contentsOf: Data("\(command)\n".utf8)) }
        // The first line says that it is ready.
        return try await answer(number + 1)
    }

    @discardableResult
    private func answer(_ number: Int) async throws -> String {
        try await eventually("the wire answers") { () throws -> String? in
            guard process.isRunning else { throw TestFailure("the wire has ended\n\(process.tail)") }
            let lines = process.output.text.split(separator: "\n", omittingEmptySubsequences: false)
            // What follows the last line feed is not whole.
            return lines.count > number ? String(lines[number - 1]) : nil
        }
    }
}
