import ArgumentParser
import Glibc
import TailwartControl
import TailwartCore
import TailwartSystem

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the edge in the foreground.",
        discussion: """
            Example: tailwart run --config /etc/tailwart/tailwart.yaml
            Logs each connection as one line.
            SIGHUP loads a changed file: no connection is cut or refused, and a bad file changes nothing. SIGTERM and SIGINT (Ctrl-C) \
            stop accepting and let open connections finish for `drain`; a second one ends them at once.
            Exit codes: 0 when it was stopped, 1 if the file is bad, 3 if it could not start, 75 if a takeover failed.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(
        help: """
            Take over from the running edge, if there is one: this process gets its listening sockets, it drains, and no connection is \
            refused. If that fails, the running edge keeps serving.
            """)
    var takeover = false

    func run() throws {
        let (file, result) = try options.load()
        let configuration = try options.valid(result).configuration
        let manager = ServiceManager(FileSystem.environment)
        do {
            let ledger = try Ledger()
            let log = try LineWriter(configuration.log, of: ledger)
            try ledger.start()
            let reading: @Sendable () -> ConfigurationReading = { ConfigurationOptions.reading(file) }
            let edge = try begin(configuration, ledger, log, manager)
            let admin = try openAdmin(of: edge, configuration.admin, ledger, reading)
            try Foreground.serve(edge, ledger: ledger, hangUp: .reloads(reading), manager: manager)
            admin?.stop()
            ledger.finish()
        } catch let failure as Takeover.Failure {
            throw Failure.tryAgain("The takeover failed, and the running edge goes on: \(failure.fault.sentence)")
        } catch {
            throw Failure.notDone("\(error)")
        }
    }

    /// An edge that serves.
    private func begin(
        _ configuration: Configuration, _ ledger: Ledger, _ log: LineWriter, _ manager: ServiceManager
    ) throws -> Edge {
        let given = ServiceReport.inherited(from: manager, configuration)
        if takeover, let path = configuration.admin.path {
            return try Takeover.run(at: path, besides: given) { inheritance in
                try Edge(configuration, ledger: ledger, log: log, inheriting: inheritance)
            } began: { edge, isTakeover in
                // Whoever hears that this process serves may want to take over from it.
                openTakeovers(of: edge, configuration.admin)
                ledger.post(
                    isTakeover
                        ? .takeover(edge.openings) : .listening(version: Version.current.line, edge.openings))
            }
        }
        let edge = try Edge(configuration, ledger: ledger, log: log, inheriting: given)
        edge.watch()
        edge.settleSockets()
        openTakeovers(of: edge, configuration.admin)
        ledger.post(.listening(version: Version.current.line, edge.openings))
        return edge
    }

    /// After a takeover mail is served already, so what cannot be had of it is said, and no more.
    private func openAdmin(
        of edge: Edge, _ settings: AdminSettings, _ ledger: Ledger,
        _ reading: @escaping @Sendable () -> ConfigurationReading
    ) throws -> AdminInterface? {
        var tries = takeover ? 20 : 1
        while true {
            tries -= 1
            do {
                let admin = try AdminInterface(
                    settings, answering: edge.view(reading: reading), ledger: ledger, replaces: takeover)
                edge.whenTakenOver { admin.stop() }
                return admin
            } catch  where takeover && tries > 0 {
                // The process before has the addresses a moment longer.
                usleep(100_000)
            } catch {
                guard takeover else {
                    edge.stop()
                    throw error
                }
                ledger.post(.adminUnavailable(socket: settings.path ?? "admin.listen", failure: "\(error)"))
                return nil
            }
        }
    }

    /// Where the default place is not to be had nobody has asked for one.
    private func openTakeovers(of edge: Edge, _ admin: AdminSettings) {
        guard let path = admin.path else { return }
        do throws(SystemError) {
            try edge.openTakeovers(besides: path, replaces: takeover)
        } catch {
            guard admin.socket != nil else { return }
            printError("No other process can take over from this one: \(path): \(error)")
        }
    }
}
