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
}
