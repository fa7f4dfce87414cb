import Foundation
import TailwartSystem
import TailwartTesting

/// Programs of others that judge metrics, alert rules and the dashboard.
enum MonitoringTool {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    static let folder = root.appending(path: "deploy/monitoring")

    /// What `promtool` says.
    ///
    /// - Parameter input: a file that is its standard input.
    /// - Throws: if it ends with another code than 0: it found something.
    @discardableResult
    static func promtool(_ arguments: [String], input: String = "/dev/null") throws -> String {
        let program = try Program("promtool", package: "prometheus")
        return try run("/bin/sh", ["-c", "exec \"$@\" <\"$0\"", input, program.path] + arguments)
    }

    /// What a script beside this file prints, run where `scripts/setup.sh` has put Python's packages.
    static func python(_ script: String, _ arguments: [String]) throws -> String {
        let python = root.appending(path: ".build/python/bin/python").path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw TestFailure("\(python) is missing; run: scripts/setup.sh test")
        }
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: script).path
        return try run(python, [path] + arguments)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let outcome = Command.run(program, arguments, atMost: 1 << 20, within: .seconds(120))
        guard case .ended(0, let output, let complaints) = outcome else {
            if case .ended(let code, let output, let complaints) = outcome {
                throw TestFailure("exit code \(code): \(complaints)\(String(decoding: output, as: UTF8.self))")
            }
            throw TestFailure("\(outcome)")
        }
        return complaints + String(decoding: output, as: UTF8.self)
    }
}
