import TailwartTesting
import Testing

extension NetworkTests {
    /// A container that shares the network of a sidecar keeps it when the sidecar ends, without any interface in it.
    @Test func `a command in a dead network is ended as soon as tailscaled is connected in another one`() async throws {
        try await TestHost.run { host in
            let tailscaled = try FakeTailscaled()
            defer { tailscaled.close() }
            let namespace = try await Namespace("dead", on: host)
            try await namespace.ip(
                """
                link set lo up
                link add wire type veth peer name end
                link set wire up
                address add 192.0.2.1/24 dev wire
                """)
            let gate = try namespace.start(
                "gate", try Program.edge(),
                [
                    "gate", "--watch", "--tailscale", "--tailscale-socket", tailscaled.path, "--", "sh", "-c",
                    "echo ready; exec sleep 600",
                ])
            try await eventually("the command runs") { gate.output.lines.contains("ready") ? true : nil }
            tailscaled.vanish()
            try await namespace.ip("link delete wire")
            try await eventually("the gate has seen it") {
                gate.errors.lines.contains { $0.contains("only loopback is left") } ? true : nil
            }
            #expect(gate.isRunning, "nobody could join a network yet")
            try tailscaled.appear()
            #expect(try await gate.exitCode() == 75)
            #expect(gate.errors.lines.contains { $0.contains("restart: unless-stopped") })
        }
    }
}
