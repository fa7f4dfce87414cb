import Foundation
import Glibc
import Synchronization
import TailwartTesting
import Testing

/// What a person types and edits, on the edge's host and elsewhere, from `tailwart init` on.
///
/// Two lines that a person does not write stand in the configuration: where the fake tailscaled's socket is, and the authority of the
/// test, since a public one is known to every host.
final class FirstHour: Sendable {
    /// Whose the tailnet is.
    enum Tailnet: String, CaseIterable, CustomTestStringConvertible {
        case tailscale
        case headscale

        var name: String { self == .tailscale ? "tail1234.ts.net" : "mesh.example.net" }
        var testDescription: String { rawValue }
    }

    /// By STARTTLS, and only to whom the certificate is for: an address to connect to, and a file of authorities.
    static let client = """
        import smtplib, socket, ssl, sys
        class Client(smtplib.SMTP):
            def _get_socket(self, host, port, timeout):
                return socket.create_connection((sys.argv[1], port), timeout)
        with Client("mail.example.org", 25, "client.example.com", 30) as client:
            client.starttls(context=ssl.create_default_context(cafile=sys.argv[2]))
            client.sendmail("you@example.com", ["ann@example.org"], "Subject: first\\n\\nhello\\n")
        """

    struct Act: Equatable {
        enum Kind { case command, edit }

        let step: String
        let kind: Kind
        /// As the quick start has it.
        let text: String
    }

    private struct State {
        var headings: [String] = []
        var acts: [Act] = []
        var folder: String
        var runs = 0
    }

    let tailnet: Tailnet
    let tailscaled: FakeTailscaled
    let authorities: TextFile
    private let network: TestNetwork
    private let state: Mutex<State>

    /// A tailscaled that was installed and no more; with Headscale also the server, on which nobody has joined.
    init(in network: TestNetwork, _ tailnet: Tailnet) throws {
        (self.network, self.tailnet) = (network, tailnet)
        tailscaled = try FakeTailscaled()
        tailscaled.update {
            $0.backendState = "NeedsLogin"
            $0.suffix = tailnet.name
            $0.own.name = "edge.\(tailnet.name)"
            $0.own.tags = []
            $0.peers = []
        }
        let folder = network.host.folder
        authorities = folder.file("authorities.pem")
        state = Mutex(State(folder: folder.path))
        for path in ["etc/tailwart", "etc/default", "bin"] { _ = try folder.makeFolder(path) }
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/bin/tailwart", withDestinationPath: try Program.edge().path)
        guard tailnet == .headscale else { return }
        let devices = try folder.makeFolder("devices")
        let headscale = folder.file("bin/headscale")
        try headscale.write(
            "#!/bin/sh\nexec '\(try Script.python().path)' '\(Script.path("headscale.py"))' '\(devices)' \"$@\"\n")
        chmod(headscale.path, 0o755)
    }

    /// The mailbox's full name on the tailnet.
    var mailbox: String { "stalwart.\(tailnet.name)" }

    /// A host has joined; Headscale knows its tags from then on.
    func join(_ name: String, _ tag: String) throws {
        tailscaled.update { world in
            if name == "edge" {
                world.backendState = "Running"
                world.own.tags = [tag]
            } else {
                var peer = FakeTailscaled.Node(mailbox, [TestNetwork.mailbox], tags: [tag])
                peer.path = .direct("198.51.100.7:41641")
                world.peers = [peer]
            }
            // Until then nobody knows which server it will be.
            if tailnet == .headscale { world.controlURL = "https://headscale.example.net" }
        }
        if tailnet == .headscale { try network.host.folder.file("devices/\(name)").write(tag) }
    }

    // MARK: - what is done

    func begin(_ heading: String) { state.withLock { $0.headings.append(heading) } }

    var headings: [String] { state.withLock { $0.headings } }

    /// What a person edits that is no command.
    func edit(_ text: String) { add(.edit, text) }

    /// A command that others stand in for.
    func command(_ text: String) { add(.command, text) }

    private func add(_ kind: Act.Kind, _ text: String) {
        state.withLock { $0.acts.append(Act(step: $0.headings.last ?? "", kind: kind, text: text)) }
    }

    /// Runs a command of the page on the edge's host; it has to end well.
    ///
    /// - Returns: what it printed.
    @discardableResult
    func run(_ line: String) async throws -> String {
        command(line)
        let process = try await execute(line)
        #expect(try await process.exitCode(within: .seconds(60)) == 0, "\(line): \(process.tail)")
        return process.output.text
    }

