import ArgumentParser
import Glibc
import NIOPosix
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartSystem
import TailwartTailnet

struct InitCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a configuration and what belongs to it, and list what is left to do.",
        discussion: """
            Example: tailwart init
            Example: tailwart init --domain example.org --mailbox stalwart \\
              --tailnet tail1234.ts.net --no-web --form systemd --into edge
            Writes the configuration with its schema, and as needed the tailnet's policy, a compose file or systemd unit, and variables for \
            them. Then lists the steps that are left, with the commands. On a terminal it asks for missing options.
            Exit codes: 0 when the files are written, 2 if an option is missing or wrong, 3 if nothing was written, as when a file exists.
            """)

    @Option(help: .init("A mail domain. Can be repeated.", valueName: "domain"))
    var domain: [String] = []

    @Option(
        help: .init(
            "The mail server's public name, for the MX record and its certificate. Default: mail.DOMAIN.",
            valueName: "name"))
    var hostname: String?

    @Option(help: .init("The mailbox: its name on the tailnet or in the LAN, or its address.", valueName: "host"))
    var mailbox: String?

    @Option(
        help: .init(
            "The tailnet's name, such as tail1234.ts.net. Not needed if --mailbox is a full name or an address.",
            valueName: "name"))
    var tailnet: String?

    @Option(
        help:
            "What connects this host with the mailbox: tailscale, headscale, or other for a LAN, WireGuard and the like.",
        completion: .list(SetupNetwork.Kind.allCases.map(\.rawValue))
    )
    var network: String?

    @Option(
        help: .init("For a Headscale tailnet: the Headscale user who owns the tags.", valueName: "user"))
    var headscale: String?

    @Option(
        help: .init(
            "The mail server: stalwart, postfix (with Dovecot), or other. Default: stalwart.", valueName: "name"),
        completion: .list(SetupAnswers.Server.allCases.map(\.rawValue)))
    var server: String?

    @Option(
        defaultAsFlag: SetupAnswers.usualWeb,
        // The usual strategy looks at the next word first, and loses the value of `--web=ADDRESS`.
        parsing: .next,
        help: .init("The web server on this host that gets all other names on 443.", valueName: "address"))
    var web: String?

    @Flag(help: "There is no web server: all of 443 is the mailbox's.")
    var noWeb = false

    @Option(
        help: "How the edge will run: \(SetupAnswers.Form.allCases.map(\.rawValue).joined(separator: ", ")).",
        completion: .list(SetupAnswers.Form.allCases.map(\.rawValue)))
    var form: String?

    @Option(
        help: .init("Where to write; created if it does not exist.", valueName: "folder"), completion: .directory)
    var into = "."

    @Flag(help: "Overwrite existing files.")
    var force = false

    @Flag(help: .json("files", "steps"))
    var json = false

    func validate() throws {
        if into.isEmpty {
            throw ValidationError("--into names no folder; name one, or leave --into out for this one.")
        }
        if web != nil, noWeb { throw ValidationError("--web and --no-web: choose one.") }
        if headscale != nil, let network, network != SetupNetwork.Kind.headscale.rawValue {
            throw ValidationError("--headscale and --network \(network): choose one.")
        }
    }

    func run() async throws {
        let files: SetupFiles
        do {
            files = try SetupFiles(try await answers(), schema: Configuration.schema)
        } catch let problem as SetupInterview.Problem {
            throw ValidationError("\(problem).")
        } catch let problem as SetupFiles.Problem {
            throw ValidationError("\(problem)")
        }
        let written: [String]
        do throws(FolderWriter.Problem) {
            written = try FolderWriter.write(files.files, into: into == "." ? "" : into, force: force)
        } catch {
            throw Failure.notDone("\(error)")
        }
        guard !json else { return print(files.answer(written: written)) }
        for path in written { print("wrote \(path)") }
        print("\n\(files.stepsText(in: into))")
    }

    /// What this host's tailscaled has joined, if there is one, and whether it does without a TUN device.
    private func askTailscaled() async -> (joined: SetupNetwork.Kind?, isUserspace: Bool) {
        let localAPI = LocalAPI(
            socket: LocalAPI.socket(named: FileSystem.environment["TS_SOCKET"]),
            group: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        let url = try? await localAPI.controlServer(timeout: Self.tailnetTimeout)
        let status = try? await localAPI.status(timeout: Self.tailnetTimeout)
        return (url.flatMap(SetupNetwork.kind), status?.usesTUN == false)
    }

    private static let tailnetTimeout = Duration.seconds(3)

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { SetupFiles.answer(problems: problems) }

    private func answers() async throws -> SetupAnswers {
        var interview = SetupInterview()
        interview.domains = domain
        interview.hostname = hostname
        interview.mailbox = mailbox
        interview.network = network
        interview.headscale = headscale
        let (joined, isUserspace) = await askTailscaled()
        if network == nil, headscale == nil { interview.joined = joined }
        interview.isUserspace = isUserspace
        interview.tailnet = tailnet
        interview.server = server
        interview.web = noWeb ? "no" : web
        interview.form = form
        // Only where both ends are a person: a script that reads the output would wait for ever.
        guard !json, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            return try interview.answers(ask: nil)
        }
        return try interview.answers(
            ask: { question in
                print(question, terminator: "")
                fflush(nil)
                return readLine()
            }, say: { print($0) })
    }
}
