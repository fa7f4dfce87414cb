import TailwartCore
import TailwartProbe
import TailwartSandbox
import TailwartTesting
import Testing

@testable import TailwartGate

/// `--mail`: the probes are tested where they are; here, what the gate makes of them.
@Suite struct MailConditionTests {
    @Test(arguments: Verdict.allCases)
    func `every verdict that lets mail pass is ready`(verdict: Verdict) {
        let finding = Finding(ProbeResult(verdict, "What was seen."))
        #expect(finding.isReady == (verdict.grade != .failed))
        if verdict.grade == .failed {
            #expect(finding.state == verdict.name)
            #expect(finding.text == "What was seen")
            #expect(finding.fix == verdict.fix)
        }
        if verdict.grade == .degraded { #expect(finding.text.contains(verdict.cause.dropLast())) }
        #expect(finding.pause == .zero)
        // What the server may count is asked rarely.
        let costly = Finding(ProbeResult(verdict, "What was seen.", isCostly: true))
        #expect((costly.pause > .zero) == (verdict.grade == .failed))
    }

    @Test func `a mail server behind a header is asked with the header`() async throws {
        let sandbox = try await Sandbox.start()
        for url in [
            "smtp://127.0.0.1:\(sandbox.ports.smtp)?proxy=v2",
            "smtps://localhost:\(sandbox.ports.submissions)?proxy=v2",
            "imaps://127.0.0.1:\(sandbox.ports.imaps)?proxy=v2",
        ] {
            let finding = try await Asking.finding(.mail(try MailURL(url)))
            #expect(finding.isReady, "\(url): \(finding)")
        }
        await sandbox.shutdown()
    }

    @Test func `another server on the port is not ready`() async throws {
        let web = try ScriptedServer(greeting: Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))
        defer { web.close() }
        let finding = try await Asking.finding(.mail(try MailURL("smtp://\(web.endpoint)")))
        #expect(finding.state == "wrong_protocol", "\(finding)")
        // Nothing was said to it that it could count.
        #expect(finding.pause == .zero)
    }

    @Test func `nothing listens`() async throws {
        let finding = try await Asking.finding(.mail(try MailURL("imap://\(try FreePort.endpoint())")))
        #expect(finding.state == "refused", "\(finding)")
    }
}
