import ArgumentParser
import Glibc
import TailwartConfig
import TailwartControl
import TailwartGate
import TailwartSystem

/// The beginning of the program, on its first and only thread. What runs as a task is on another one.
@main
enum Beginning {
    static func main() {
        StandardDescriptors.fill()
        if let (word, nearest) = Tailwart.unknownCommand(of: CommandLine.arguments.dropFirst()) {
            let hint = nearest.map { " Did you mean '\($0)'?" } ?? ""
            printError("Error: There is no command '\(word)'.\(hint)\nSee 'tailwart --help' for the list.")
            Glibc.exit(2)
        }
        if CommandLine.arguments.dropFirst().first == "---completion" {
            // A shell asks, and perhaps the edge that runs has the answer.
            Task.detached {
                do { _ = try await Tailwart.asyncParseAsRoot() } catch { Tailwart.end(error) }
                Glibc.exit(2)
            }
            while true { pause() }
        }
        do {
            let command = try Tailwart.parseAsRoot()
            if command is RunCommand || command is TryCommand { Foreground.prepare() }
            if let status = command as? StatusCommand, status.watch { Terminal.prepare() }
            if let gate = command as? GateCommand, gate.watch { WatchRunner.prepare() }
            Task.detached { await Tailwart.run(command) }
        } catch {
            Tailwart.end(error)
        }
        // The task ends the process. A signal that is not blocked may come to this thread.
        while true { pause() }
    }
}

/// The command line. One file per subcommand; what they do is done elsewhere.
struct Tailwart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tailwart",
        abstract: "A layer-4 proxy in front of a mail server at home.",
        discussion: """
            Accepts mail connections on a public host, the edge, and forwards them unchanged over a private network to the mail server, the \
            mailbox. `tailwart try` shows it at work, with nothing to configure; `tailwart init` writes a configuration for yours.
            Exit codes: 0 good, 1 problem found, 2 usage error, 3 could not run. With --json a command prints one object for a script: ok, \
            true only with exit code 0; problems, each {severity, message, fix, file, line, column}; and the keys that its --help names.
            """,
        version: Version.current.line,
        subcommands: [
            TryCommand.self, InitCommand.self, ImportCommand.self, CheckCommand.self, ConfigCommand.self,
            ACLCommand.self,
            RecordsCommand.self, TrustCommand.self, InstallCommand.self, RunCommand.self, StatusCommand.self,
            ProbeCommand.self, ConnectionsCommand.self, BanCommand.self, ReloadCommand.self, DrainCommand.self,
            LogLevelCommand.self, GateCommand.self, LintSecretsCommand.self, VersionCommand.self,
        ])

    /// What stands where a command does, alone or behind `help`, and is none, with the nearest one: the parser would only call it unexpected.
    static func unknownCommand(of arguments: some Collection<String>) -> (word: String, nearest: String?)? {
        let commands = configuration.subcommands.map { $0._commandName } + ["help"]
        let isHelp = arguments.first == "help"
        let words = isHelp ? arguments.dropFirst().filter { !$0.hasPrefix("-") } : Array(arguments.prefix(1))
        if let word = words.first, !word.hasPrefix("-"), !commands.contains(word) {
            return (word, NearestWord.find(word, among: commands))
        }
        // No command has commands of its own.
        return isHelp && words.count > 1 ? (words[1], nil) : nil
    }

    /// Exit codes: 0 done or good, 1 a problem was found, 2 usage error, 3 could not run.
    static func run(_ command: any ParsableCommand) async -> Never {
        var command = command
        do {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exitAfterOutput(0)
        } catch let failure as Failure {
            end(failure, of: command)
        } catch let exit as ExitCode {
            // What the command had to say is said.
            exitAfterOutput(exit.rawValue)
        } catch let wrong as ValidationError {
            // Found only while the command ran: the parser no longer knows which one it was.
            end(.wrongUse(wrong.message, of: type(of: command)._commandName), of: command)
        } catch {
            guard exitCode(for: error) == .failure else { end(error) }
            end(.notDone(fullMessage(for: error)), of: command)
        }
    }

    /// With a sentence, and where a script asked with an answer.
    private static func end(_ failure: Failure, of command: any ParsableCommand) -> Never {
        printError(failure.message)
        guard let command = command as? any AnsweringCommand, command.json else { Glibc.exit(failure.code) }
        print(command.answer(problems: failure.problems))
        exitAfterOutput(failure.code)
    }

    /// With what the parser has to say: that something is wrong, or the help that was asked for.
    static func end(_ error: any Error) -> Never {
        let code = exitCode(for: error)
        let text = fullMessage(for: error)
        if code == .success {
            if !text.isEmpty { print(text) }
            exitAfterOutput(0)
        }
        if !text.isEmpty { printError(text) }
        Glibc.exit(code == .validationFailure ? 2 : code == .failure ? 3 : code.rawValue)
    }

    /// Ends the program; a script must not take an answer that was lost, as on a full disk, for a whole one.
    private static func exitAfterOutput(_ code: CInt) -> Never {
        if let error = StandardOutput.flush() {
            printError(
                "Standard output could not be written: \(error). Look at where it leads, and run the command again.")
            Glibc.exit(3)
        }
        Glibc.exit(code)
    }
}

func printError(_ text: String) {
    guard ServiceManager.isJournal(STDERR_FILENO, FileSystem.environment) else {
        return StandardOutput.write(line: text, to: STDERR_FILENO)
    }
    // The journal takes a line's priority from its beginning (sd-daemon(3)).
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    StandardOutput.write(line: lines.map { "<3>\($0)" }.joined(separator: "\n"), to: STDERR_FILENO)
}
