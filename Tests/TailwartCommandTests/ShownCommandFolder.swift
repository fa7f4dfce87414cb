import Foundation
import Glibc
import TailwartTesting

/// Where a command of the documentation runs: a folder with the files that the pages speak of, below which `/etc` is too, and an edge
/// that listens on free ports.
final class ShownCommandFolder {
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
            "TAILWART_ADMIN_SOCKET=\(host.folder.path)/admin.sock",
        ]
        try FileManager.default.createSymbolicLink(
            atPath: "\(host.folder.path)/bin/tailwart", withDestinationPath: try Program.edge().path)
        for folder in ["etc/tailwart", "etc/caddy", "etc/nginx", "etc/haproxy", "etc/traefik", "etc/default"] {
            _ = try host.folder.makeFolder(folder)
        }
        // The edge is not to reach for anybody: not for a name of the tailnet, nor for a mail server of this host.
        let dials = subcommand == "run" || command.text.contains("--host")
        let usual = try String(contentsOf: root.appending(path: "examples/usual.yaml"), encoding: .utf8)
        for file in ["tailwart.yaml", "trial.yaml", "etc/tailwart/tailwart.yaml"] {
            try host.folder.file(file).write(dials ? try Self.edgeOnLoopback() : usual)
        }
        for (name, fixture) in [
            "etc/caddy/caddy.json": "caddy/origin.json", "etc/nginx/nginx.conf": "nginx/mail.conf",
            "etc/haproxy/haproxy.cfg": "haproxy/mail.cfg", "etc/traefik/traefik.yml": "traefik/mail.yml",
        ] {
            let url = root.appending(path: "Tests/TailwartImportTests/Fixtures/\(fixture)")
            try host.folder.file(name).write(try String(contentsOf: url, encoding: .utf8))
        }
        try host.folder.file("etc/default/tailwart").write("TS_TAILNET=tail1234.ts.net\n")
        let policy = try await Answer.tailwart(["acl"], on: host, environment: environment)
        try host.folder.file("policy.hujson").write(policy.output)
        if ["status", "probe", "connections", "reload", "drain", "log-level", "ban"].contains(subcommand) {
            _ = try await RunningEdge.good.start(on: host)
        }
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
            try input.fileHandleForWriting.write(
                contentsOf: Data("example.org\n\n\n\ntail1234.ts.net\n\nyes\nsystemd\n".utf8))
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
            .replacing(#/\S*/tailwart /#, with: "tailwart ")
            .replacing(#/(^|[ ])\/(etc|root)\//#) { "\($0.output.1)\($0.output.2)/" }
            // The host that it is installed on is a folder.
            .replacing("tailwart install", with: "tailwart install --root .")
            // The addresses of the edge are those of its tailnet, which this host is not in.
            .replacing(
                #/tailwart trust(?!.*--edge-address)/#,
                with: "tailwart trust --edge-address 100.64.0.5 --edge-address fd7a:115c:a1e0::5")
    }

    /// The usual edge on free ports, with a mailbox and a web server that are not there.
    private static func edgeOnLoopback() throws -> String {
        """
        mailbox:
          address: 127.0.0.1
          ports: {\(try FreePort.take()): 2, \(try FreePort.take()): 3}
          bind: [127.0.0.1]
          domains: [example.org]
          https: {listen: \(try FreePort.take()), port: 2}
          health: {timeout: 1s}
        web: 127.0.0.1:3
        tailscale: off
        admin: {socket: off}

        """
    }
}
