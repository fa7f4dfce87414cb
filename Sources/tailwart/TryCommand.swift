import ArgumentParser
import Glibc
import TailwartControl
import TailwartCore
import TailwartSandbox
import TailwartSystem

struct TryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try",
        abstract: "Show the edge at work in front of a built-in mailbox, with nothing to configure.",
        discussion: """
            Example: tailwart try
            Example: tailwart try --selftest
            Listens on this machine only. Prints commands to copy, then a line for each connection; Ctrl-C ends it. With --selftest it \
            delivers a message through the edge, reads it back, and asks for every name on 443.
            Exit codes: 0 if it was ended or all tests passed, 1 if a test failed, 3 if it could not start.
            """)

    @Flag(help: "Test the edge by itself, print a tick or a cross for each test, and end.")
    var selftest = false

    @Option(name: .customLong("for"), help: .init("End after this time, such as 30s or 5m.", valueName: "duration"))
    var limit: Limit?

    /// That connections may go on after Ctrl-C.
    private static let drain = Duration.seconds(5)

    func run() async throws {
        do {
            let hasColours = TerminalColour.isWanted(on: STDOUT_FILENO, environment: FileSystem.environment)
            let sandbox = try await Sandbox.start()
            let ledger = try Ledger()
            try LineWriter(
                LogSettings(format: .text, level: selftest ? .error : .info), of: ledger,
                watched: WatchedLines(hasColours: hasColours))
            try ledger.start()
            let edge = try Edge(SandboxEdge.configuration(sandbox.ports), ledger: ledger)
            guard let sandboxEdge = SandboxEdge(addresses: edge.addresses(of:)) else {
                throw Failure.notDone("a listener of the sandbox edge has no port")
            }
            var passed = true
            if selftest {
                passed = await SelfTest(edge: sandboxEdge.ports, sandbox: sandbox).run {
                    StandardOutput.write(line: $0.line(hasColours: hasColours))
                }
                print(SelfTest.verdict(passed: passed))
                edge.stop()
            } else {
                StandardOutput.write(line: sandboxEdge.introduction(hasColours: hasColours))
                let events = Task {
                    for await event in sandbox.events { ledger.post(.sandbox("\(event)")) }
                }
                try await Foreground.serveAside(
                    edge, ledger: ledger, drain: Self.drain, limit: limit?.duration)
                events.cancel()
            }
            ledger.finish()
            await sandbox.shutdown()
            if !passed { throw ExitCode(1) }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            throw Failure.notDone("\(error)")
        }
    }

    /// A duration as the configuration writes it.
    struct Limit: ExpressibleByArgument {
        let duration: Duration

        init?(argument: String) {
            guard let duration = Duration(configurationText: argument) else { return nil }
            self.duration = duration
        }
    }
}
