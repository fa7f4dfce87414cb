import ArgumentParser
import TailwartAdmin
import TailwartControl
import TailwartCore

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the edge in the foreground.",
        discussion: """
            Example: tailwart run --config /etc/tailwart/tailwart.yaml
            Prints one line per connection. SIGHUP: reads the file anew and serves what it says now; no connection is cut or turned \
            away for it, and a bad file changes nothing. SIGTERM or SIGINT: stops accepting and lets connections finish for \
            `drain`; a second one ends at once. Other signals change nothing.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let (file, result) = try options.load()
        let configuration = try options.valid(result).configuration
        do {
            let ledger = try Ledger()
            let log = try LineWriter(configuration.log, of: ledger)
            try ledger.start()
            let reading: @Sendable () -> ConfigurationReading = { ConfigurationOptions.reading(file) }
            let asked = try AdminListener.open(configuration.admin, ledger: ledger)
            let edge = try Edge(configuration, ledger: ledger, log: log)
            let admin = asked.isEmpty ? nil : try AdminServer(edge.view(reading: reading), at: asked)
            ledger.post(.listening(version: Version.current.line, edge.openings))
            try Foreground.serve(edge, ledger: ledger, hangUp: .reloads(reading))
            admin?.stop()
            ledger.finish()
        } catch {
            throw Failure.notDone("\(error)")
        }
    }
}
