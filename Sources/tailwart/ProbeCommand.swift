import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct ProbeCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Have the running edge ask the mailbox now how it is.",
        discussion: """
            Example: tailwart probe
            Example: tailwart probe mailbox
            For when something is mended: the edge asks before it is time, also where its probes had to rest, serves clients again if all \
            is well, and says what it found, with cause and fix. Ends with 0 if all is good (also with warnings), 1 if something is \
            wrong, 3 if no edge answers or it has no such upstream.
            """)

    /// The edge answers within a minute; see ``Edge/probe(_:done:)``.
    private static let patience = Duration.seconds(80)

    @Argument(help: "The upstreams to ask; none: all.")
    var upstreams: [String] = []

    @OptionGroup var edge: EdgeOptions

    @Flag(help: .json("places"))
    var json = false

    func run() async throws {
        let query = upstreams.map { "upstream=\($0.queryEncoded)" }.joined(separator: "&")
        let answer = try await edge.ask(
            query.isEmpty ? "/probe" : "/probe?\(query)", isOrder: true, within: Self.patience)
        guard answer.status == 200 else { throw Failure.notDone(answer.problemText) }
        if json {
            print(answer.json)
        } else {
            for line in StatusText(answer.json).probe { print(line) }
        }
        if answer.json["ok"]?.flag != true { throw ExitCode(1) }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { ProbeAnswer(problems: problems).answer }
}
