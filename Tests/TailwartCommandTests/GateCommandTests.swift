import Foundation
import Glibc
import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

extension CommandTests {
    @Suite struct Gate {
        @Test(
            arguments: [
                ([], "nothing to wait for"), (["--once"], "--postgres"), (["--tcp", "db"], "'--tcp <host:port>'"),
                (["--tcp", "db"], "there is no port; write db:25"), (["--postgres", "db:x"], "such as 5432"),
                (["--http", "db/health"], "write http://db/health"),
                (["--mail", "smtp://s?proxy=v9"], "write proxy=v1"),
                (["--peer", "100.64.0.1"], "such as mailbox"),
                (["--tcp", "db:1", "--timeout", "60"], "such as 500ms, 90s or 2m"),
                (["--tcp", "db:1", "--timeout", "0s"], "such as"),
                (["--tcp", "db:1", "--timeout", "999999999d"], "at most 7d"),
                (["--tcp", "db:1", "true"], "--help"),
                (["--tcp", "db:1", "--watch"], "--watch needs a command"),
                (["--tcp", "db:1", "--watch", "--once", "--", "true"], "leave out --once"),
            ] as [([String], String)])
        func `wrong use is told with its place and what to write`(arguments: [String], message: String) async throws {
            try await TestHost.run { host in
                let answer = try await Answer.tailwart(["gate"] + arguments, on: host)
                #expect(answer.exitCode == 2)
                #expect(answer.output.isEmpty)
                #expect(answer.errors.contains(message), "\(answer.errors)")
                #expect(answer.errors.contains("--help"))
            }
        }

        @Test func `a health check that is well says nothing`() async throws {
            try await TestHost.run { host in
                let listener = try TestListener()
                let answer = try await Answer.tailwart(
                    ["gate", "--once", "--tcp", "\(try listener.address)"], on: host)
                #expect(answer.exitCode == 0)
                #expect(answer.output.isEmpty && answer.errors.isEmpty)
            }
        }

        @Test func `a health check that is not names each cause and what to do`() async throws {
            try await TestHost.run { host in
                let listener = try TestListener()
                let port = try FreePort.take()
                let answer = try await Answer.tailwart(
                    [
                        "gate", "--once", "--tailscale", "--tcp", "127.0.0.1:\(port)", "--tcp",
                        "\(try listener.address)",
                    ],
                    on: host, environment: ["TS_SOCKET=\(host.folder.path)/none.sock"])
                #expect(answer.exitCode == 1)
                #expect(answer.output.isEmpty)
                #expect(answer.errorLines.count == 2)
                #expect(answer.errorLines[0].contains("no socket at \(host.folder.path)/none.sock"))
                #expect(
                    answer.errorLines[1]
                        == "not ready: tcp 127.0.0.1:\(port): nothing listens at 127.0.0.1:\(port). Start the service, "
                        + "or correct the port.")
            }
        }

        @Test func `it waits for whom it is told to, in any order of start`() async throws {
            try await TestHost.run { host in
                let tailscaled = try FakeTailscaled(isThere: false)
                defer { tailscaled.close() }
                let port = try FreePort.take()
                let gate = try host.start(
                    "gate", try Program.edge(),
                    [
                        "gate", "--tailscale", "--peer", "stalwart", "--tailscale-socket", tailscaled.path, "--tcp",
                        "localhost:\(port)",
                    ])
                let lines = { gate.errors.lines }
                try await eventually("all three wait") {
                    lines().filter { $0.hasSuffix(", waiting") }.count == 3 ? true : nil
                }
                #expect(gate.isRunning)
                let listener = try TestListener(port: port)
                try await eventually("the port") {
                    lines().contains("tcp localhost:\(port): ready: takes connections") ? true : nil
                }
                tailscaled.update { $0.backendState = "NeedsLogin" }
                try tailscaled.appear()
                try await eventually("a login is missing") {
                    lines().contains { $0.hasPrefix("tailscale: tailscaled is not logged in") } ? true : nil
                }
                #expect(gate.isRunning)
                tailscaled.update { $0.backendState = "Running" }
                #expect(try await gate.exitCode() == 0)
                #expect(lines().contains("peer stalwart: ready: is online"))
                #expect(lines().contains { $0.hasPrefix("tailscale: ready: has 100.64.") })
                listener.close()
            }
        }

