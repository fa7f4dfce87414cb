import ArgumentParser
import TailwartConfig
import TailwartCore

struct ConfigCommand: ParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration in its general form, or its JSON Schema.",
        discussion: """
            Example: tailwart config --config tailwart.yaml
            Example: tailwart config --schema > tailwart.schema.json
            The general form has every listener, route and upstream that the short form (`mailbox`, `web`) stands for. It is a valid \
            configuration too.
            Exit codes: 0 when it is printed, 1 if the file is bad, 3 if it cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print the JSON Schema of configuration files instead.")
    var schema = false

    @Flag(help: .json("configuration"))
    var json = false

    func validate() throws {
        if schema, json { throw ValidationError("--schema and --json: choose one; the schema is JSON already.") }
    }

    func run() throws {
        guard !schema else { return print(Configuration.schema, terminator: "") }
        let (configuration, warnings) = try options.loadValid()
        if json {
            print(Configuration.answer(configuration, problems: warnings))
        } else {
            print(configuration.yaml, terminator: "")
        }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { Configuration.answer(nil, problems: problems) }
}
