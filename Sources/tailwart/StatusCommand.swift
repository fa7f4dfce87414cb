import ArgumentParser
import TailwartAdmin
import TailwartCore
import TailwartWire

struct StatusCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what the running edge does, and what is wrong.",
        discussion: """
            Example: tailwart status
            Example: tailwart status --watch
            Problems come first, with their fixes. Then come listeners, endpoints with the results of their probes, certificates, names, \
            the tailnet, totals, and who was turned away.
            Exit codes: 0 if all is good (also with warnings), 1 if something is wrong, 3 if no edge answers.
            """)

    @OptionGroup var edge: EdgeOptions

    @Flag(help: "Keep it on the screen and refresh it every second, with rates and the busiest connections; q quits.")
    var watch = false

    @Flag(
        help: .json(
            "version", "pid", "state", "uptime_s", "listeners", "places", "certificates", "names", "tailnet", "totals",
            "endings", "bans", "turned_away", "events"))
    var json = false

    func validate() throws {
        if watch, json { throw ValidationError("--watch and --json: choose one; a script asks again by itself.") }
    }

    func run() async throws {
        if watch { return try await StatusScreen(edge).run() }
        let answer = try await edge.ask("/status")
        guard answer.status == 200 else { throw Failure.notDone(answer.problemText) }
        if json {
            print(answer.json)
        } else {
            for line in StatusText(answer.json).lines { print(line) }
        }
        if answer.json["ok"]?.flag != true { throw ExitCode(1) }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { EdgeStatus().answer(problems: problems) }
}
