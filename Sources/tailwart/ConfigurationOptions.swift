import ArgumentParser
import Foundation
import TailwartConfig

/// `--config`, as several commands take it, and what it leads to.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: .init(
            "The configuration file. Else $TAILWART_CONFIG, ./tailwart.yaml, /etc/tailwart/tailwart.yaml.",
            valueName: "file"))
    var path: String?

    /// Reads and validates the file.
    ///
    /// - Throws: ``Failure`` 3 if there is no file to read.
    func load() throws -> (file: String, result: ConfigurationResult) {
        let environment = ProcessInfo.processInfo.environment
        do {
            let file = try ConfigurationFile.find(named: path, environment: environment)
            let bytes = try ConfigurationFile.read(file)
            return (file, Configuration.load(bytes: bytes, file: file, environment: environment))
        } catch {
            throw Failure.notDone("\(error)")
        }
    }

    /// The configuration of a good file; warnings go to standard error.
    ///
    /// - Throws: ``Failure`` 1 with every problem of a bad one.
    func loadValid() throws -> Configuration {
        let (_, result) = try load()
        let problems = result.problems.map(\.description).joined(separator: "\n")
        guard let configuration = result.configuration else { throw Failure.notWell(problems) }
        if !problems.isEmpty { printError(problems) }
        return configuration
    }
}
