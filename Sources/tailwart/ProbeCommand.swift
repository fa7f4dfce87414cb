import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct ProbeCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Have the running edge probe the mailbox now.",
        discussion: """
            Example: tailwart probe
            Example: tailwart probe mailbox
            For use after a repair. The edge probes at once, even if its probes are paused; if all is well it serves clients again. The \
            result is printed, with cause and fix. It takes a second, or up to a minute if a server is silent.
            Exit codes: 0 if all is good (also with warnings), 1 if something is wrong, \
            3 if no edge answers or it has no such upstream.
            """)

    /// For the answer to come here as well.
    private static let patience = ProbeAnswer.patience + .seconds(20)

    @Argument(
        help: "The upstreams to probe, as the configuration names them: mailbox, web, … Default: all.",
        completion: .upstreams)
    var upstreams: [String] = []

    @OptionGroup var edge: EdgeOptions

    @Flag(help: .json("places"))
    var json = false

    func run() async throws {
        if Progress.isShown(json: json), let status = try? await edge.ask("/status").json,
            let places = ProbeAnswer.announcement(of: status, upstreams: upstreams)
        {
            Progress.say("Asking \(places), for up to \(ProbeAnswer.patience.configurationText)")
        }
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
