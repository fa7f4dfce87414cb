import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartGate

/// `--tailscale` and `--peer`, as tailscaled comes and goes.
@Suite struct TailnetConditionTests {
    private func finding(_ condition: Condition, _ tailscaled: FakeTailscaled) async throws -> Finding {
        try await Asking.finding(condition, tailscaleSocket: tailscaled.path)
    }

    @Test(arguments: [
        ("NoState", "starting"), ("Starting", "starting"), ("NeedsLogin", "needs_login"),
        ("NeedsMachineAuth", "needs_approval"), ("Stopped", "stopped"), ("InUseOtherUser", "in_use"),
        ("Dreaming", "unknown_state"), ("Running", "ready"),
    ])
    func `only running is ready`(state: String, found: String) async throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.backendState = state
        let tailscaled = try FakeTailscaled(tailnet)
        defer { tailscaled.close() }
        let own = try await finding(.tailscale, tailscaled)
        #expect(own.state == found)
        #expect(own.isReady == (found == "ready"))
        // Nothing is known of others either.
        #expect(try await finding(.peer("stalwart"), tailscaled).isReady == (found == "ready"))
    }

    @Test func `running without an address is not enough`() async throws {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        tailscaled.update { $0.own.addresses = [] }
        #expect(try await finding(.tailscale, tailscaled).state == "no_address")
        tailscaled.update { $0.own.addresses = [.v4(0x6440_0001)] }
        #expect(try await finding(.tailscale, tailscaled) == .ready("has 100.64.0.1"))
    }

    @Test func `a socket that is not there yet, is dead, and comes back is noticed`() async throws {
        let tailscaled = try FakeTailscaled(isThere: false)
        defer { tailscaled.close() }
        let missing = try await finding(.tailscale, tailscaled)
        #expect(missing.state == "tailscaled_socket_missing")
        #expect(missing.text.contains(tailscaled.path))
        #expect(missing.fix?.contains("--tailscale-socket") == true)
        try tailscaled.appear()
        #expect(try await finding(.tailscale, tailscaled).isReady)
        tailscaled.die()
        #expect(try await finding(.tailscale, tailscaled).state == "tailscaled_refused")
        try tailscaled.restart()
        #expect(try await finding(.tailscale, tailscaled).isReady)
    }

    private static let name = "stalwart.tail1234.ts.net"

    @Test(arguments: [
        ("stalwart", "ready"), (name, "ready"), ("STALWART", "ready"), ("edge", "ready"), ("other", "unknown"),
        ("stalwart.example.org", "unknown"),
    ])
    func `a peer is found by its label and its full name`(name: String, state: String) async throws {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        #expect(try await finding(.peer(name), tailscaled).state == state)
    }

    @Test func `a peer that is offline, expired or replaced is said to be so`() async throws {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        tailscaled.update { $0[Self.name]?.isOnline = false }
        #expect(try await finding(.peer("stalwart"), tailscaled).state == "offline")
        tailscaled.update {
            $0[Self.name]?.isOnline = true
            $0[Self.name]?.isExpired = true
        }
        #expect(try await finding(.peer("stalwart"), tailscaled).state == "key_expired")
        tailscaled.update {
            $0[Self.name] = nil
            $0.peers.append(.init("stalwart-1.tail1234.ts.net", [.v4(0x6440_0009)]))
        }
        let renamed = try await finding(.peer("stalwart"), tailscaled)
        #expect(renamed.state == "renamed")
        #expect(renamed.text.contains("stalwart-1.tail1234.ts.net"))
    }

    @Test(arguments: [
        (FakeTailscaled.Manner.refuses(403, "access denied"), "tailscaled_status"),
        (.raw(Array("no HTTP at all\r\n\r\n".utf8)), "tailscaled_bad_answer"), (.raw([]), "tailscaled_bad_answer"),
        (.raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]".utf8)), "tailscaled_not_json"),
        (.silent, "tailscaled_timeout"),
    ])
    func `an answer that cannot be used is no reason to open`(
        manner: FakeTailscaled.Manner, state: String
    ) async throws {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        tailscaled.update { $0.manner = manner }
        let isSilent = if case .silent = manner { true } else { false }
        for condition in [Condition.tailscale, .peer("stalwart")] {
            let finding = try await Asking.finding(
                condition, within: isSilent ? .milliseconds(300) : Asking.patience, tailscaleSocket: tailscaled.path)
            #expect(finding.state == state)
            #expect(!finding.text.contains("seconds"), "the same text each time")
        }
    }
}
