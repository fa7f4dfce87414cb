import TailwartTailnet
import TailwartTesting
import TailwartWire
import Testing

@Suite struct TailnetWatchTests {
    /// Some moment; expiry times are told from it.
    private static let now = 1_763_949_423
    private static let day = 86_400
    private static let direct = TailnetPath.direct(InternetAddress(.v4(0xc633_6407), port: 41641))

    private static func own(
        _ address: UInt32 = 0x6440_0002, expiresIn seconds: Int? = nil, expired: Bool = false
    ) -> TailnetPeer {
        TailnetPeer(
            name: "edge.tail1234.ts.net", addresses: [.v4(address)], keyExpiry: seconds.map { now + $0 },
            isExpired: expired)
    }

    private static func mailbox(
        _ label: String = "stalwart", address: UInt32 = 0x6440_0003, online: Bool = true, expired: Bool = false,
        expiresIn seconds: Int? = nil, path: TailnetPath = .idle
    ) -> TailnetPeer {
        TailnetPeer(
            name: "\(label).tail1234.ts.net", hostName: "stalwart", addresses: [.v4(address)], isOnline: online,
            isActive: path != .idle, keyExpiry: seconds.map { now + $0 }, isExpired: expired, path: path)
    }

    private static func running(_ peers: TailnetPeer..., own: TailnetPeer? = own()) -> Look {
        .success(TailnetStatus(backendState: .running, own: own, suffix: "tail1234.ts.net", peers: peers))
    }

    private static func state(_ state: BackendState, own: TailnetPeer? = nil) -> Look {
        .success(TailnetStatus(backendState: state, own: own))
    }

    typealias Look = Result<TailnetStatus, LocalAPIError>

    /// Looks one after the other, with what each brought to light. The first look at a mailbox that is well comes before them all, and is
    /// tested on its own.
    struct Story: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let looks: [(Look, [TailnetChange])]

