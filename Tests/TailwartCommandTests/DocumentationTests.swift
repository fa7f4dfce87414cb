import Foundation
import Glibc
import TailwartTesting
import Testing

extension CommandTests {
    /// What the documentation shows does work as it is shown.
    ///
    /// A command in a shell block is run, in a folder that has what it names. One that needs a tailnet or a service on it cannot be, and
    /// its block says so: ```` ```sh tailnet ````. All commands, also those in units, Dockerfiles and sentences, are held against `--help`.
    @Suite struct Documentation {
        private static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        private static let pages =
            ["README.md", "CONTRIBUTING.md", "SECURITY.md"] + files(in: "docs", where: isPage)
            + files(in: "deploy", where: isPage) + files(in: "examples", where: isPage)
        private static let otherFiles =
            files(in: "deploy") { !isPage($0) && !$0.hasSuffix(".in") } + files(in: "examples") { !isPage($0) }
        private static let commands =
            pages.flatMap { ShownCommand.all(inPage: text(of: $0), named: $0) }
            + otherFiles.flatMap { ShownCommand.all(inFile: text(of: $0), named: $0) }
        private static let lines = commands.filter { $0.kind == .line && !$0.needsTailnet }

        // MARK: - the pages

        @Test func `there are pages, commands to run, and commands in files`() {
            #expect(Self.pages.count >= 15)
            #expect(Self.lines.count >= 25)
            #expect(Self.commands.count { $0.needsTailnet } >= 1)
            #expect(Set(Self.commands.map(\.page)).isSuperset(of: ["README.md", "deploy/edge/Dockerfile"]))
        }

        @Test func `a shell block is marked with nothing but what it needs`() {
            for page in Self.pages {
                #expect(ShownCommand.marks(inPage: Self.text(of: page)).subtracting(["tailnet"]).isEmpty, "\(page)")
            }
        }

        @Test func `every page is reached from the README`() {
            var reached: Set<String> = []
            var next = ["README.md"]
            while let page = next.popLast() {
                guard reached.insert(page).inserted else { continue }
                let folder = Self.root.appending(path: page).deletingLastPathComponent()
                for link in Self.text(of: page).matches(of: #/\]\(([^)#:\s]+\.md)/#) {
                    let target = folder.appending(path: String(link.output.1)).standardized.path
                    next.append(String(target.dropFirst(Self.root.standardized.path.count + 1)))
                }
            }
            #expect(Set(Self.pages).subtracting(reached).isEmpty)
        }

        // MARK: - the commands

