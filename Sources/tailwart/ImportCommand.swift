import ArgumentParser
import TailwartConfig
import TailwartImport

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make our configuration of another proxy's: caddy-l4 JSON, nginx stream, HAProxy.",
        discussion: """
            Example: tailwart import /etc/caddy/caddy.json > tailwart.yaml
            Prints our file, with comments that say what was taken from where. Notes and refusals go to standard error, each with \
            its place. Ends with 0 if all of it could be said, 1 if something was refused (then nothing is printed, or the rest \
            with --partial), 2 if it is none of these files, 3 if it cannot be read.
            """)

    /// What the file is, where it cannot be told from the text.
    enum Source: String, CaseIterable, ExpressibleByArgument {
        case caddy
        case nginx
        case haproxy

        var kind: ForeignConfiguration.Kind {
            switch self {
            case .caddy: .caddy
            case .nginx: .nginx
            case .haproxy: .haproxy
            }
        }
    }

    @Argument(help: "The file, or - for standard input.")
    var file: String

    @Option(help: "What the file is, where that cannot be told: caddy, nginx or haproxy.")
    var from: Source?

    @Flag(help: "Print the rest too where something was refused, without the listeners that it belongs to.")
    var partial = false

    func run() throws {
        let (name, text) = try read()
        guard let kind = from?.kind ?? ForeignConfiguration.recognise(text: text) else {
            throw ValidationError(
                "\(name): neither caddy-l4 JSON, an nginx configuration nor one of HAProxy by its looks. "
                    + "Say what it is with --from.")
        }
        let result = Importer(file: name, kind: kind, files: FilesOnHost()).run(text)
        for message in result.messages { printError(message) }
        if let yaml = result.yaml, result.isWhole || partial { print(yaml, terminator: "") }
        guard result.isWhole else {
            let rest =
                result.yaml == nil
                ? "Nothing is left to import."
                : partial ? "The rest is printed." : "Nothing is printed; --partial prints the rest."
            throw Failure.notWell("\(name): what is marked 'refused' cannot be expressed. \(rest)")
        }
    }

    /// The name for messages, and the text.
    private func read() throws -> (name: String, text: String) {
        let name = file == "-" ? "standard input" : file
        let bytes: [UInt8]
        do {
            bytes = file == "-" ? try StandardInput.read() : try ConfigurationFile.read(file)
        } catch {
            throw Failure.notDone("\(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure.notWell("\(name): not UTF-8; save the file in that encoding")
        }
        return (name, text)
    }
}
