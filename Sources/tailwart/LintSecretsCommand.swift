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
            Looks into what an edge and its mailbox are set up with: YAML (compose files too), .env.example, Stalwart's JSON; knows \
            .env and dumps by their names. Not into programs, prose and other formats: gitleaks or trufflehog do that. Takes these \
            files, and of folders what git has or would take. Secrets are never printed. Ends with 0 if \
            nothing is found, 1 if something is, 3 if a file cannot be read, whatever is found in the others. A line that is meant \
            to be there says so with a reason: \(SecretScan.allowance) REASON.
            """)

    @Argument(help: "Files and folders; this folder if none is named.")
    var path: [String] = []

    @Flag(help: "Only what the next commit will contain, as it is staged: for a pre-commit hook.")
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
