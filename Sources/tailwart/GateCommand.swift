import ArgumentParser
import TailwartCore
import TailwartGate
import TailwartSystem

struct GateCommand: AsyncParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Wait for dependencies, then exit or run a command.",
        discussion: """
            Example: tailwart gate --tailscale --postgres db:5432 --timeout 2m -- stalwart
            Example: tailwart gate --once --tcp mail.example.net:25
            Waits until all conditions hold, then runs the command after --, which takes the place of this process. Conditions can be given \
            more than once. With --once it tries each condition once and is silent if all is good, as a health check. With --watch it stays \
            as the parent of the command, ends it when the container's network is dead, and exits with 75.
            Exit codes: 0 if all conditions hold, 1 if not in time, 3 if it could not run; then that of the command.
            """)

    @Flag(help: "This host's tailscaled runs and has an address in the tailnet.")
    var tailscale = false

    @Option(
        help: .init("This node of the tailnet exists and is online.", valueName: "name"),
        transform: { try Condition.peer(named: $0) })
    var peer: [Condition] = []

    @Option(
        help: .init("This port takes connections.", valueName: "host:port"),
        transform: { Condition.tcp(try HostAndPort($0, example: 25)) })
    var tcp: [Condition] = []

    @Option(
        help: .init("This PostgreSQL takes connections, and is not just starting.", valueName: "host:port"),
        transform: { Condition.postgres(try HostAndPort($0, example: 5432)) })
    var postgres: [Condition] = []

    @Option(
        help: .init(
            "With --postgres: this user can log in. The password is in the environment.", valueName: "name"))
    var postgresUser: String?

    @Option(
        help: .init(
            "With --postgres-user: the database to log in to. Default: the one with the user's name.", valueName: "name"
        ))
    var postgresDatabase: String?

    @Option(help: .init("With --postgres-user: the environment variable with the password.", valueName: "name"))
    var postgresPassword = "PGPASSWORD"

    @Option(
        help: .init("This page answers with a status from 200 to 399.", valueName: "url"),
        transform: { Condition.http(try WebURL($0)) })
    var http: [Condition] = []

    @Option(
        help: .init(
            "This mail server greets: smtp://host:port, or smtps, submission, imap, imaps, pop3, pop3s, sieve. With "
                + "?proxy=v2 at the end if it expects a PROXY header.", valueName: "url"),
        transform: { Condition.mail(try MailURL($0)) })
    var mail: [Condition] = []

    @Option(
        help: .init(
            "How long to wait, such as 90s or 2m. Default: 60s, with --once 5s, with --watch 7d.", valueName: "duration"
        ),
        transform: Gate.timeout)
    var timeout: Duration?

    @Flag(help: "Try each condition once, and print nothing if all is good: a health check.")
    var once = false

    @Flag(
        help:
            "Stay as the parent of the command: pass signals on, keep its exit code, and end it when the network is dead."
    )
    var watch = false

    @Flag(help: "Accept any certificate from https pages, such as a container's own.")
    var insecure = false

    @Flag(
        help:
            "Let this host's tailscaled make the connections. Needed if it runs without a TUN device: then only it reaches the tailnet."
    )
    var viaTailscale = false

    @Flag(help: .json("elapsed_ms", "findings"))
    var json = false

    @Option(
        help: .init(
            "Tailscaled's socket. Default: $TS_SOCKET, then /var/run/tailscale/tailscaled.sock.", valueName: "path"),
        completion: .file())
    var tailscaleSocket: String?

    @Argument(
        parsing: .postTerminator,
        help: .init("After --: the command that replaces this process when all is ready.", valueName: "command"))
    var command: [String] = []

    private var conditions: [Condition] { (tailscale ? [.tailscale] : []) + peer + tcp + postgres + http + mail }

    func validate() throws {
        guard !conditions.isEmpty else {
            throw ValidationError(
                "There is nothing to wait for. Name at least one of --tailscale, --peer, --tcp, --postgres, --http, --mail."
            )
        }
        if tailscaleSocket?.isEmpty == true {
            throw ValidationError(
                "--tailscale-socket names no file; name tailscaled's socket, or leave the option out for the usual one."
            )
        }
        if postgresPassword.isEmpty {
            throw ValidationError(
                "--postgres-password names no variable; name the one with the password, or leave the option out for PGPASSWORD."
            )
        }
        guard postgresUser == nil || !postgres.isEmpty, postgresUser != nil || postgresDatabase == nil else {
            throw ValidationError("--postgres-user goes with --postgres, and --postgres-database with --postgres-user.")
        }
        guard !watch || (!command.isEmpty && !once) else {
            throw ValidationError("--watch needs a command to stay with. Write it behind --, and leave out --once.")
        }
    }

    /// Read once, before the first attempt.
    private func login() throws -> PostgresLogin? {
        guard let postgresUser else { return nil }
        do throws(WrongUse) {
            return try PostgresLogin(
                user: postgresUser, database: postgresDatabase,
                password: FileSystem.environment[postgresPassword] ?? "", variable: postgresPassword)
        } catch {
            throw ValidationError("--postgres-user: \(error).")
        }
    }

    func run() async throws {
        let login = try login()
        let inheritance = Inheritance.capture()
        if !watch { Inheritance.endOnSignals() }
        let check: ConditionCheck
        do {
            check = try ConditionCheck(
                for: conditions, login: login, viaTailscaled: viaTailscale,
                tailscaleSocket: tailscaleSocket ?? FileSystem.environment["TS_SOCKET"],
                verifiesCertificates: !insecure)
        } catch {
            throw Failure.notDone(
                "The system's certificate authorities cannot be read: \(error). Mend them, or add --insecure.")
        }
        if watch {
            let runner = try WatchRunner(command, tailnet: tailscale ? check : nil) { printError("gate: \($0)") }
            do {
                throw ExitCode(try await runner.run { try await wait(check) })
            } catch let failure as ReplacementFailure {
                throw notStarted(failure)
            }
        }
        try await wait(check)
        if let failure = Replacement(command, inheritance: inheritance)?.run() { throw notStarted(failure) }
    }

    /// The gate's own answer is given by then.
    private func notStarted(_ failure: ReplacementFailure) -> ExitCode {
        printError(failure.message)
        return ExitCode(failure.exitCode)
    }

    /// Returns when all conditions hold.
    private func wait(_ check: ConditionCheck) async throws {
        let gate = Gate(
            conditions, timeout: timeout ?? (watch ? Gate.longest : nil), isOnce: once, attempt: check.attempt)
        let result = await gate.run { [once] change in
            if !once { printError(change.text) }
        }
        if json { print(result.answer) }
        guard result.isReady else {
            if json { throw ExitCode(1) }
            throw Failure.notGood(result.text)
        }
        // The command takes over a process, or gets one, and nothing that this one has buffered.
        _ = StandardOutput.flush()
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { GateResult.answer(problems: problems) }
}
