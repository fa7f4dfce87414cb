import TailwartCore
import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartGate

/// Names, addresses and ports, with real sockets.
@Suite struct ConnectionTests {
    @Test func `a port that takes connections is ready`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let finding = try await Asking.finding(.tcp(server.endpoint))
        #expect(finding == .ready("takes connections"))
    }

    @Test func `a name is looked up, and each of its addresses is tried`() async throws {
        // Where localhost is ::1 too, that one is tried first and refuses.
        let server = try ScriptedServer()
        defer { server.close() }
        let endpoint = HostAndPort(host: "localhost", port: server.endpoint.port)
        #expect(try await Asking.finding(.tcp(endpoint)).isReady)
    }

    @Test func `a lack of this host's own is not said of the tailnet`() throws {
        let finding = Finding(dialling: try FreePort.endpoint(), .unprobed, "This host has no descriptor left.")
        #expect(finding.state == "no_resources" && finding.fix?.contains("tail") == false)
    }

    @Test func `IPv6 works where the host has it`() async throws {
        guard let listener = try? TestListener(.loopbackV6) else {
            // As it should be said on such a host.
            let finding = try await Asking.finding(.tcp(HostAndPort(host: "::1", port: try FreePort.take())))
            #expect(finding.state == "unreachable")
            return
        }
        let endpoint = HostAndPort(host: "::1", port: try listener.address.port)
        #expect(try await Asking.finding(.tcp(endpoint)).isReady)
        listener.close()
    }

    @Test func `nothing listens`() async throws {
        let endpoint = try FreePort.endpoint()
        for condition in [
            Condition.tcp(endpoint), .postgres(endpoint), .http(try WebURL("http://\(endpoint)/")),
            .http(try WebURL("https://\(endpoint)/")),
        ] {
            let finding = try await Asking.finding(condition, verifiesCertificates: false)
            #expect(finding.state == "refused")
            #expect(finding.text == "nothing listens at \(endpoint)")
            #expect(finding.fix?.contains("start the service") == true)
        }
    }

    @Test func `a host that swallows the handshake runs into the limit`() async throws {
        let listener = try TestListener()
        let fillers = try listener.stopAnswering()
        let endpoint = HostAndPort(host: "127.0.0.1", port: try listener.address.port)
        let finding = try await Asking.finding(.tcp(endpoint), within: .milliseconds(500))
        #expect(finding.state == "timeout")
        #expect(finding.text == "no answer from \(endpoint)")
        #expect(finding.fix?.contains("tailwart acl") == true)
        for filler in fillers { filler.close() }
        listener.close()
    }

    @Test func `a name that nobody has`() async throws {
        // RFC 6761 section 6.4: this domain exists nowhere.
        let finding = try await Asking.finding(.tcp(HostAndPort(host: "mailbox.invalid", port: 25)))
        #expect(["name_unknown", "name_server_away"].contains(finding.state), "\(finding)")
        #expect(finding.text.contains("mailbox.invalid"))
    }

    @Test func `a hundred questions for one name are one thread, and all get their answer`() async throws {
        let server = try ScriptedServer()
        defer { server.close() }
        let condition = Condition.tcp(HostAndPort(host: "localhost", port: server.endpoint.port))
        let check = try ConditionCheck(for: [condition], group: EventLoops.one)
        let ready = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { await check.attempt(condition, within: Asking.patience).isReady } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(ready == 100)
    }
}
