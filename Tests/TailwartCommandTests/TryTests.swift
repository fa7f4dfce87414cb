import Foundation
import Glibc
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    @Suite struct Try {
        private static let preferred: [UInt16] = [2525, 2587, 2465, 2993, 2443]

        /// The ports of the picture, in its order.
        private func ports(in answer: Answer) -> [UInt16] {
            answer.outputLines.compactMap {
                $0.firstMatch(of: #/you .+ 127\.0\.0\.1:(\d+)  /#).flatMap { UInt16($0.1) }
            }
        }

        @Test func `the self-test ticks every line`() async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["try", "--selftest"], on: host)
                #expect(answer.exitCode == 0, "\(answer.output)\(answer.errors)")
                #expect(answer.outputLines.last == "This binary does the job.")
                #expect(answer.outputLines.count > 5)
                for line in answer.outputLines.dropLast() { #expect(line.hasPrefix("✓ "), "\(line)") }
            }
        }

        @Test func `it tells its ports and commands, and ends by itself when it is told to`() async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["try", "--for", "2s"], on: host)
                #expect(answer.exitCode == 0, "\(answer.errors)")
                let ports = ports(in: answer)
                #expect(ports.count == 5)
                for (command, port) in zip(
                    ["curl -kv", "swaks", "openssl s_client -crlf", "imaps://", "https://"], [0, 0, 0, 3, 4])
                {
                    #expect(
                        answer.outputLines.contains { $0.contains(command) && $0.contains(":\(ports[port])") },
                        "\(command)")
                }
                #expect(answer.output.contains("time is up"))
            }
        }

        @Test func `the first command that it prints delivers a mail, and shows the address that the mailbox knows`()
            async throws
        {
            try await TestHost.run { host in
                let trial = try host.start("try", try Program.edge(), ["try"])
                let command = try await eventually("it prints commands") {
                    trial.output.lines.first { $0.contains("curl -kv") }
                }
                try await eventually("it is ready") { trial.output.text.contains("Ctrl-C") ? true : nil }
                let shell = try host.start("sh", Program("sh", package: "dash"), ["-c", command + " 2>&1"])
                #expect(try await shell.exitCode() == 0, "\(shell.tail)")
                #expect(shell.output.text.contains("you come from 127.0.0.5"), "\(shell.tail)")
                #expect(shell.output.text.contains("stored as message 1"), "\(shell.tail)")
            }
        }

        @Test(arguments: [("", true), ("NO_COLOR=1 ", false), ("TERM=dumb ", false)])
        func `on a terminal it has colours, unless they are not wanted`(setting: String, isColoured: Bool) async throws
        {
            try await TestHost.run { host in
                for command in ["try --selftest", "try --for 1s"] {
                    // `script` gives it a terminal.
                    let process = try host.start(
                        "script", try Program("script", package: "bsdutils"),
                        [
                            "--quiet", "--return", "--command",
                            "TERM=xterm NO_COLOR= \(setting)'\(try Program.edge().path)' \(command)", "/dev/null",
                        ])
                    #expect(try await process.exitCode(within: .seconds(60)) == 0)
                    #expect(process.output.text.contains("\u{1b}[") == isColoured, "\(process.output.text)")
                }
            }
        }

        @Test func `the picture in the README is what it prints`() async throws {
            try await TestHost.run { host in
                let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                    .deletingLastPathComponent().deletingLastPathComponent()
                let check = try host.start(
                    "picture", try Program("python3", package: "python3"),
                    [root.appending(path: "scripts/draw-terminal.py").path, try Program.edge().path, "--check"])
                #expect(try await check.exitCode(within: .seconds(60)) == 0, "\(check.tail)")
            }
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
        func `a signal ends it in good order`(signal: Int32) async throws {
            try await TestHost.run { host in
                let trial = try host.start("try", try Program.edge(), ["try"])
                try await eventually("it listens") { trial.output.text.contains("imaps://") ? true : nil }
                trial.send(signal)
                #expect(try await trial.exitCode() == 0)
                #expect(trial.output.text.contains("no longer accepting"))
                #expect(trial.output.lines.last?.contains("stopped after 0 connections") == true)
            }
        }

        @Test func `other ports are used where the usual ones are taken`() async throws {
            // Where this fails the port is somebody else's, which will do as well.
            let taken = Self.preferred.map { try? TestListener(port: $0) }
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["try", "--selftest"], on: host)
                #expect(answer.exitCode == 0, "\(answer.output)")
                let show = try await Answer.tailwart(["try", "--for", "1s"], on: host)
                let ports = ports(in: show)
                #expect(ports.count == 5)
                #expect(Set(ports).isDisjoint(with: Self.preferred), "\(ports)")
            }
            for listener in taken { listener?.close() }
        }
    }
}
