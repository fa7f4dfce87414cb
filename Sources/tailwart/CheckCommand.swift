import ArgumentParser
import Glibc
import NIOPosix
import TailwartAdmin
import TailwartConfig
import TailwartControl
import TailwartCore
import TailwartPreflight
import TailwartSetup
import TailwartSystem
import TailwartWire

struct CheckCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Check the configuration; with --host also the host, the tailnet and the mailbox; with --notify the notifications.",
        discussion: """
            Example: tailwart check --config /etc/tailwart/tailwart.yaml
            Example: sudo tailwart check --host
            Example: tailwart check --notify
            Reports every problem of the file with line and column.
            With --host it then checks everything around the edge, such as ports, firewall, tailnet, names and every port of the mailbox. It \
            begins with what to do next; then comes a line for each check: pass, warn, fail or unknown, and the fix after an arrow. Run it \
            as root, or the firewall cannot be read. It changes nothing: ports are bound for a moment, and the mailbox is asked as a mail \
            client would. If nothing is wrong with the mailbox, a running edge probes it at once and serves clients again.
            With --notify it sends a test to each member of `notify`, and reports the result.
            Exit codes: 0 if all is good (also with warnings and unknown results), 1 if the file is bad or a check \
            fails, 3 if the file cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Also check the host, its firewall, the tailnet and the mailbox.")
    var host = false

    @Flag(help: "Also send a test notification to each member of 'notify'.")
    var notify = false

    @Option(
        help: .init("With --host: this host's tag in the tailnet's policy.", valueName: "tag"))
    var edgeTag = PolicyTags.usualEdge

    @Flag(help: .json("file", "valid", "next", "findings"))
    var json = false

    func validate() throws {
        guard PolicyTags.isTag(edgeTag) else {
            throw ValidationError("--edge-tag: write the tag as the policy does, such as \(PolicyTags.usualEdge).")
        }
    }

    func run() async throws {
        let (file, result) = try options.load()
        guard host || notify, let configuration = result.configuration else {
            if json {
                print(result.answer(file: file))
            } else {
                for line in result.lines(file: file) { print(line) }
            }
            if result.configuration == nil { throw ExitCode(1) }
            return
        }
        if !json { for problem in result.problems { printError("\(problem)") } }
        var findings: [Finding] = []
        if host {
            if Progress.isShown(json: json) {
                Progress.say("Looking at this host and asking the mailbox: a few seconds, at most 40 if it is slow")
            }
            findings = await Preflight(
                configuration, edgeTag: edgeTag, group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
            ).run()
        }
        let next = host ? NextStep(findings) : nil
        if notify, Progress.isShown(json: json) { Progress.say("Sending a test notice to each member of 'notify'") }
        if notify { findings += try await Self.notices(configuration) }
        let isGood = !findings.contains { $0.result == .fail }
        let isMailboxGood = !findings.contains { $0.check == .upstream && $0.result == .fail }
        if host, isMailboxGood { await Self.haveProbed(configuration) }
        if json {
            print(result.answer(file: file, next: next?.json, findings: findings.map(\.json), isGood: isGood))
        } else {
            let style = FindingText.Style(
                isTerminal: isatty(STDOUT_FILENO) == 1, environment: FileSystem.environment)
            let text = FindingText(style)
            for line in text.lines(next, among: findings) + text.lines(findings) { print(line) }
        }
        if !isGood { throw ExitCode(1) }
    }

    /// A mailbox in which nothing is wrong may have been mended just now: an edge that runs is to find that out before its next probe is due.
    /// Where none runs, or this user may give no orders, nobody has asked for it.
    private static func haveProbed(_ configuration: Configuration) async {
        guard let path = EdgeOptions.named ?? configuration.admin.path else { return }
        _ = try? await AdminClient(path: path).ask("/probe?wait=false", isOrder: true, within: .seconds(2))
    }

    private static func notices(_ configuration: Configuration) async throws -> [Finding] {
        guard !configuration.notify.isEmpty else {
            return [
                Finding(
                    .notify, "nobody", .warn, "The file has no 'notify', so no problem is notified.",
                    fix: "Add 'notify', such as notify: [{url: https://ntfy.example.net/mail}].")
            ]
        }
        return try await NoticeTest.run(configuration).map { answer in
            guard let failure = answer.failure else {
                return Finding(.notify, answer.messenger.label, .pass, "It accepted the test notice.")
            }
            return Finding(
                .notify, answer.messenger.label, .fail, "The test notice did not arrive: \(failure).",
                fix: "Correct 'notify' in the file, or its receiver, and try again.")
        }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        ConfigurationResult.answer(file: options.path ?? problems.first?.file, problems: problems)
    }
}