        @Test func `where only tailscaled knows the names it makes the connections`() async throws {
            try await TestHost.run { host in
                try await FakeStalwart.with(.trusting()) { fake in
                    let tailscaled = try FakeTailscaled()
                    defer { tailscaled.close() }
                    let name = "stalwart.tail1234.ts.net"
                    let closed = InternetAddress(.loopbackV4, port: try FreePort.take())
                    tailscaled.update {
                        $0.usesTUN = false
                        $0.dials = [
                            "\(name):25": .to(fake.address(.smtp)), "\(name):993": .to(fake.address(.imaps)),
                            "\(name):587": .to(closed), "\(name):8080": .to(.init(.loopbackV4, port: fake.setupPort)),
                            "\(name):5432": .fails(502, "dial failure: lookup \(name): no such host"),
                        ]
                    }
                    func gate(_ options: String...) async throws -> Answer {
                        let socket = ["--tailscale-socket", tailscaled.path]
                        return try await Answer.tailwart(
                            ["gate", "--once", "--via-tailscale"] + socket + options, on: host)
                    }
                    let good = try await gate(
                        "--tcp", "\(name):25", "--mail", "smtp://\(name)?proxy=v2", "--mail",
                        "imaps://\(name)?proxy=v2",
                        "--http", "http://\(name):8080/")
                    #expect(good.exitCode == 0 && good.errors.isEmpty, "\(good.errors)")
                    let bad = try await gate(
                        "--tcp", "\(name):587", "--mail", "submission://\(name)", "--postgres", "\(name):5432", "--tcp",
                        "mailbox.example.org:25")
                    #expect(bad.exitCode == 1)
                    #expect(
                        bad.errorLines.count { $0.contains("nothing listens at \(name):587") } == 2, "\(bad.errors)")
                    #expect(bad.errors.contains("tailscaled does not know the name stalwart.tail1234.ts.net"))
                    #expect(bad.errors.contains("tailscaled does not know the name mailbox.example.org"))
                    tailscaled.vanish()
                    let gone = try await gate("--tcp", "\(name):25")
                    #expect(gone.exitCode == 1 && gone.errors.contains("Start tailscaled, or name its socket"))
                }
            }
        }

        @Test func `it gives up when the time is over`() async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                let answer = try await Answer.tailwart(
                    ["gate", "--tcp", "127.0.0.1:\(port)", "--timeout", "300ms", "--", "echo", "never"], on: host)
                #expect(answer.exitCode == 1)
                #expect(answer.output.isEmpty, "the command is not run")
                #expect(
                    answer.errorLines.first == "tcp 127.0.0.1:\(port): nothing listens at 127.0.0.1:\(port), waiting")
                #expect(answer.errorLines.last?.hasPrefix("not ready: tcp 127.0.0.1:\(port): ") == true)
            }
        }

        @Test(arguments: [true, false])
        func `a script can read the answer`(isReady: Bool) async throws {
            struct JSONAnswer: Decodable {
                struct Finding: Decodable {
                    let check: String
                    let subject: String
                    let state: String
                }

                let ok: Bool
                let findings: [Finding]
            }
            try await TestHost.run { host in
                let listener = try TestListener()
                let address = try listener.address
                if !isReady { listener.close() }
                let answer = try await Answer.tailwart(["gate", "--once", "--json", "--tcp", "\(address)"], on: host)
                #expect(answer.exitCode == (isReady ? 0 : 1))
                #expect(answer.errors.isEmpty)
                let json = try JSONDecoder().decode(JSONAnswer.self, from: Data(answer.output.utf8))
                #expect(json.ok == isReady)
                #expect(json.findings.map(\.check) == ["tcp"] && json.findings.map(\.subject) == ["\(address)"])
                #expect(json.findings.map(\.state) == [isReady ? "ready" : "refused"])
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `a signal ends the waiting at once`(signal: Int32) async throws {
            try await TestHost.run { host in
                let port = try FreePort.take()
                let gate = try host.start(
                    "gate", try Program.edge(), ["gate", "--timeout", "1d", "--tcp", "127.0.0.1:\(port)"])
                try await eventually("it waits") { gate.errors.lines.first }
                gate.send(signal)
                #expect(try await gate.exitCode() == 128 + signal)
            }
        }

        @Test(
            arguments: [
                ("echo said; exit 7", 7), ("kill -KILL $$", 137), ("read line; echo $line; exec echo said", 0),
                ("exec nowhere-to-be-found", 127),
            ] as [(String, Int32)])
        func `a command that is watched keeps its streams and its exit code`(script: String, code: Int32) async throws {
            try await TestHost.run { host in
                let listener = try TestListener()
                let answer = try await Answer.tailwart(
                    ["gate", "--watch", "--tcp", "\(try listener.address)", "--", "sh", "-c", script], on: host)
                #expect(answer.exitCode == code)
                #expect(answer.output.contains("said") == script.contains("said"))
            }
        }

        @Test func `a command that is watched and not there is told as without the watch`() async throws {
            try await TestHost.run { host in
                let listener = try TestListener()
                let answer = try await Answer.tailwart(
                    ["gate", "--watch", "--tcp", "\(try listener.address)", "--", "nowhere-to-be-found"], on: host)
                #expect(answer.exitCode == 127)
                #expect(answer.errors.contains("nowhere-to-be-found: no such command on the PATH"))
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1])
        func `a signal for a command that is watched reaches it`(signal: Int32) async throws {
            try await TestHost.run { host in
                let listener = try TestListener()
                let script = "trap 'echo heard; exit 3' TERM HUP USR1; echo ready; while :; do sleep 0.1; done"
                let gate = try host.start(
                    "gate", try Program.edge(),
                    ["gate", "--watch", "--tcp", "\(try listener.address)", "--", "sh", "-c", script])
                try await eventually("it runs") { gate.output.lines.contains("ready") ? true : nil }
                gate.send(signal)
                #expect(try await gate.exitCode() == 3)
                #expect(gate.output.lines.contains("heard"))
            }
        }
    }
}
