import Foundation
import Glibc
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    /// `tailwart probe`, and the good `check` that has the same done.
    @Suite struct ProbeCommands {
        private struct Running {
            let edge: EdgeProcess
            let fake: FakeStalwart
            let host: TestHost
            /// Where clients come in.
            let port: UInt16

            func tailwart(_ words: String) async throws -> Answer {
                try await Answer.tailwart(words.split(separator: " ").map(String.init), on: host)
            }

            /// How often this verdict was said.
            func said(_ verdict: String) -> Int { edge.process.output.text.ranges(of: ": \(verdict): ").count }

            func verdict() async throws -> String? {
                let answer = try await tailwart("probe --json")
                let json = try JSONReader.read(Array(answer.output.utf8).span)
                return json["places"]?.list?.first?["verdicts"]?.list?.first?["verdict"]?.text
            }
        }

        /// An edge that asks its mailbox once an hour, and has done so once.
        private static func run(
            _ settings: FakeStalwart.Settings = .trusting(), verdict: String = "certificate_fallback",
            _ body: (Running) async throws -> Void
        ) async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(settings) { fake in
                    let (port, web) = (try FreePort.take(), try FreePort.take())
                    let edge = try await EdgeProcess(
                        on: host, ports: [port],
                        """
                        workers: 1
                        tailscale: off
                        admin: {socket: \(host.folder.path)/admin.sock}
                        upstreams:
                          mailbox: {endpoints: [127.0.0.1], proxy_protocol: v2, health: {interval: 1h, timeout: 5s}}
                          web: {endpoints: [127.0.0.1], health: off}
                        listeners:
                          - {name: smtp, bind: ["127.0.0.1:\(port)"], protocol: smtp, to: "mailbox:\(fake.port(.smtp))"}
                          - {name: web, bind: ["127.0.0.1:\(web)"], protocol: tcp, to: "web:2"}
                        """)
                    try await edge.verdict(verdict, port: fake.port(.smtp))
                    try await body(Running(edge: edge, fake: fake, host: host, port: port))
                }
            }
        }

        @Test func `at a terminal it says what it asks, and for how long at most`() async throws {
            try await Self.run { running in
                let port = running.fake.port(.smtp)
                let asks = "Asking mailbox 127.0.0.1:\(port), for up to 1m …"
                for options in ["", " --json"] {
                    // `script` gives it a terminal.
                    let process = try running.host.start(
                        "script\(options.count)", try Program("script", package: "bsdutils"),
                        [
                            "--quiet", "--return", "--command",
                            "'\(try Program.edge().path)' probe --config '\(running.host.folder.path)/tailwart.yaml'\(options)",
                            "/dev/null",
                        ])
                    #expect(try await process.exitCode(within: .seconds(60)) == 0)
                    let said = process.output.text.split(whereSeparator: \.isNewline).map(String.init)
                    #expect(said.contains(asks) == options.isEmpty, "\(said)")
                }
                #expect(try await running.tailwart("probe").errors.isEmpty, "and a log gets nothing of it")
            }
        }

        @Test func `the mailbox is asked at once, and what is wrong is said with its fix`() async throws {
            try await Self.run { running in
                let good = try await running.tailwart("probe")
                #expect(good.exitCode == 0, "a certificate is a warning: \(good)")
                #expect(good.outputLines.first?.hasPrefix("! mailbox 127.0.0.1:") == true, "\(good.output)")
                #expect(good.output.contains(#/mailbox +127\.0\.0\.1:\d+ +smtp +healthy/#), "\(good.output)")
                #expect(running.fake.counters.connections == 2)

                try await running.fake.configure { $0.mode = .unavailable }
                let bad = try await running.tailwart("probe mailbox")
                #expect(bad.exitCode == 1)
                let (first, second) = (bad.outputLines.first ?? "", bad.outputLines.dropFirst().first ?? "")
                #expect(first.hasPrefix("✗ mailbox 127.0.0.1:") && first.contains("rejects this edge"), "\(bad)")
                #expect(second.hasPrefix("  → Wait for the restart to end"), "\(bad)")

                try await running.fake.configure { $0.mode = .serving }
                #expect(try await running.verdict() == "certificate_fallback")
                #expect(running.fake.counters.connections == 4)
            }
        }

        @Test func `a name that leads nowhere, and an edge that does not run, are told apart from a fault`()
            async throws
        {
            try await Self.run { running in
                let unknown = try await running.tailwart("probe mailbox nobody")
                #expect(unknown.exitCode == 3 && unknown.errors.contains("no upstream nobody"), "\(unknown)")
                #expect(unknown.errors.contains("It has mailbox, web"))
                let silent = try await running.tailwart("probe web")
                #expect(silent.exitCode == 3 && silent.errors.contains("web is not probed"), "\(silent)")
                #expect(running.fake.counters.connections == 1)
                let none = try await running.tailwart("probe --socket \(running.host.folder.path)/none.sock")
                #expect(none.exitCode == 3 && none.errors.contains("No edge answers"), "\(none)")
            }
        }

        @Test func `clients are served from the moment on in which the mailbox is mended and asked`() async throws {
            try await Self.run(FakeStalwart.Settings(), verdict: "header_not_trusted") { running in
                func greeting() throws -> String {
                    let client = try Echo.connect(to: running.port)
                    defer { client.close() }
                    return String(decoding: try client.receive().prefix(4), as: UTF8.self)
                }
                #expect(try greeting() == "421 ")
                try await running.fake.configure { $0.trusted = FakeStalwart.Settings.trusting().trusted }
                #expect(try await running.tailwart("probe").exitCode == 0)
                #expect(try greeting() == "220 ")
            }
        }

        @Test func `several who ask at the same time all get an answer, and the interface answers others meanwhile`()
            async throws
        {
            try await Self.run { running in
                try await running.fake.configure { $0.greetingDelay = .seconds(2) }
                try await withThrowingTaskGroup { group in
                    for _ in 1...6 { group.addTask { try await running.tailwart("probe").exitCode } }
                    let status = try await running.tailwart("status")
                    #expect(status.exitCode == 0, "\(status)")
                    for try await code in group { #expect(code == 0) }
                }
                #expect(running.fake.counters.connections <= 4, "they are asked for together")
            }
        }

        @Test func `an edge that drains answers too`() async throws {
            try await Self.run { running in
                let client = try Echo.connect(to: running.port)
                _ = try client.receive()
                #expect(try await running.tailwart("drain --for 10m").exitCode == 0)
                #expect(try await running.tailwart("probe").exitCode == 0)
                client.close()
            }
        }

        @Test func `a check that finds the mailbox well has the edge that runs find it too`() async throws {
            try await Self.run { running in
                let check = "check --host --config tailwart.yaml"
                try await running.fake.configure { $0.mode = .unavailable }
                #expect(try await running.verdict() == "busy")
                #expect(running.said("busy") == 1)
                _ = try await running.tailwart(check)
                try await running.fake.configure { $0.mode = .serving }
                _ = try await running.tailwart(check)
                try await eventually("the edge has found it out") {
                    running.said("certificate_fallback") == 2 ? true : nil
                }
                // The edge twice before, the first check twice, the second once.
                #expect(running.fake.counters.connections == 6, "the check that found a fault has not told the edge")
                // A file whose edge does not run, or that has none to be asked, is checked all the same.
                let text = running.host.folder.file("tailwart.yaml").text
                try running.host.folder.file("other.yaml").write(text.replacing("admin.sock", with: "other.sock"))
                let other = try await running.tailwart("check --host --config other.yaml")
                #expect(!other.errors.contains("other.sock") && !other.output.contains("other.sock"), "\(other)")
            }
        }
    }
}
