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
            Checks the files of an edge and its mailbox: YAML (compose files too), .env.example and Stalwart's JSON. Finds .env files and dumps \
            by their names. For all other files use gitleaks or trufflehog. In a folder it checks the files that git tracks or would add. \
            Secrets are never printed. To allow a line, write a reason in it: \(SecretScan.allowance) REASON.
            Exit codes: 0 if nothing is found, 1 if something is, 3 if a file cannot be read, whatever is found in the others.
            """)

    @Argument(help: "Files and folders. Default: this folder.", completion: .file())
    var path: [String] = []

    @Flag(help: "Check only what is staged for the next commit, as a pre-commit hook does.")
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
