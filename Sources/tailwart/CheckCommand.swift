import ArgumentParser
import Glibc
import NIOPosix
import TailwartConfig
import TailwartCore
import TailwartPreflight
import TailwartSystem
import TailwartWire

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate the configuration file; with --host also the host, the tailnet and the mailbox.",
        discussion: """
            Example: tailwart check --config /etc/tailwart/tailwart.yaml
            Example: sudo tailwart check --host
            Reports every problem of the file, each with its place. With --host, and once the file is good, it looks at everything \
            around the edge: a line for each check that says pass, warn, fail or unknown, and behind an arrow what to do. Ports are \
            bound for a moment, the mailbox is asked as a mail client would; nothing is changed. Only root sees the firewall's rules.
            Ends with 0 if all is good (also with warnings and what could not be found out), 1 if the file is not or a check \
            fails, 3 if the file cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Look at the host, its firewall, the tailnet and the mailbox too.")
    var host = false

    @Option(
        help: .init("With --host: the tag that the tailnet's policy grants the mailbox's ports to.", valueName: "tag"))
    var edgeTag = "tag:reverse-proxy"

    @Flag(help: "Print JSON; with --host an array of {check, subject, result, detail, fix}.")
    var json = false

    func validate() throws {
        guard edgeTag.hasPrefix("tag:"), edgeTag.count > 4 else {
            throw ValidationError("--edge-tag: write the tag as the policy does, such as tag:reverse-proxy.")
        }
    }

    func run() async throws {
        let (file, result) = try options.load()
        guard host, let configuration = result.configuration else {
            try report(file, result)
            return
        }
        if !result.problems.isEmpty { printError(result.problems.map(\.description).joined(separator: "\n")) }
        let findings = await Preflight(
            configuration, edgeTag: edgeTag, group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        ).run()
        if json {
            print(JSON.list(findings.map(\.json)))
        } else {
            let text = FindingText(Self.style)
            for line in text.lines(findings) { print(line) }
            print(text.summary(findings))
        }
        if findings.contains(where: { $0.result == .fail }) { throw ExitCode(1) }
    }

    /// What the file itself says.
    private func report(_ file: String, _ result: ConfigurationResult) throws {
        if json {
            print(result.json(file: file))
        } else {
            for problem in result.problems { print(problem) }
            if let configuration = result.configuration {
                let listeners = configuration.listeners.count
                let upstreams = configuration.upstreams.count
                print(
                    "\(file): good: \(listeners) \(listeners == 1 ? "listener" : "listeners"), "
                        + "\(upstreams) \(upstreams == 1 ? "upstream" : "upstreams"). "
                        + "`tailwart config` prints what it stands for, `tailwart run` runs it.")
            }
        }
        if result.configuration == nil { throw ExitCode(1) }
    }

    /// Signs only where a person looks, colours only where they are wanted (no-color.org).
    private static var style: FindingText.Style {
        guard isatty(STDOUT_FILENO) == 1 else { return .words }
        let environment = FileSystem.environment
        let isPlain = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        return isPlain ? .signs : .colouredSigns
    }
}
