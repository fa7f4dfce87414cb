import ArgumentParser
import TailwartConfig

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the general form that the configuration file stands for.",
        discussion: "Example: tailwart config --config tailwart.yaml")

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        print(try options.loadValid().yaml, terminator: "")
    }
}
