import ArgumentParser
import TailwartControl
import TailwartCore

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the edge in the foreground.",
        discussion: """
            Example: tailwart run --config /etc/tailwart/tailwart.yaml
            Prints one line per connection. SIGTERM or SIGINT: stops accepting and lets connections finish for `drain`; a second \
            one ends at once. Other signals change nothing.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let configuration = try options.loadValid().configuration
        do {
            let ledger = try Ledger()
            try LineWriter(configuration.log, of: ledger)
            try ledger.start()
            let edge = try Edge(configuration, ledger: ledger)
            ledger.post(.listening(version: Version.current.line, edge.openings))
            try Foreground.serve(edge, ledger: ledger, drain: configuration.drain)
            ledger.finish()
        } catch {
            throw Failure.notDone("\(error)")
        }
    }
}
