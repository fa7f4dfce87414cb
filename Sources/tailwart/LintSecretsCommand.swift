import ArgumentParser
import TailwartCore
import TailwartSetup
import TailwartWire

struct LintSecretsCommand: ParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint-secrets", abstract: "Find secrets and dumps before they are committed.",
        discussion: """
            Example: tailwart lint-secrets
            Example: tailwart lint-secrets --staged
            Checks the configuration files of an edge and its mailbox: YAML (compose files too), .env.example, Stalwart's JSON; recognises \
            .env and dumps by their names. For programs, prose and other formats use gitleaks or trufflehog. Checks the named \
            files, and in folders those that git tracks or would add. Secrets are never printed. Exit codes: 0 if \
            nothing is found, 1 if something is, 3 if a file cannot be read, whatever is found in the others. To allow a line, \
            write a reason in it: \(SecretScan.allowance) REASON.
            """)

    @Argument(help: "Files and folders; this folder if none is named.", completion: .file())
    var path: [String] = []

    @Flag(help: "Only what is staged for the next commit: for a pre-commit hook.")
    var staged = false

    @Flag(help: .json("text_files", "other_files"))
    var json = false

    func validate() throws {
        if path.contains("") {
            throw ValidationError(
                "An empty path names nothing. Name a file or a folder, or leave it out for this folder.")
        }
    }

    func run() throws {
        let lint: SecretLint
        do {
            lint = try SecretLint(path, staged: staged)
        } catch {
            throw Failure.notDone("\(error)")
        }
        if json {
            print(lint.answer)
        } else {
            for line in lint.lines { print(line) }
        }
        for file in lint.unreadable { printError("\(file.path.printable): \(file.reason).") }
        if !lint.unreadable.isEmpty { throw ExitCode(3) }
        if !lint.findings.isEmpty { throw ExitCode(1) }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer { SecretLint.answer(problems: problems) }
}
