import NIOCore
import TailwartWire
import Testing

@testable import TailwartSandbox

/// The self-test has to notice what is wrong, and only that.
@Suite struct SelfTestTests {
    @Test func `through a sound edge every check passes`() async throws {
        let (passed, checks) = try await run(.none)
        #expect(passed)
        #expect(checks.count == 14)
        #expect(failed(checks).isEmpty)
    }

    @Test func `without a PROXY header all that depends on it fails`() async throws {
        let (passed, checks) = try await run(.noHeader)
        #expect(!passed)
        #expect(checks.filter(\.passed).map(\.title) == checks.map(\.title).filter { $0.hasPrefix("HTTPS ") })
        #expect(checks[0].detail.hasSuffix("the mailbox got no PROXY header or was not reached"))
    }

    @Test func `a wrong client address is named`() async throws {
        let (passed, checks) = try await run(.wrongClient)
        #expect(!passed)
        #expect(failed(checks).map(\.title) == checks.map(\.title).filter { $0.contains(" from ") })
        #expect(
            checks[1].detail
                == "the greeting says 203.0.113.9, expected 127.0.0.2: the PROXY header is missing or wrong")
    }

    @Test func `swapped web servers are found by their certificates`() async throws {
        let (passed, checks) = try await run(.swappedWebServers)
        #expect(!passed)
        #expect(failed(checks).map(\.title) == checks.map(\.title).filter { $0.hasPrefix("HTTPS ") })
        #expect(
            failed(checks).first?.detail
                == "expected the certificate of the mailbox, got that of the web server: the edge chose the wrong route"
        )
    }

    @Test func `an edge that closes both sides at once fails at half-close only`() async throws {
        let (passed, checks) = try await run(.noHalfClose)
        #expect(!passed)
        // The short answer to SMTP may win the race against the end; a MiB cannot.
        #expect(failed(checks).allSatisfy { $0.title.hasPrefix("half-close") })
        #expect(checks.last?.passed == false)
    }

    @Test func `an edge that does not listen on IPv6 fails where the host has it`() async throws {
        let (passed, checks) = try await run(.noIPv6)
        let hasIPv6 = checks.contains { $0.detail == "this host has ::1, but the edge does not listen there" }
        #expect(passed == !hasIPv6)
        #expect(failed(checks).count == (hasIPv6 ? 1 : 0))
    }

    @Test func `an edge that is not there fails everything with a reason`() async throws {
        try await withSandbox { sandbox in
            let edge = EdgePorts(smtp: 1, submissions: 1, imaps: 1, https: 1, echo: 1, smtpV6: 1)
            let checks = Checks()
            #expect(await !SelfTest(edge: edge, sandbox: sandbox).run { checks.add($0) })
            for check in checks.all where check.detail != "no IPv6 on this host: left out" {
                #expect(!check.passed && check.detail.contains("no connection to"))
            }
        }
    }

    private func failed(_ checks: [Check]) -> [Check] { checks.filter { !$0.passed } }

    private func run(_ fault: FakeEdge.Fault) async throws -> (Bool, [Check]) {
        let sandbox = try await Sandbox.start(headerDeadline: .milliseconds(200))
        let edge = try await FakeEdge.start(for: sandbox, fault)
        let checks = Checks()
        let passed = await SelfTest(edge: edge.ports, sandbox: sandbox).run { checks.add($0) }
        await edge.stop()
        await sandbox.shutdown()
        return (passed, checks.all)
    }
}
