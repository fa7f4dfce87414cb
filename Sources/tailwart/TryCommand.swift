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

    func run() async throws {
        Foreground.prepare()
        do {
            let sandbox = try await Sandbox.start()
            let ledger = try Ledger()
            try LineWriter(LogSettings(format: .text, level: selftest ? .error : .info), of: ledger)
            try ledger.start()
            let trial = try SandboxEdge(sandbox.ports, ledger: ledger)
            if selftest {
                let passed = await test(trial, sandbox)
                trial.edge.stop()
                ledger.finish()
                await sandbox.shutdown()
                if !passed { throw ExitCode(1) }
            } else {
                print(trial.introduction)
                fflush(nil)
                let events = Task {
                    for await event in sandbox.events { ledger.post(.sandbox("\(event)")) }
                }
                let limit = limit?.duration
                try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                    // A thread of its own: it waits for a signal, which a task must not.
                    do {
                        _ = try Thread(name: "signals") {
                            do throws(SystemError) {
                                try Foreground.serve(trial.edge, ledger: ledger, drain: .zero, limit: limit)
                                ledger.finish()
                                done.resume()
                            } catch {
                                done.resume(throwing: error)
                            }
                        }
                    } catch {
                        done.resume(throwing: error)
                    }
                }
                events.cancel()
                await sandbox.shutdown()
            }
        } catch let exit as ExitCode {
            throw exit
        } catch {
            throw Failure.notDone("\(error)")
        }
    }

    private func test(_ trial: SandboxEdge, _ sandbox: Sandbox) async -> Bool {
        let passed = await SelfTest(edge: trial.ports, sandbox: sandbox).run { check in
            print("\(check.passed ? "✓" : "✗") \(check.title): \(check.detail)")
            fflush(nil)
        }
        print(passed ? "This binary does the job." : "This binary cannot do the job: see the crosses above.")
        return passed
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
