import ArgumentParser
import Glibc
import NIOPosix
import TailwartConfig
import TailwartCore
import TailwartPreflight
import TailwartSetup
import TailwartSystem
import TailwartWire

struct CheckCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate the configuration file; with --host also the host, the tailnet and the mailbox.",
        discussion: """
            Example: tailwart check --config /etc/tailwart/tailwart.yaml
            Example: sudo tailwart check --host
            Reports every problem of the file, each with its position. With --host, and once the file is good, it looks at everything \
            around the edge: first what to do next, if anything, then a line for each check that says pass, warn, fail or unknown, and behind an arrow what to do. Ports are \
            bound for a moment, the mailbox is asked as a mail client would; nothing is changed. Only root sees the firewall's rules.
            Ends with 0 if all is good (also with warnings and what could not be found out), 1 if the file is not or a check \
            fails, 3 if the file cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Look at the host, its firewall, the tailnet and the mailbox too.")
    var host = false

    @Option(
        help: .init("With --host: the tag that the tailnet's policy grants the mailbox's ports to.", valueName: "tag"))
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
        guard host, let configuration = result.configuration else {
            if json {
                print(result.answer(file: file))
            } else {
                for line in result.lines(file: file) { print(line) }
            }
            if result.configuration == nil { throw ExitCode(1) }
            return
        }
        if !json { for problem in result.problems { printError("\(problem)") } }
        let findings = await Preflight(
            configuration, edgeTag: edgeTag, group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        ).run()
        let next = NextStep(findings)
        let isGood = !findings.contains { $0.result == .fail }
        if json {
            print(result.answer(file: file, next: next?.json, findings: findings.map(\.json), isGood: isGood))
        } else {
            let style = FindingText.Style(
                isTerminal: isatty(STDOUT_FILENO) == 1, environment: FileSystem.environment)
            let text = FindingText(style)
            for line in text.lines(next) + text.lines(findings) { print(line) }
        }
        if !isGood { throw ExitCode(1) }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        ConfigurationResult.answer(file: options.path ?? problems.first?.file, problems: problems)
    }
}
