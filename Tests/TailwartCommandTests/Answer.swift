import Foundation
import TailwartTesting

/// What a command said, and how it ended.
struct Answer: Sendable {
    let exitCode: Int32
    /// Standard output.
    let output: String
    /// Standard error.
    let errors: String

    /// Runs `tailwart` in the test's folder until it ends by itself.
    ///
    /// - Parameters:
    ///   - environment: `NAME=value`; a variable that names a configuration is not passed on.
    ///   - wrapper: a command that runs the command in its further arguments in its own place.
    static func tailwart(
        _ arguments: [String], on host: TestHost, environment: [String] = [], under wrapper: [String] = []
    ) async throws -> Answer {
        let words = ["-C", host.folder.path, "-u", "TAILWART_CONFIG"] + environment + wrapper
        let process = try host.start(
            "tailwart-\(UUID().uuidString)", try Program("env", package: "coreutils"),
            words + [try Program.edge().path] + arguments)
        let code = try await process.exitCode(within: .seconds(60))
        return Answer(exitCode: code, output: process.output.text, errors: process.errors.text)
    }

    var outputLines: [Substring] { output.split(separator: "\n") }
    var errorLines: [Substring] { errors.split(separator: "\n") }
}
