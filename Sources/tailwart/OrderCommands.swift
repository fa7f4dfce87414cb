import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Have the running edge stop accepting, let connections finish, and exit.",
        discussion: """
            Example: tailwart drain --for 5m
            The same as SIGTERM. This command does not wait until the edge has exited.
            Exit codes: 0 when the edge has begun to drain, 1 if it drains already, 3 if no edge answers.
            """)

    @OptionGroup var edge: EdgeOptions

    @Option(
        name: .customLong("for"),
        help: .init(
            "How long connections have to finish, such as 5m. Default: 'drain' of the configuration.",
            valueName: "duration"))
    var limit: Limit?

    func run() async throws {
        let query = limit.map { "?for=\($0.duration.configurationText.queryEncoded)" } ?? ""
        try await edge.order("/drain\(query)")
    }

    /// A duration as the configuration writes it, and in its range.
    struct Limit: ExpressibleByArgument {
        let duration: Duration

        init?(argument: String) {
            guard let duration = Duration(configurationText: argument), Allowed.drain.contains(duration) else {
                return nil
            }
            self.duration = duration
        }
    }
}

struct LogLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level", abstract: "Change the log level of the running edge.",
        discussion: """
            Example: tailwart log-level debug
            It lasts until the edge restarts, or loads a file with another level.
            Exit codes: 0 when it has changed, 3 if no edge answers.
            """)

    @OptionGroup var edge: EdgeOptions

    @Argument(help: "The lowest level that is written.")
    var level: EventLevel

    func run() async throws { try await edge.order("/log-level?level=\(level.rawValue)") }
}

extension EventLevel: ExpressibleByArgument {}

struct ReloadCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the running edge load its changed configuration.",
        discussion: """
            Example: tailwart reload --dry-run
            The same as SIGHUP: no connection is cut or refused, and a bad file changes nothing. Prints what has changed.
            Exit codes: 0 when the file is in use (with --dry-run: could be), 1 if it is bad, 3 if no edge answers.
            """)

    /// The edge may wait for the addresses of names that are new.
    private static let patience = Duration.seconds(60)

    @OptionGroup var edge: EdgeOptions

    @Flag(help: "Only say what would change.")
    var dryRun = false

    @Flag(help: .json("changes"))
    var json = false

    func run() async throws {
        let answer = try await edge.ask("/reload\(dryRun ? "?dry_run" : "")", isOrder: true, within: Self.patience)
        guard answer.json["changes"] != nil else { throw Failure.notDone(answer.problemText) }
        let isGood = answer.status == 200
        if json {
            print(answer.json)
        } else {
            let text = answer.problemText
            if !(answer.json["problems"]?.list ?? []).isEmpty { printError(text) }
            let changes = (answer.json["changes"]?.list ?? []).compactMap { $0["message"]?.text?.printable }
            if isGood { print((changes.isEmpty ? ["nothing has changed"] : changes).joined(separator: "\n")) }
        }
        if !isGood { throw ExitCode(1) }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        ReloadOutcome.refused(problems).answer
    }
}
