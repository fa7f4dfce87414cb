import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// `tailwart gate … -- command`: the command gets the place of the gate, and what the gate was given.
    @Suite struct GateReplacement {
        /// A gate that opens at once, started through a shell that prepares its surroundings.
        private func run(
            _ preparation: String, _ command: [String], on host: TestHost
        ) async throws -> (process: ChildProcess, exitCode: Int32) {
            let listener = try TestListener()
            let gate = [try Program.edge().path, "gate", "--tcp", "\(try listener.address)", "--"]
            let process = try host.start(
                "gate", try Program("sh", package: "dash"), ["-c", preparation + " exec \"$@\"", "sh"] + gate + command)
            return (process, try await process.exitCode())
        }

        @Test func `the command has the same process id, its arguments and its own exit code`() async throws {
            try await TestHost.run { host in
                let (process, code) = try await run(
                    "", ["sh", "-c", "echo $$ \"$1\" --x; exit 7", "sh", "a b"], on: host)
                #expect(code == 7)
                #expect(process.output.text == "\(process.id) a b --x\n")
            }
        }

        @Test func `signals and descriptors are as the gate found them`() async throws {
            try await TestHost.run { host in
                // A descriptor that is open before, and a signal that is ignored before, as nohup does it.
                let preparation = "exec 9</dev/null; trap '' HUP;"
                let shell = try Program("sh", package: "dash")
                for command in [["grep", "^Sig[BIC]", "/proc/self/status"], ["ls", "/proc/self/fd"]] {
                    let direct = try host.start(
                        "direct-\(command[0])", shell, ["-c", preparation + " exec \"$@\"", "sh"] + command)
                    #expect(try await direct.exitCode() == 0)
                    let (process, code) = try await run(preparation, command, on: host)
                    #expect(code == 0)
                    #expect(direct.output.lines.count >= 3)
                    #expect(process.output.lines.map(Self.publicSignals) == direct.output.lines.map(Self.publicSignals))
                }
            }
        }

        /// Without signals 32 and 33, which the C library keeps for itself (signal(7)).
        private static func publicSignals(_ line: Substring) -> String {
            let words = line.split(separator: "\t")
            guard words.count == 2, let mask = UInt64(words[1], radix: 16) else { return String(line) }
            return "\(words[0]) \(String(mask & ~(3 << 31), radix: 16))"
        }

        @Test func `a signal that was ignored before stays ignored while it waits`() async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                let gate = try host.start(
                    "gate", try Program("sh", package: "dash"),
                    [
                        "-c", "trap '' INT; exec \"$@\"", "sh", try Program.edge().path, "gate", "--tcp",
                        "127.0.0.1:\(port)",
                    ])
                try await eventually("it waits") { gate.errors.lines.first }
                gate.send(SIGINT)
                let listener = try TestListener(port: port)
                #expect(try await gate.exitCode() == 0)
                listener.close()
            }
        }

        @Test func `the first process of a container ends on a signal too`() async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                let isRoot = geteuid() == 0
                let outer = try host.start(
                    "unshare", try Program("unshare", package: "util-linux"),
                    ["--pid", "--fork"] + (isRoot ? [] : ["--user"])
                        + [try Program.edge().path, "gate", "--timeout", "1d", "--tcp", "127.0.0.1:\(port)"])
                try await eventually("it waits") { outer.errors.lines.first { $0.hasSuffix(", waiting") } }
                let children = try String(
                    contentsOfFile: "/proc/\(outer.id)/task/\(outer.id)/children", encoding: .utf8)
                let gate = try #require(Int32(children.split(separator: " ").first ?? ""))
                kill(gate, SIGTERM)
                #expect(try await outer.exitCode() == 128 + SIGTERM)
            }
        }

        @Test func `a command that cannot be run is told as shells do`() async throws {
            try await TestHost.run { host in
                let file = host.folder.file("script")
                try file.write("#!/nowhere/sh\n")
                let cases: [([String], Int32, String)] = [
                    (["no-such-command"], 127, "no-such-command: no such command on the PATH; "),
                    (["/nowhere/command"], 127, "/nowhere/command: there is no such file; "),
                    ([file.path], 126, "\(file.path): this user may not execute it; chmod +x it"),
                ]
                for (command, code, message) in cases {
                    let (process, exitCode) = try await run("", command, on: host)
                    #expect(exitCode == code)
                    #expect(process.errors.lines.last?.hasPrefix(message) == true, "\(process.tail)")
                }
                chmod(file.path, 0o755)
                let (process, exitCode) = try await run("", [file.path], on: host)
                #expect(exitCode == 126)
                #expect(process.errors.lines.last?.contains("the interpreter that its first line names") == true)
            }
        }
    }
}
