import ArgumentParser
import TailwartConfig
import TailwartCore
import TailwartImport
import TailwartSystem

/// `--config`, as several commands take it, and what it leads to.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: .init(
            "The configuration file. Default: $TAILWART_CONFIG, then ./tailwart.yaml, then /etc/tailwart/tailwart.yaml.",
            valueName: "file"), completion: .configuration)
    var path: String?

    func validate() throws {
        if path?.isEmpty == true {
            throw ValidationError(
                "--config names no file; name the configuration file, or leave --config out to have it looked for.")
        }
    }

    /// Reads and validates the file.
    ///
    /// - Throws: ``Failure`` 3 if there is no file to read, 1 if it is another program's.
    func load() throws -> (file: String, result: ConfigurationResult) {
        let environment = FileSystem.environment
        let file: String
        let bytes: [UInt8]
        do throws(ConfigurationFile.Failure) {
            file = try ConfigurationFile.find(named: path, environment: environment)
            bytes = try ConfigurationFile.read(file)
        } catch {
            throw Failure.notDone("\(error)", file: error.path)
        }
        let result = Configuration.load(bytes: bytes, file: file, environment: environment)
        if result.configuration == nil,
            let advice = ForeignConfiguration.advice(text: String(decoding: bytes, as: UTF8.self), file: file)
        {
            throw Failure.notGood(advice, file: file)
        }
        return (file, result)
    }

    /// The configuration of a good file; warnings go to standard error.
    ///
    /// - Throws: ``Failure`` 1 with every problem of a bad one.
    func loadValid() throws -> (configuration: Configuration, warnings: [CommandAnswer.Problem]) {
        try valid(load().result)
    }

    /// The same of what was read.
    func valid(_ result: ConfigurationResult) throws
        -> (configuration: Configuration, warnings: [CommandAnswer.Problem])
    {
        let text = result.problems.map(\.description).joined(separator: "\n")
        let problems = result.problems.map(\.answered)
        guard let configuration = result.configuration else { throw Failure.notGood(text, problems: problems) }
        if !text.isEmpty { printError(text) }
        return (configuration, problems)
    }

    /// Reads a file anew for an edge that runs, with the variables that the process was started with.
    static func reading(_ file: String) -> ConfigurationReading {
        do throws(ConfigurationFile.Failure) {
            let bytes = try ConfigurationFile.read(file)
            let result = Configuration.load(bytes: bytes, file: file, environment: FileSystem.environment)
            let problems = result.problems.map(\.answered)
            return result.configuration.map { .good($0, warnings: problems) } ?? .bad(problems)
        } catch {
            return .bad([CommandAnswer.Problem(.error, "\(error)", file: nil)])
        }
    }
}
