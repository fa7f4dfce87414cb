import ArgumentParser
import Foundation
import TailwartConfig

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Validate the configuration file: every problem, each with its place.",
        discussion: """
            Example: tailwart check --config /etc/tailwart/tailwart.yaml
            Ends with 0 if the file is good (warnings are allowed), 1 if it is not, 3 if it cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let (file, result) = try options.load()
        if json {
            let answer = Answer(
                file: file, valid: result.configuration != nil, problems: result.problems.map(Answer.Problem.init))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(answer), as: UTF8.self))
        } else {
            for problem in result.problems { print(problem) }
            if let configuration = result.configuration {
                let listeners = configuration.listeners.count
                let upstreams = configuration.upstreams.count
                print(
                    "\(file): good: \(listeners) \(listeners == 1 ? "listener" : "listeners"), "
                        + "\(upstreams) \(upstreams == 1 ? "upstream" : "upstreams"). "
                        + "`tailwart config` prints what it stands for, `tailwart run` runs it.")
            }
        }
        if result.configuration == nil { throw ExitCode(1) }
    }

    private struct Answer: Encodable {
        struct Problem: Encodable {
            let severity: String
            let line: Int
            let column: Int
            let message: String

            init(_ problem: ConfigurationProblem) {
                severity = problem.severity.rawValue
                line = problem.place.line
                column = problem.place.column
                message = problem.message
            }
        }

        let file: String
        let valid: Bool
        let problems: [Problem]
    }
}