        init(_ description: String, _ looks: (Look, [TailnetChange])...) {
            testDescription = description
            self.looks = looks
        }
    }

    private static let gone = LocalAPIError.refused("/s")

    static let stories: [Story] = [
        Story("nothing changes", (running(mailbox()), []), (running(mailbox()), [])),
        Story(
            "tailscaled goes, stays away, is missed for another reason, and comes back",
            (.failure(gone), [.gone(gone)]), (.failure(gone), []),
            (.failure(.socketMissing("/s")), [.gone(.socketMissing("/s"))]), (running(mailbox()), [.back]),
            (running(mailbox()), [])),
        Story(
            "nobody is logged in, and then somebody is; the mailbox is not blamed",
            (state(.needsLogin), [.state(.needsLogin, was: .running)]), (state(.needsLogin), []),
            (state(.starting, own: own()), [.state(.starting, was: .needsLogin)]),
            (running(mailbox()), [.state(.running, was: .starting)])),
        Story(
            "switched off and on", (state(.stopped, own: own()), [.state(.stopped, was: .running)]),
            (running(mailbox()), [.state(.running, was: .stopped)])),
        Story(
            "this host's address changed",
            (
                running(mailbox(), own: own(0x6440_0009)),
                [.ownAddresses([.v4(0x6440_0009)], was: [.v4(0x6440_0002)], name: "edge.tail1234.ts.net")]
            ), (running(mailbox(), own: own(0x6440_0009)), [])),
        Story(
            "this host's address changed while nobody was logged in",
            (state(.needsLogin), [.state(.needsLogin, was: .running)]),
            (
                running(mailbox(), own: own(0x6440_0009)),
                [
                    .state(.running, was: .needsLogin),
                    .ownAddresses([.v4(0x6440_0009)], was: [.v4(0x6440_0002)], name: "edge.tail1234.ts.net"),
                ]
            )),
        Story(
            "this host's address changed while tailscaled was away", (.failure(gone), [.gone(gone)]),
            (
                running(mailbox(), own: own(0x6440_0009)),
                [.back, .ownAddresses([.v4(0x6440_0009)], was: [.v4(0x6440_0002)], name: "edge.tail1234.ts.net")]
            )),
        Story(
            "this host's key runs out, once at each mark, and is renewed",
            (running(mailbox(), own: own(expiresIn: 15 * day)), []),
            (running(mailbox(), own: own(expiresIn: 14 * day)), [.keyExpires(.own, days: 14)]),
            (running(mailbox(), own: own(expiresIn: 13 * day)), []),
            (running(mailbox(), own: own(expiresIn: 2 * day)), [.keyExpires(.own, days: 3)]),
            (running(mailbox(), own: own(expiresIn: 600)), [.keyExpires(.own, days: 1)]),
            (running(mailbox(), own: own(expiresIn: 0)), [.keyExpired(.own)]),
            (running(mailbox(), own: own(expiresIn: -day, expired: true)), []),
            (running(mailbox(), own: own(expiresIn: 180 * day)), [.keyRenewed(.own)]),
            (running(mailbox(), own: own(expiresIn: 180 * day)), [])),
        Story(
            "a warning ends with a tag, as its key does not expire",
            (running(mailbox(), own: own(expiresIn: day)), [.keyExpires(.own, days: 1)]),
            (running(mailbox(), own: own()), [.keyRenewed(.own)])),
        Story(
            "the mailbox's key runs out",
            (running(mailbox(expiresIn: 3 * day)), [.keyExpires(.peer(stalwart), days: 3)]),
            (running(mailbox(expired: true)), [.keyExpired(.peer(stalwart))]), (running(mailbox(expired: true)), []),
            (running(mailbox(expiresIn: 90 * day)), [.keyRenewed(.peer(stalwart)), .peerBack(stalwart)])),
        Story(
            "the mailbox goes offline and comes back",
            (running(mailbox(online: false)), [.peerOffline(stalwart)]), (running(mailbox(online: false)), []),
            (running(mailbox()), [.peerBack(stalwart)])),
        Story(
            "the mailbox is gone, and comes back at another address", (running(), [.peerMissing(stalwart)]),
            (running(), []),
            (
                running(mailbox(address: 0x6440_0007)),
                [
                    .peerBack(stalwart),
                    .peerAddresses(stalwart, [.v4(0x6440_0007)], was: [.v4(0x6440_0003)]),
                ]
            )),
        Story(
            "the mailbox was set up anew beside its old self, which is then removed and the name given back",
            (running(mailbox(online: false)), [.peerOffline(stalwart)]),
            (
                running(mailbox(online: false), mailbox("stalwart-1", address: 0x6440_0007)),
                [.peerRenamed(stalwart, to: "stalwart-1.tail1234.ts.net")]
            ), (running(mailbox("stalwart-1", address: 0x6440_0007)), []),
            (
                running(mailbox(address: 0x6440_0007)),
                [
                    .peerBack(stalwart),
                    .peerAddresses(stalwart, [.v4(0x6440_0007)], was: [.v4(0x6440_0003)]),
                ]
            )),
        Story(
            "the path is said when two looks agree, and an idle peer says nothing",
            (running(mailbox(path: direct)), []), (running(mailbox(path: .idle)), []),
            (running(mailbox(path: direct)), [.path(stalwart, direct, was: nil)]),
            (running(mailbox(path: .idle)), []), (running(mailbox(path: .derp("fra"))), []),
            (running(mailbox(path: direct)), []), (running(mailbox(path: .derp("fra"))), []),
            (running(mailbox(path: .idle)), []),
            (running(mailbox(path: .derp("fra"))), [.path(stalwart, .derp("fra"), was: direct)]),
            (running(mailbox(path: .derp("nue"))), []), (running(mailbox(path: .peerRelay("r"))), []),
            (running(mailbox(path: .peerRelay("r"))), [.path(stalwart, .peerRelay("r"), was: .derp("nue"))])),
        Story(
            "another address of the same direct path is no news", (running(mailbox(path: direct)), []),
            (running(mailbox(path: direct)), [.path(stalwart, direct, was: nil)]),
            (running(mailbox(path: .direct(InternetAddress(.v4(0xc633_6408), port: 1)))), [])),
    ]

    @Test(arguments: stories)
    func `each change is said once`(story: Story) {
        var watch = TailnetWatch(names: [stalwart, "web.example.org"])
        #expect(
            watch.look(Self.running(Self.mailbox()), socket: nil, at: Self.now) == [
                .state(.running, was: nil),
                .ownAddresses([.v4(0x6440_0002)], was: [], name: "edge.tail1234.ts.net"),
            ])
        for (index, (look, expected)) in story.looks.enumerated() {
            #expect(watch.look(look, socket: nil, at: Self.now) == expected, "look \(index)")
        }
    }

    @Test func `what is wrong at the first look is said`() {
        var watch = TailnetWatch(names: ["Stalwart.tail1234.ts.net.", stalwart, "db", "web.example.org"])
        #expect(
            watch.look(Self.running(own: Self.own(expiresIn: 60)), socket: nil, at: Self.now) == [
                .state(.running, was: nil), .ownAddresses([.v4(0x6440_0002)], was: [], name: "edge.tail1234.ts.net"),
                .keyExpires(.own, days: 1), .peerMissing(stalwart),
            ])
    }

    @Test func `start in any order: nothing there, logged out, starting, running without the mailbox, well`() {
        var watch = TailnetWatch(names: [stalwart])
        let own = TailnetChange.ownAddresses([.v4(0x6440_0002)], was: [], name: "edge.tail1234.ts.net")
        let looks: [(Look, [TailnetChange])] = [
            (.failure(.socketMissing("/s")), [.gone(.socketMissing("/s"))]),
            (Self.state(.noState), [.back, .state(.noState, was: nil)]),
            (Self.state(.needsLogin), [.state(.needsLogin, was: .noState)]),
            (Self.state(.starting, own: Self.own()), [.state(.starting, was: .needsLogin), own]),
            (Self.running(), [.state(.running, was: .starting), .peerMissing(stalwart)]),
            (Self.running(Self.mailbox()), [.peerBack(stalwart)]), (Self.running(Self.mailbox()), []),
        ]
        for (look, expected) in looks {
            #expect(watch.look(look, socket: nil, at: Self.now) == expected)
        }
    }

    @Test func `a name by its first label is watched once it was seen`() {
        var watch = TailnetWatch(names: ["stalwart"])
        _ = watch.look(Self.running(), socket: nil, at: Self.now)
        #expect(watch.look(Self.running(Self.mailbox()), socket: nil, at: Self.now).isEmpty)
        #expect(watch.look(Self.running(), socket: nil, at: Self.now) == [.peerMissing("stalwart")])
    }

    @Test func `a new socket is a restart, unless tailscaled was missed meanwhile`() throws {
        let tailscaled = try FakeTailscaled()
        defer { tailscaled.close() }
        var watch = TailnetWatch(names: [])
        func look(_ answer: Look) -> [TailnetChange] {
            watch.look(answer, socket: SocketIdentity(path: tailscaled.path), at: Self.now)
        }
        _ = look(Self.running())
        #expect(look(Self.running()).isEmpty)
        try tailscaled.restart()
        #expect(look(Self.running()) == [.restarted])
        #expect(look(Self.running()).isEmpty)
        tailscaled.die()
        #expect(look(.failure(Self.gone)) == [.gone(Self.gone)])
        try tailscaled.restart()
        #expect(look(Self.running()) == [.back])
        #expect(look(Self.running()).isEmpty)
    }

    @Test func `every change is a sentence, and a bad one says what to do`() {
        let changes: [TailnetChange] = [
            .gone(Self.gone), .back, .restarted, .state(.needsLogin, was: .running),
            .state(.needsMachineAuth, was: nil),
            .state(.stopped, was: nil), .state(.inUseOtherUser, was: nil), .state(.unknown("X"), was: nil),
            .state(.running, was: nil), .ownAddresses([.v4(1)], was: [], name: ""),
            .ownAddresses([.v4(1)], was: [.v4(2)], name: "edge"), .keyExpires(.own, days: 1),
            .keyExpires(.peer("stalwart"), days: 7), .keyExpired(.own), .keyExpired(.peer("stalwart")),
            .keyRenewed(.own), .peerMissing("stalwart"), .peerRenamed("stalwart", to: "stalwart-1"),
            .peerOffline("stalwart"), .peerBack("stalwart"), .peerAddresses("stalwart", [.v4(1)], was: [.v4(2)]),
            .path("stalwart", .derp("fra"), was: nil), .path("stalwart", Self.direct, was: .derp("fra")),
        ]
        for change in changes {
            #expect(!change.sentence.isEmpty && !change.sentence.hasSuffix("."))
            if change.level != .info { #expect(change.fix?.isEmpty == false, "\(change)") }
        }
    }

    @Test(arguments: [
        (
            TailnetChange.ownAddresses([.v4(0x6440_0009)], was: [.v4(0x6440_0002)], name: "edge"),
            "this host's address in the tailnet is now 100.64.0.9, it was 100.64.0.2"
        ),
        (.keyExpires(.own, days: 1), "this host's key for the tailnet expires within 24 hours"),
        (.keyExpires(.peer("stalwart"), days: 7), "the key of stalwart for the tailnet expires within 7 days"),
        (
            .state(.needsLogin, was: .running),
            "tailscaled is not logged in, or its key has expired (Running, now NeedsLogin)"
        ),
        (
            .path("stalwart", .derp("fra"), was: direct),
            "the path to stalwart is over DERP fra, it was direct to 198.51.100.7:41641"
        ),
        (.gone(.socketMissing("/s")), "tailscaled is not there: no socket at /s"),
    ])
    func `the words`(change: TailnetChange, sentence: String) {
        #expect(change.sentence == sentence)
    }
}
