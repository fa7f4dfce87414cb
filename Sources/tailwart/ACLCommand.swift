import ArgumentParser
import TailwartConfig
import TailwartCore
import TailwartSetup
import TailwartWire

struct ACLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acl", abstract: "The tailnet policy for this configuration: print it, or check one against it.",
        discussion: """
            Example: tailwart acl --config tailwart.yaml
            Example: tailwart acl --check policy.hujson
            Prints the grants for the ports that the edge dials over the tailnet, with tests, to paste into the policy file. With \
            --check it says which of these ports a policy file does not grant, and what it grants beyond them: ends with 0 if \
            all are granted and the file has no error (warnings are allowed, unless --strict), 1 if not or if it cannot be told, \
            3 if a file cannot be read.
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "The section that the rules are printed in.")
    var format: PolicyText.Format = .grants

    @Option(help: .init("The tag that this edge carries.", valueName: "tag"))
    var edgeTag = "tag:reverse-proxy"

    @Option(
        help: .init(
            "The tag that the mailbox carries, else tag:stalwart; UPSTREAM=TAG for an upstream on another device.",
            valueName: "tag"))
    var mailboxTag: [String] = []

    @Option(help: .init("Check this policy file, - for standard input.", valueName: "policy"))
    var check: String?

    @Flag(help: "With --check: warnings count too.")
    var strict = false

    @Flag(help: "With --check: print JSON.")
    var json = false

    func validate() throws {
        _ = try tags()
        if check?.isEmpty == true {
            throw ValidationError("--check names no file; name the policy file, or use - for standard input.")
        }
        if check == nil, strict || json {
            throw ValidationError("--strict and --json go with --check; the policy itself is HuJSON already.")
        }
    }

    func run() throws {
        let tags = try tags()
        let configuration = try options.loadValid()
        let names = configuration.upstreams.map(\.name)
        if let unknown = tags.others.keys.sorted().first(where: { !names.contains($0) }) {
            throw ValidationError(
                "--mailbox-tag: there is no upstream '\(unknown)'; there are: \(names.joined(separator: ", ")).")
        }
        let text = PolicyText(configuration, tags: tags, format: format)
        guard !text.needs.needs.isEmpty else {
            throw Failure.notGood(
                text.text + "Nothing is dialled over the tailnet, so its policy needs no grant for this edge.")
        }
        if let check {
            try report(on: check, configuration, tags)
        } else {
            print(text.text, terminator: "")
        }
    }

    /// `tag:x`, or `UPSTREAM=tag:x`.
    private func tags() throws -> PolicyTags {
        var named: String?
        var others: [String: String] = [:]
        for text in mailboxTag {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                let upstream = String(parts[0])
                if let other = others.updateValue(String(parts[1]), forKey: upstream) {
                    throw ValidationError(
                        "--mailbox-tag gives the upstream '\(upstream)' two tags, '\(other)' and '\(parts[1])'; keep one."
                    )
                }
            } else if let named {
                throw ValidationError(
                    "--mailbox-tag gives the mailbox two tags, '\(named)' and '\(text)'; keep one, or write UPSTREAM=TAG for an "
                        + "upstream on another device.")
            } else {
                named = text
            }
        }
        let mailbox = named ?? "tag:stalwart"
        for tag in [edgeTag, mailbox] + others.values.sorted() where !PolicyTags.isTag(tag) {
            throw ValidationError("'\(tag)' is no tag; a tag is 'tag:' and a name of letters, digits and hyphens.")
        }
        return PolicyTags(edge: edgeTag, mailbox: mailbox, others: others)
    }

    private func report(on file: String, _ configuration: Configuration, _ tags: PolicyTags) throws {
        let source = NamedFile(path: file, remedy: "name the policy file with --check")
        let name = source.name
        let bytes = try source.read()
        let check: PolicyCheck
        do {
            check = PolicyCheck(try Policy(bytes), against: configuration, tags: tags)
        } catch {
            if json {
                print(PolicyCheck.json(policy: name, unreadable: error))
                throw ExitCode(1)
            }
            throw Failure.notGood("\(name):\(error.place): error: \(error.message)")
        }
        let isGood = check.isGood(strict: strict)
        if json {
            print(check.json(policy: name, strict: strict))
        } else {
            for finding in check.findings {
                print("\(name):\(finding.place): \(finding.severity.rawValue): \(finding.message)")
            }
            print("\(name): \(check.verdict(strict: strict))")
        }
        if !isGood { throw ExitCode(1) }
    }
}

extension PolicyText.Format: ExpressibleByArgument {}
