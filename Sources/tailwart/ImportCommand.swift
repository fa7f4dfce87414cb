import ArgumentParser
import TailwartCore
import TailwartImport

struct ImportCommand: ParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract:
            "Convert a configuration of caddy-l4, nginx, HAProxy or Traefik.",
        discussion: """
            Example: tailwart import /etc/caddy/caddy.json > tailwart.yaml
            Reads JSON and Caddyfiles of caddy-l4, `stream` of nginx, HAProxy, and Traefik's YAML and TOML. Prints a Tailwart configuration, \
            with comments that name the source lines. What cannot be imported goes to standard error, with file, line and column.
            Exit codes: 0 if everything was imported, 1 if something was refused (nothing is printed then, or the rest with --partial), 2 if \
            the format is not recognised, 3 if the file cannot be read.
            """)

    /// What the file is, where it cannot be told from the text.
    enum Source: String, CaseIterable, ExpressibleByArgument {
        case caddy
        case caddyfile
        case nginx
        case haproxy
        case traefik

        var kind: ForeignConfiguration.Kind {
            switch self {
            case .caddy: .caddy
            case .caddyfile: .caddyfile
            case .nginx: .nginx
            case .haproxy: .haproxy
            case .traefik: .traefik
            }
        }
    }

    @Argument(help: "The file, or - for standard input.", completion: .file())
    var file: String

    @Option(help: .init("The format of the file, if it is not recognised.", valueName: "format"))
    var from: Source?

    @Flag(help: "If something is refused, print the rest, without the listeners that it belongs to.")
    var partial = false

    @Flag(help: .json("file", "configuration"))
    var json = false

    func validate() throws {
        if file.isEmpty { throw ValidationError("The file has an empty name; name it, or use - for standard input.") }
    }

    func run() throws {
        let source = NamedFile(path: file, remedy: "check the name")
        let name = source.name
        guard let text = String(validating: try source.read(), as: UTF8.self) else {
            throw Failure.notGood("\(name): not UTF-8; save the file in that encoding", file: name)
        }
        guard let kind = from?.kind ?? ForeignConfiguration.recognise(text: text) else {
            let refusal = ForeignConfiguration.refusal(text: text, file: name)
            throw Failure.wrongUse(refusal, of: "import", file: name)
        }
        let result = Importer(file: name, kind: kind, files: FilesOnHost()).run(text)
        for message in result.messages { printError(message) }
        if json {
            print(result.answer(file: name, isPartial: partial))
        } else if let yaml = result.printed(isPartial: partial) {
            print(yaml, terminator: "")
        }
        guard result.isWhole else {
            let rest =
                result.yaml == nil
                ? "Nothing is left to import."
                : partial ? "The rest is printed." : "Nothing is printed; --partial prints the rest."
            printError("\(name): what is marked 'refused' cannot be expressed. \(rest)")
            throw ExitCode(1)
        }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        ImportResult.answer(file: NamedFile.name(of: file), problems: problems)
    }
}
