import ArgumentParser
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartWire

struct ACLCommand: ParsableCommand, AnsweringCommand {
    static let configuration = CommandConfiguration(
        commandName: "acl", abstract: "Print what the tailnet's policy must grant, or check a policy.",
        discussion: """
            Example: tailwart acl --config tailwart.yaml
            Example: tailwart acl --check policy.hujson
            Prints grants for the ports that the edge dials over the tailnet, and tests that keep them, to paste into the policy file. With \
            --check it reports which of these ports a policy does not grant, and what it grants beyond them.
            Exit codes: 0 if all ports are granted and the file has no error (with --strict: nor a warning), 1 if not, or if that is \
            unknown, 3 if a file cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Print the rules as grants, or as the older acls.")
    var format: PolicyText.Format = .grants

    @Option(help: .init("The tag of this edge.", valueName: "tag"))
    var edgeTag = PolicyTags.usualEdge

    @Option(
        help: .init(
            "The mailbox's tag, or UPSTREAM=TAG for an upstream on another device. Can be repeated. Default: tag:stalwart.",
            valueName: "tag"))
    var mailboxTag: [String] = []

    @Option(
        help: .init(
            "For a Headscale tailnet: the Headscale user who owns the tags.", valueName: "user"))
    var headscale: String?

    @Option(help: .init("Check this policy file; - for standard input.", valueName: "policy"), completion: .file())
    var check: String?

    @Flag(help: "With --check: warnings count as errors.")
    var strict = false

    @Flag(help: .json("file", "ports", with: "--check"))
    var json = false

    func validate() throws {
        _ = try tags()
        _ = try network()
        if check?.isEmpty == true {
            throw ValidationError("--check names no file; name the policy file, or use - for standard input.")
        }
        if check == nil, strict || json {
            throw ValidationError("--strict and --json go with --check; the policy itself is HuJSON already.")
        }
    }

    func run() throws {
        let tags = try tags()
        let (configuration, warnings) = try options.loadValid()
        do throws(PolicyTags.Problem) {
            try tags.check(configuration)
        } catch {
            throw ValidationError("\(error)")
        }
        let text = PolicyText(configuration, tags: tags, format: format, network: try network())
        if let reason = text.emptiness { throw Failure.notGood(reason).after(warnings) }
        guard let check else { return print(text.text, terminator: "") }
        do {
            try report(on: check, configuration, tags, warnings)
        } catch let failure as Failure {
            throw failure.after(warnings)
        }
    }

    private func network() throws -> SetupNetwork {
        guard let headscale else { return .tailscale }
        do {
            return .headscale(owner: try SetupAnswer.owner(headscale))
        } catch {
            throw ValidationError("--headscale: \(error).")
        }
    }

    private func tags() throws -> PolicyTags {
        do {
            return try PolicyTags(edge: edgeTag, mailboxes: mailboxTag)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func answer(problems: [CommandAnswer.Problem]) -> CommandAnswer {
        PolicyCheck.answer(policy: check.map(NamedFile.name), problems: problems)
    }

    private func report(
        on file: String, _ configuration: Configuration, _ tags: PolicyTags, _ warnings: [CommandAnswer.Problem]
    ) throws {
        let source = NamedFile(path: file, remedy: "name the policy file with --check")
        let name = source.name
        let bytes = try source.read()
        let check: PolicyCheck
        do {
            check = PolicyCheck(try Policy(bytes), against: configuration, tags: tags)
        } catch {
            throw Failure.notGood(
                "\(name):\(error.position): error: \(error.message)",
                problems: [CommandAnswer.Problem(.error, error.message, file: name, at: error.position)])
        }
        if json {
            print(check.answer(policy: name, strict: strict, warnings: warnings))
        } else {
            for line in check.lines(policy: name, strict: strict) { print(line) }
        }
        if !check.isGood(strict: strict) { throw ExitCode(1) }
    }
}

extension PolicyText.Format: ExpressibleByArgument {}
