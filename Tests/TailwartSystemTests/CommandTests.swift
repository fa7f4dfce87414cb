import Glibc
import TailwartSystem
import Testing

@Suite struct CommandTests {
    @Test func `both outputs and the exit code are taken`() async {
        let answer = await Command.system(
            "sh", ["-c", "echo out; echo err >&2; exit 7"], atMost: 100, within: .seconds(30))
        #expect(answer == .ended(7, Array("out\n".utf8), "err\n"))
    }

    @Test func `a program that hangs, talks for ever, or is not there does not hold anybody up`() async {
        #expect(
            await Command.system("sleep", ["100"], atMost: 100, within: .milliseconds(50)) == .timedOut)
        #expect(await Command.system("yes", [], atMost: 100, within: .seconds(30)) == .tooLong)
        #expect(
            await Command.system("no-such-program-here", [], atMost: 100, within: .seconds(30)) == .missing)
    }

    @Test func `a program is told something on standard input, and what it says is kept, cut`() throws {
        let stop = try Waker()
        func tell(_ script: String, _ input: String) -> Command.Outcome {
            Command.tell("/bin/sh", ["-c", script], Array(input.utf8), within: .seconds(30), or: stop)
        }
        #expect(tell("cat; echo err >&2; exit 7", "told\n") == .ended(7, [], "told\nerr\n"))
        // More than a pipe holds.
        #expect(tell("wc -c", String(repeating: "a", count: 300_000)) == .ended(0, [], "300000\n"))
        #expect(tell("true", String(repeating: "a", count: 300_000)) == .ended(0, [], ""))
        guard case .ended(0, _, let output) = tell("head -c 1000000 /dev/zero | tr '\\0' a", "") else {
            Issue.record("it did not end")
            return
        }
        #expect(output == String(repeating: "a", count: 4096))
        #expect(Command.tell("/no/such/program", [], [], within: .seconds(30), or: stop) == .missing)
    }

    @Test func `what a program leaves behind is not waited for`() throws {
        let start = ContinuousClock.now
        let outcome = Command.tell(
            "/bin/sh", ["-c", "sleep 100 & echo left"], [], within: .seconds(60), or: try Waker())
        #expect(outcome == .ended(0, [], "left\n"))
        #expect(ContinuousClock.now < start + .seconds(60), "it was not the time that ended it")
    }

    @Test(arguments: ["sleep 1000", "trap '' TERM; sleep 1000 & wait", "kill -STOP $$", "yes"])
    func `one that hangs ends with all that it started, when the time is over or the edge ends`(script: String) throws {
        let stop = try Waker()
        let hangs = { (limit: Duration) in
            Command.tell("/bin/sh", ["-c", script], [], within: limit, or: stop)
        }
        #expect(hangs(.milliseconds(300)) == .timedOut)
        stop.ring()
        #expect(hangs(.seconds(3600)) == .timedOut)
    }

    /// In a process of its own: it would take the exit codes of other tests' programs.
    @Test func `who reaps orphans does not take the exit code from who waits`() async {
        await #expect(processExitsWith: .success) {
            for code in 0..<50 {
                let id = try Spawn.start("/bin/sh", ["-c", "exit \(code)"])
                // The program may have ended or not.
                if code.isMultiple(of: 2) { usleep(5000) }
                Spawn.reap()
                let codes = (0..<2).map { _ in Spawn.exitCode(of: id, waiting: true) }
                guard codes == [Int32(code), nil] else { exit(1) }
            }
        }
    }
}
