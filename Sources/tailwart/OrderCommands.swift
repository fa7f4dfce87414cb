import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Let the running edge accept no more, finish and end.",
        discussion: """
            Example: tailwart drain --for 5m
            As SIGTERM does: it is not ready any more, accepts no more, and lets connections finish for so long. Ends with 0 when \
            that has begun, 1 if it drains already, 3 if no edge answers.
            """)

    @OptionGroup var edge: EdgeOptions

    @Option(
        name: .customLong("for"),
        help: .init("How long connections may finish; by default 'drain' of the configuration.", valueName: "duration"))
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
        commandName: "log-level", abstract: "Change what the running edge writes to its log.",
        discussion: """
            Example: tailwart log-level debug
            Until the edge is started or its file is read anew. Ends with 0 when it is so, 3 if no edge answers.
            """)

    @OptionGroup var edge: EdgeOptions

    @Argument(help: "The least grave lines that are written.")
    var level: EventLevel

    func run() async throws { try await edge.order("/log-level?level=\(level.rawValue)") }
}

extension EventLevel: ExpressibleByArgument {}

struct ReloadCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the running edge read its file anew.",
        discussion: """
            Example: tailwart reload --dry-run
            As SIGHUP does: no connection is cut or turned away for it, and a bad file changes nothing. Ends with 0 when the file is \
            served, 1 if it is not good, 3 if no edge answers.
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
        ReloadAnswer.answer(isGood: false, problems: problems)
    }
}