        @Test func `each command and each of its options is known`() async throws {
            try await TestHost.run { host in
                var help: [String: String] = [:]
                for command in Self.commands {
                    for (subcommand, options) in command.calls {
                        if help[subcommand] == nil {
                            help[subcommand] = try await Answer.tailwart([subcommand, "--help"], on: host).output
                        }
                        let text = help[subcommand] ?? ""
                        #expect(text.contains("USAGE: tailwart \(subcommand)"), "\(command.testDescription)")
                        let known = Set(text.matches(of: #/--[a-z][a-z-]*/#).map { String($0.output) })
                        #expect(Set(options).subtracting(known).isEmpty, "\(command.testDescription)")
                    }
                }
            }
        }

        @Test(arguments: lines) func `a command does what it is shown for`(command: ShownCommand) async throws {
            try await TestHost.run { host in
                let place = try await Place(on: host, for: command, root: Self.root)
                let exitCode = try await place.run()
                // The mailbox of the preflight is nowhere.
                let expected: Int32 = command.text.contains("--host") && place.subcommand == "check" ? 1 : 0
                #expect(exitCode == expected, "\(place.said)")
                if expected == 1 { #expect(place.said.contains(" checks: ")) }
            }
        }

        // MARK: - files

        private static func isPage(_ path: String) -> Bool { path.hasSuffix(".md") }

        private static func files(in folder: String, where isWanted: (String) -> Bool) -> [String] {
            let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.compactMap {
                $0 as? String
            }
            return (all ?? []).map { "\(folder)/\($0)" }.filter(isWanted).sorted()
        }

        fileprivate static func text(of path: String) -> String {
            (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
        }
    }
}

/// Where a command of the documentation runs: a folder with the files that the pages speak of, below which `/etc` is too, and an edge
/// that listens on free ports.
private final class Place {
    let subcommand: String
    private(set) var said = ""
    private let host: TestHost
    private let line: String
    private let environment: [String]

    init(on host: TestHost, for command: ShownCommand, root: URL) async throws {
        self.host = host
        subcommand = command.calls.first?.subcommand ?? ""
        line = Self.line(command.text)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        environment = [
            "PATH=\(try host.folder.makeFolder("bin")):\(path)", "TS_TAILNET=tail1234.ts.net", "NO_COLOR=1",
        ]
        try FileManager.default.createSymbolicLink(
            atPath: "\(host.folder.path)/bin/tailwart", withDestinationPath: try Program.edge().path)
        for folder in ["edge", "etc/tailwart", "etc/caddy", "etc/nginx", "etc/haproxy", "etc/default"] {
            _ = try host.folder.makeFolder(folder)
        }
        // The edge is not to reach for anybody: not for a name of the tailnet, nor for a mail server of this host.
        let dials = subcommand == "run" || command.text.contains("--host")
        for file in ["tailwart.yaml", "trial.yaml", "edge/tailwart.yaml", "etc/tailwart/tailwart.yaml"] {
            try host.folder.file(file).write(try Self.configuration(dials: dials))
        }
        for (name, fixture) in [
            "etc/caddy/caddy.json": "caddy/origin.json", "etc/nginx/nginx.conf": "nginx/mail.conf",
            "etc/haproxy/haproxy.cfg": "haproxy/mail.cfg",
        ] {
            let url = root.appending(path: "Tests/TailwartImportTests/Fixtures/\(fixture)")
            try host.folder.file(name).write(try String(contentsOf: url, encoding: .utf8))
        }
        try host.folder.file("etc/default/tailwart").write("TS_TAILNET=tail1234.ts.net\n")
        let policy = try await Answer.tailwart(["acl"], on: host, environment: environment)
        try host.folder.file("policy.hujson").write(policy.output)
    }

    /// - Returns: the exit code, after SIGTERM where the command runs until somebody ends it.
    func run() async throws -> Int32 {
        if subcommand == "run" || subcommand == "try" && !line.contains("--selftest") {
            let process = try start("exec \(line)")
            try await eventually("\(line) runs") {
                process.output.text.contains(#/listens on|One line per connection/#) ? true : nil
            }
            process.send(SIGTERM)
            return try await end(process)
        }
        if subcommand == "init", !line.contains("--domain") {
            // It asks, and `script` is the terminal that it asks on.
            let input = Pipe()
            try input.fileHandleForWriting.write(contentsOf: Data("example.org\n\ntail1234.ts.net\nyes\nsystemd\n".utf8))
            return try await end(
                start("script --quiet --return --command '\(line)' /dev/null", input: input))
        }
        return try await end(start(line))
    }

    private func start(_ line: String, input: Pipe? = nil) throws -> ChildProcess {
        try host.start(
            "shown", try Program("env", package: "coreutils"),
            ["-C", host.folder.path, "-u", "TAILWART_CONFIG"] + environment + ["sh", "-e", "-c", line], input: input)
    }

    private func end(_ process: ChildProcess) async throws -> Int32 {
        let code = try await process.exitCode(within: .seconds(60))
        said = process.output.text + process.errors.text
        return code
    }

    /// The line as this user runs it in this folder.
    private static func line(_ text: String) -> String {
        text.replacing(#/sudo (--preserve-env=\S+ )?/#, with: "")
            .replacing(#/\S*/tailwart /#.anchorsMatchLineEndings(), with: "tailwart ")
            .replacing(#/(^|[ ])\/(etc|root)\//#) { "\($0.output.1)\($0.output.2)/" }
            // The addresses of the edge are those of its tailnet, which this host is not in.
            .replacing(
                #/tailwart trust(?!.*--edge-address)/#,
                with: "tailwart trust --edge-address 100.64.0.5 --edge-address fd7a:115c:a1e0::5")
    }

    private static func configuration(dials: Bool) throws -> String {
        let ports = try [25, 465, 587, 993].map { port in
            // Nobody listens on the ports from 2 on.
            "\(try FreePort.take()): \(dials ? port % 5 + 2 : port)"
        }
        return """
            mailbox:
              address: \(dials ? "127.0.0.1" : "stalwart.${TS_TAILNET}")
              ports: {\(ports.joined(separator: ", "))}
              bind: [127.0.0.1]
              domains: [example.org]
              https: {listen: \(try FreePort.take())\(dials ? ", port: 2" : "")}
              health: {timeout: 1s}
            web: 127.0.0.1:\(dials ? 3 : 8443)
            \(dials ? "tailscale: off" : "")

            """
    }
}
