import ArgumentParser
import Glibc

/// The command line. One file per subcommand; what they do is done elsewhere.
@main
struct Tailwart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tailwart",
        abstract: "A public front door for a mail server at home.",
        discussion: """
            Accepts mail on a public host and pipes it, byte for byte, over a private network to the mailbox. New here? \
            `tailwart try` shows it at work with nothing to configure.
            """,
        version: Version.current.line,
        subcommands: [
            RunCommand.self, TryCommand.self, CheckCommand.self, ConfigCommand.self, GateCommand.self,
            ImportCommand.self,
            InitCommand.self, ACLCommand.self, RecordsCommand.self, TrustCommand.self, LintSecretsCommand.self,
            VersionCommand.self,
        ])

    /// Exit codes: 0 done or good, 1 the thing asked about is not well, 2 wrong use, 3 could not be carried out.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            printError(failure.message)
            Glibc.exit(failure.code)
        } catch let exit as ExitCode {
            // What the command had to say is said.
            Glibc.exit(exit.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code == .success {
                if !text.isEmpty { print(text) }
                Glibc.exit(0)
            }
            if !text.isEmpty { printError(text) }
            Glibc.exit(code == .validationFailure ? 2 : code == .failure ? 3 : code.rawValue)
        }
    }
}

/// A command that ends with a message on standard error.
struct Failure: Error, CustomStringConvertible {
    let code: CInt
    let message: String

    var description: String { message }

    /// The thing asked about is not well.
    static func notWell(_ message: String) -> Failure { Failure(code: 1, message: message) }
    /// It could not be carried out.
    static func notDone(_ message: String) -> Failure { Failure(code: 3, message: message) }
}

func printError(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
