import ArgumentParser
import Glibc
import TailwartControl
import TailwartCore
import TailwartSandbox
import TailwartSystem

struct TryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "The edge in front of an embedded sandbox mailbox, nothing to configure.",
        discussion: """
            Example: tailwart try
            Listens on this machine only. Prints commands to copy, then a line per connection; Ctrl-C ends it.
            With --selftest it delivers a message, reads it back, asks for every name, and ends with 0 or 1.
            """)

    @Flag(help: "Make the round trips, print a tick or a cross for each, and end with 0 or 1.")
    var selftest = false

    @Option(name: .customLong("for"), help: .init("End after this time.", valueName: "duration"))
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
