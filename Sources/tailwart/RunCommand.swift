import ArgumentParser
import TailwartControl
import TailwartCore

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the edge in the foreground.",
        discussion: """
            Example: tailwart run --config /etc/tailwart/tailwart.yaml
            Prints one line per connection. SIGTERM or SIGINT: stops accepting and lets connections finish for `drain`; a second \
            one ends at once.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.loadValid()
        Foreground.prepare()
        do {
            let log = try Log(configuration.log)
            try log.start()
            let edge = try Edge(configuration, log: log)
            log.post(.info, "\(Version.current.line) listens on \(edge.places)")
            Foreground.serve(edge, log: log, drain: configuration.drain)
        } catch {
            throw Failure.notDone("\(error)")
        }
    }
}
