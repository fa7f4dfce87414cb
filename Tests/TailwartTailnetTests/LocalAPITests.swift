import Glibc
import NIOCore
import NIOPosix
import TailwartTailnet
import TailwartTesting
import TailwartWire
import Testing

@Suite struct LocalAPITests {
    @Test func `the status says who this host is and whom it sees`() async throws {
        try await withTailscaled { tailscaled, api in
            let status = try await api.status(timeout: patience)
            #expect(status.backendState == .running)
            #expect(status.usesTUN)
            #expect(status.ownName == "edge.tail1234.ts.net")
            #expect(status.ownAddresses == [.v4(0x6440_0002), .v6(0xfd7a_115c_a1e0_0000, 2)])
            #expect(status.ownTags == ["tag:edge"])
            #expect(status.keyExpiry == nil && !status.isExpired)
            #expect(status.suffix == "tail1234.ts.net")
            #expect(status.peers.map(\.name) == [stalwart])
            #expect(status.peers.first?.addresses == stalwartAddresses)
            #expect(status.peers.first?.lastHandshake == nil)
            #expect(tailscaled.requests == ["GET /localapi/v0/status"])
        }
    }

    @Test(arguments: [
        ("NoState", BackendState.noState), ("NeedsLogin", .needsLogin), ("NeedsMachineAuth", .needsMachineAuth),
        ("Stopped", .stopped), ("Starting", .starting), ("Running", .running), ("InUseOtherUser", .inUseOtherUser),
        ("Hibernating", .unknown("Hibernating")),
    ])
    func `every state is read`(name: String, state: BackendState) async throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.backendState = name
        try await withTailscaled(tailnet) { _, api in
            let status = try await api.status(timeout: patience)
            #expect(status.backendState == state)
            #expect(status.backendState.name == name)
            #expect(status.ownAddresses.isEmpty == ["NoState", "NeedsLogin"].contains(name))
        }
    }

    @Test(arguments: [
        (FakeTailscaled.Path.idle, TailnetPath.idle), (.derp, .derp("fra")),
        (.direct("198.51.100.7:41641"), .direct(InternetAddress(.v4(0xc633_6407), port: 41641))),
        (.direct("[2001:db8::7]:41641"), .direct(InternetAddress(.v6(0x2001_0db8_0000_0000, 7), port: 41641))),
        (.direct("[fe80::7%eth0]:41641"), .direct(InternetAddress(.v6(0xfe80_0000_0000_0000, 7), port: 41641))),
        (.peerRelay("198.51.100.8:7777:vni:1"), .peerRelay("198.51.100.8:7777:vni:1")),
    ])
    func `the path is told apart as tailscaled writes it`(path: FakeTailscaled.Path, expected: TailnetPath) async throws
    {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet[stalwart]?.path = path
        tailnet[stalwart]?.lastHandshake = "2025-11-24T01:57:03.25Z"
        try await withTailscaled(tailnet) { _, api in
            let status = try await api.status(timeout: patience)
            let peer = try #require(status.peers.first)
            #expect(peer.path == expected)
            #expect(peer.isActive == (expected != .idle))
            #expect(peer.lastHandshake == 1_763_949_423)
        }
    }

    @Test func `a ping brings the latency and the path that it took`() async throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet[stalwart]?.path = .direct("198.51.100.7:41641")
        try await withTailscaled(tailnet) { tailscaled, api in
            for address in stalwartAddresses {
                let ping = try await api.ping(address, timeout: patience)
                #expect(ping.latency == .milliseconds(12))
                #expect(ping.path == .direct(InternetAddress(.v4(0xc633_6407), port: 41641)))
            }
            #expect(
                tailscaled.requests == [
                    "POST /localapi/v0/ping?ip=100.64.0.3&type=disco",
                    "POST /localapi/v0/ping?ip=fd7a:115c:a1e0::3&type=disco",
                ])
        }
    }

    @Test func `an idle peer's ping went over DERP`() async throws {
        try await withTailscaled { _, api in
            let ping = try await api.ping(.v4(0x6440_0003), timeout: patience)
            #expect(ping.path == .derp("fra"))
        }
    }

    @Test func `a ping to nobody says so`() async throws {
        try await withTailscaled { _, api in
            await #expect(throws: LocalAPIError.pingFailed("no matching peer")) {
                try await api.ping(.v4(0x6440_0009), timeout: patience)
            }
        }
    }

    @Test func `a ping that is not answered ends in time`() async throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet[stalwart]?.isOnline = false
        try await withTailscaled(tailnet) { _, api in
            await #expect(throws: LocalAPIError.timedOut(.milliseconds(200))) {
                try await api.ping(.v4(0x6440_0003), timeout: .milliseconds(200))
            }
        }
    }

    @Test func `a question ends with its task`() async throws {
        var tailnet = FakeTailscaled.Tailnet()
        tailnet.manner = .silent
        try await withTailscaled(tailnet) { tailscaled, api in
            let question = Task { await api.failure() }
            try await eventually("the question arrives") { tailscaled.requests.isEmpty ? nil : true }
            question.cancel()
            #expect(await question.value == .badAnswer("the question was given up"))
        }
    }

    @Test func `tailscaled comes, goes, leaves a dead socket, and comes back as a new one`() async throws {
        try await withTailscaled(isThere: false) { tailscaled, api in
            #expect(await api.failure() == .socketMissing(tailscaled.path))
            #expect(api.identity == nil)
            try tailscaled.appear()
            #expect(await api.failure() == nil)
            let first = try #require(api.identity)
            #expect(api.identity == first)
            tailscaled.die()
            #expect(await api.failure() == .refused(tailscaled.path))
            #expect(api.identity == first)
            try tailscaled.restart()
            #expect(await api.failure() == nil)
            #expect(api.identity != nil && api.identity != first)
            tailscaled.vanish()
            #expect(await api.failure() == .socketMissing(tailscaled.path))
        }
    }

    @Test func `a folder that may not be entered is told from one that is not there`() async throws {
        try await withTailscaled { tailscaled, _ in
            let folder = String(tailscaled.path.prefix { $0 != "." }.dropLast("/tailscaled".count))
            #expect(chmod(folder, 0) == 0)
            defer { chmod(folder, 0o755) }
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            // Root is let in everywhere, so the thread of this group looks at files as nobody (setfsuid(2)).
            if getuid() == 0 { try await group.any().submit { try lookAtFilesAsNobody() }.get() }
            let failure = await LocalAPI(socket: tailscaled.path, group: group).failure()
            try await group.shutdownGracefully()
            #expect(failure == .notPermitted(tailscaled.path))
        }
    }

    @Test func `a path that is too long for a socket is named`() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        let failure = await LocalAPI(socket: path, group: MultiThreadedEventLoopGroup.singleton).failure()
        #expect(failure?.name == "not_usable")
        #expect(failure?.sentence.contains(path) == true)
    }

    @Test func `a file that is no socket is refused`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/tailscaled.sock"
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o666))
        let api = LocalAPI(socket: path, group: MultiThreadedEventLoopGroup.singleton)
        #expect(await api.failure() == .refused(path))
    }

    @Test func `every error ends with what to do`() {
        let errors: [LocalAPIError] = [
            .socketMissing("/s"), .notPermitted("/s"), .refused("/s"), .notUsable("/s", reason: "r"),
            .timedOut(.seconds(2)), .status(403, "access denied"), .status(404, ""), .status(500, "x"),
            .badAnswer("r"), .tooLong(limit: 16 << 20), .notJSON("r"), .pingFailed("r"),
        ]
        for error in errors {
            #expect(!error.sentence.isEmpty && !error.fix.isEmpty)
            #expect(error.description == "\(error.sentence); \(error.fix)")
            #expect(!error.sentence.hasSuffix(".") && !error.fix.hasSuffix("."))
        }
        #expect(Set(errors.map(\.name)).count == 10)
    }
}

/// Of this thread only. Swift's Glibc module does not show the call.
private func lookAtFilesAsNobody() throws {
    guard let symbol = dlsym(nil, "setfsuid") else { throw TestFailure("no setfsuid") }
    let setfsuid = unsafeBitCast(symbol, to: (@convention(c) (uid_t) -> CInt).self)
    _ = setfsuid(65534)
}
