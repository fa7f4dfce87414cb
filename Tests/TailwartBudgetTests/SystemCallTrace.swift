import Foundation
import TailwartTesting

/// The system calls of a running edge, as `strace` writes them down.
struct SystemCallTrace {
    let edge: EdgeProcess
    private let file: TextFile

    /// Starts an edge under `strace`, which needs the right to trace its children.
    init(on host: TestHost, ports: [UInt16], _ configuration: String) async throws {
        file = host.folder.file("calls")
        _ = try Program("strace", package: "strace")
        // -D keeps the edge the child of this process, with the id that it was started under.
        edge = try await EdgeProcess(
            on: host, ports: ports, log: "{format: json, level: info}",
            under: ["strace", "-D", "-f", "-qq", "-o", file.path], configuration)
    }

    /// The names of the calls that were begun so far, in order.
    ///
    /// - Parameter thread: nil for those of all threads.
    func calls(of thread: Int32? = nil) -> [Substring] {
        // "1234  recvfrom(9, …", or "1234  <... recvfrom resumed>…" for the end of a call that another thread came between.
        file.lines.compactMap { line in
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard words.count == 2, thread == nil || words[0] == "\(thread ?? 0)" else { return nil }
            let call = words[1].drop { $0 == " " }
            guard let name = call.firstIndex(of: "(").map({ call[..<$0] }), name.allSatisfy(Self.isPartOfName) else {
                return nil
            }
            return name
        }
    }

    /// The calls of a thread as they were written down, with arguments and answer.
    func lines(of thread: Int32) -> [Substring] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            return words.count == 2 && words[0] == "\(thread)" ? words[1].drop { $0 == " " } : nil
        }
    }

    /// The id of the thread with this name.
    func thread(named name: String) throws -> Int32 {
        let folder = "/proc/\(edge.process.id)/task"
        for id in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let comm = try String(contentsOfFile: "\(folder)/\(id)/comm", encoding: .utf8)
            if comm.dropLast() == name, let id = Int32(id) { return id }
        }
        throw TestFailure("the edge has no thread \(name)")
    }

    private static func isPartOfName(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || character == "_")
    }
}
