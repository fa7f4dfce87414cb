import TailwartWire
import Testing

@testable import TailwartCore

/// What Stalwart 0.16 says by its webhook, and what follows from it.
@Suite struct StalwartWebhookTests {
    /// As a real one sent it, but for the numbers.
    static let scanBan = """
        {"events":[{"id":"17958893060558","createdAt":"2026-11-28T18:08:26Z","type":"security.scan-ban","data":{"spanId":343113584613524480,"remoteIp":"203.0.113.50","reason":"Invalid SMTP command","listenerId":"smtp","localPort":25,"remotePort":40172}}]}
        """
    /// 2026-11-28T18:08:26Z.
    static let sent = 1_795_889_306

    private static func body(
        _ type: String, id: String = "1", at: String = "2026-11-28T18:08:26Z",
        data: String = #""remoteIp":"203.0.113.50""#
    ) -> String { #"{"events":[{"id":"\#(id)","createdAt":"\#(at)","type":"\#(type)","data":{\#(data)}}]}"# }

    private func events(_ body: String) throws -> [StalwartWebhook.Event] {
        try StalwartWebhook.read(Array(body.utf8).span)
    }

    /// What the book says after these bodies.
    private func sentences(_ bodies: [String], now: Int = sent + 2) throws -> [String] {
        var webhook = StalwartWebhook()
        var book = BanBook(BanSettings())
        return try bodies.flatMap { body in
            try webhook.take(events(body), now: now).consequences.flatMap { event in
                BanBookTests.sentences(book.take(event, now: now))
            }
        }
    }

    @Test func `the body of a real Stalwart is a ban for a day`() throws {
        #expect(
            try sentences([Self.scanBan]) == [
                "203.0.113.50 is banned by the mailbox until 2026-11-29T18:08:28Z: scanned for weaknesses (Invalid SMTP command)"
            ])
    }

    @Test(arguments: [
        ("security.authentication-ban", 4), ("security.scan-ban", 24), ("security.abuse-ban", 24),
        ("security.loiter-ban", 1),
    ])
    func `each ban has a time of its own`(type: String, hours: Int) throws {
        let end = UTCTime(seconds: Self.sent + hours * 3600)
        let said = try sentences([Self.body(type)], now: Self.sent)
        #expect(said.count == 1 && said[0].hasPrefix("203.0.113.50 is banned by the mailbox until \(end): "))
    }

    @Test func `what is turned away there is a strike each, several in one body`() throws {
        let one =
            #""type":"security.ip-blocked","data":{"listenerId":"smtp","localPort":25,"remoteIp":"203.0.113.50","remotePort":40172}"#
        let events = (0..<10).map { #"{"id":"\#($0)","createdAt":"2026-11-28T18:08:26Z",\#(one)}"# }
        let said = try sentences([#"{"events":[\#(events.joined(separator: ","))]}"#])
        #expect(said.count == 1 && said[0].hasSuffix(": 10 × being turned away by the mailbox"))
    }

    @Test func `failed logins are strikes alone, and three are one`() throws {
        let bodies = (0..<30).map { Self.body("auth.failed", id: "\($0)") }
        #expect(try sentences(Array(bodies.prefix(29))).isEmpty)
        #expect(try sentences(bodies).count == 1)
    }

    @Test func `the end of a ban there is its end here, and not that of others' bans`() throws {
        var webhook = StalwartWebhook()
        var book = BanBook(BanSettings())
        let network = Network(.v4(0xcb00_7132))
        _ = book.take(.ban(network, .manual, reason: "a", time: nil), now: Self.sent)
        for body in [
            Self.scanBan,
            Self.body("security.ip-block-expired", id: "2", data: #""details":["203.0.113.50","2001:db8::1"]"#),
        ] {
            for event in webhook.take(try events(body), now: Self.sent).consequences {
                _ = book.take(event, now: Self.sent)
            }
        }
        #expect(book.bans.map(\.layer) == [.manual])
    }

    @Test(arguments: [(0, true), (600, true), (601, false), (-60, true), (-61, false), (86_400, false)])
    func `an event counts that is neither old nor of a time to come`(age: Int, counts: Bool) throws {
        var webhook = StalwartWebhook()
        let (consequences, tally) = webhook.take(try events(Self.scanBan), now: Self.sent + age)
        #expect(consequences.isEmpty != counts)
        #expect(tally.untimely == (counts ? 0 : 1))
    }

    @Test func `an event counts once, however often and in whatever body it comes`() throws {
        var webhook = StalwartWebhook()
        let doubled = Self.scanBan.replacing("]}", with: ",\(Self.scanBan.dropFirst(11))")
        let (first, tally) = webhook.take(try events(doubled), now: Self.sent)
        #expect(first.count == 1 && tally.taken == 1 && tally.repeated == 1)
        for age in [0, 1, 599, 600, 601, 10_000] {
            let (again, _) = webhook.take(try events(Self.scanBan), now: Self.sent + age)
            #expect(again.isEmpty, "\(age) s later")
        }
    }

    @Test func `so many events are remembered and no more`() throws {
        var webhook = StalwartWebhook(idLimit: 2)
        for id in ["1", "2", "3"] {
            _ = webhook.take(try events(Self.body("security.scan-ban", id: id)), now: Self.sent)
        }
        let taken = try ["3", "2", "1"].map { id in
            webhook.take(try events(Self.body("security.scan-ban", id: id)), now: Self.sent).tally.taken
        }
        #expect(taken == [0, 0, 1])
    }

    @Test(arguments: [
        body("server.startup"), body("security.scan-ban", data: ""),
        body("security.scan-ban", data: #""remoteIp":"nobody""#),
        body("security.scan-ban", data: #""remoteIp":17"#), body("network.proxy-error"),
        #"{"events":[{"id":"1","createdAt":"2026-11-28T18:08:26Z","type":"security.scan-ban"}]}"#,
    ])
    func `what means nothing here is ignored`(body: String) throws {
        var webhook = StalwartWebhook()
        let (consequences, tally) = webhook.take(try events(body), now: Self.sent)
        #expect(consequences.isEmpty && tally.ignored == 1)
    }

    @Test(arguments: [
        #"{"events":[]}"#, #"{"events":[{}]}"#, #"{"events":[1,null,"a",[]]}"#, body("security.scan-ban", id: ""),
        body("security.scan-ban", at: "yesterday"), body("security.scan-ban", id: String(repeating: "1", count: 65)),
        #"{"events":[{"id":1,"createdAt":"2026-11-28T18:08:26Z","type":"security.scan-ban","data":{"remoteIp":"203.0.113.50"}}]}"#,
    ])
    func `what is no event is none, and the body is good all the same`(body: String) throws {
        #expect(try events(body).isEmpty)
    }

    @Test(arguments: ["", "x", "[]", "{}", #"{"events":{}}"#, #"{"events":"a"}"#, #"{"events":[]"#, "\u{0}"])
    func `what is no body is refused with a reason`(body: String) {
        #expect(throws: StalwartWebhook.Failure.self) { try self.events(body) }
    }

    @Test func `every prefix of a body is refused or taken`() throws {
        let bytes = Array(Self.scanBan.utf8)
        for count in 0..<bytes.count {
            #expect(throws: StalwartWebhook.Failure.self) { try StalwartWebhook.read(Array(bytes.prefix(count)).span) }
        }
        #expect(throws: StalwartWebhook.Failure.self) {
            try StalwartWebhook.read([UInt8](repeating: 0x20, count: StalwartWebhook.byteLimit + 1).span)
        }
    }
}
