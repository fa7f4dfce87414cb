import ArgumentParser
import TailwartConfig
import TailwartCore

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the general form that the configuration file stands for.",
        discussion: """
            Example: tailwart config --config tailwart.yaml
            Example: tailwart config --schema > tailwart.schema.json
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print the JSON Schema of configuration files instead, and read none.")
    var schema = false

    func run() throws {
        print(try schema ? Configuration.schema : options.loadValid().yaml, terminator: "")
    }
}