    /// Runs a command that is refused; it is not counted.
    ///
    /// - Returns: what it said.
    func refused(_ line: String) async throws -> String {
        let process = try await execute(line)
        #expect(try await process.exitCode(within: .seconds(60)) == 1, "\(line): \(process.tail)")
        return process.errors.text
    }

    /// `cd`
    func enter(_ folder: String) {
        command("cd \(folder)")
        state.withLock { $0.folder += "/\(folder)" }
    }

    private func execute(_ line: String) async throws -> ChildProcess {
        let root = network.host.folder.path
        // MagicDNS, and a root of the test's own.
        let line = line.replacing("sudo ", with: "").replacing("\(mailbox):", with: "\(TestNetwork.mailbox):")
            .replacing(" /etc/", with: " \(root)/etc/")
        let (folder, number) = state.withLock { state in
            state.runs += 1
            return (state.folder, state.runs)
        }
        return try network.edge.start(
            "line-\(number)", Program("env", package: "coreutils"),
            [
                "-C", folder, "PATH=\(root)/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TS_SOCKET=\(tailscaled.path)",
                "NO_COLOR=1", "sh", "-e", "-c", line,
            ])
    }

    // MARK: - the configuration

    var file: TextFile { network.host.folder.file("edge/tailwart.yaml") }
    var installed: TextFile { network.host.folder.file("etc/tailwart/tailwart.yaml") }

    /// What the test needs and a person does not.
    func standIn() throws {
        let health = "  health: {trust_roots: \(authorities.path), interval: 1s}"
        let text = file.text.replacing(#/(?m)^  domains: .*$/#) { "\($0.output)\n\(health)" }
        try file.write("\(text)\ntailscale: {socket: \(tailscaled.path)}\n")
    }

    // MARK: - what is next

    private struct Answer: Decodable {
        struct Next: Decodable {
            let step: String
            let subject: String
            let detail: String
            let fix: String
        }

        let next: Next?
    }

    /// Asks what is next, which is not counted: the person may.
    ///
    /// - Returns: what to do.
    @discardableResult
    func next(
        is step: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let process = try await execute("tailwart check --host --json")
        _ = try await process.exitCode(within: .seconds(60))
        let answer = try JSONDecoder().decode(Answer.self, from: process.output.data)
        let next = try #require(answer.next, sourceLocation: sourceLocation)
        #expect(next.step == step, "\(next)", sourceLocation: sourceLocation)
        #expect(next.fix.contains(words) || words.isEmpty, "\(next)", sourceLocation: sourceLocation)
        return next.fix
    }

    /// Looks at everything, which is not counted either.
    func look() async throws -> String {
        let process = try await execute("tailwart check --host")
        _ = try await process.exitCode(within: .seconds(60))
        return process.output.text
    }

    // MARK: - the page

    private var acts: [Act] { state.withLock { $0.acts } }

    var count: String {
        "\(acts.count { $0.kind == .command }) commands, \(acts.count { $0.kind == .edit }) edits"
    }

    /// The quick start has these steps, these commands and as many edits, and no others.
    func compareWithPage() throws {
        let page = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/quick-start.md")
        let shown = try Self.acts(of: String(contentsOf: page, encoding: .utf8))
        for heading in headings {
            // Between themselves they need not be in order: a page may say first what to type and then what to edit.
            for kind in [Act.Kind.command, .edit] {
                let done = acts.filter { $0.step == heading && $0.kind == kind }.map(\.text)
                #expect(shown.filter { $0.step == heading && $0.kind == kind }.map(\.text) == done, "\(heading)")
            }
        }
        let order = shown.reduce(into: [String]()) { if $0.last != $1.step { $0.append($1.step) } }
        #expect(order == headings)
        #expect(try String(contentsOf: page, encoding: .utf8).contains(count))
    }

    /// Lines of shell blocks, and what stands in bold behind *Edit*, below numbered headings; the program itself comes before.
    private static func acts(of page: String) -> [Act] {
        var acts: [Act] = []
        var step: String?
        var isInBlock = false
        for line in page.split(separator: "\n") {
            if let heading = line.firstMatch(of: #/^## (\d+\. )?(.+)$/#), !isInBlock {
                let isStep = heading.output.1 != nil && heading.output.2 != "The program"
                step = isStep ? String(heading.output.2) : nil
            } else if line.hasPrefix("```") {
                isInBlock = line.hasPrefix("```sh")
            } else if let step, isInBlock {
                let command = line.replacing(#/ +#.*$/#, with: "")
                acts.append(Act(step: step, kind: .command, text: String(command)))
            } else if let step, let edit = line.firstMatch(of: #/^\*Edit\* \*\*(.+?)\*\*: /#) {
                acts.append(Act(step: step, kind: .edit, text: String(edit.output.1)))
            }
        }
        return acts
    }
}
