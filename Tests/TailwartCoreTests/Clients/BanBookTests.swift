import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartCore

/// Who is banned, by whom and until when.
@Suite struct BanBookTests {
    static let start = 1_795_932_000
    static let hour = 3600
    static let day = 24 * 3600

    static func network(_ text: String) throws -> Network { try #require(Network(text), "\(text)") }
    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text), "\(text)") }

    static func banned(_ book: BanBook) -> Set<String> { Set(book.inForce.banned.map { "\($0.network)" }) }

    static func sentences(_ effects: [BanBook.Effect]) -> [String] {
        effects.compactMap { if case .say(let event) = $0 { event.sentence } else { nil } }
    }

    @Test func `a network is banned while any layer says so`() throws {
        let one = try Self.network("203.0.113.7")
        var book = BanBook(BanSettings())
        let events: [BanBook.Event] = [
            .ban(one, .manual, reason: "a", time: nil), .ban(one, .strikes, reason: "b", time: 60),
            .ban(one, .webhook, reason: "c", time: 60), .ban(one, .crowdsec, source: "1", reason: "d", time: 60),
            .ban(one, .crowdsec, source: "2", reason: "e", time: 60),
        ]
        for event in events { #expect(book.take(event, now: Self.start).contains(.publish)) }
        #expect(book.inForce.banned.count == 1)
        #expect(book.why(one.base).bans.map(\.reason) == ["a", "b", "c", "d", "e"])
        let ends: [BanBook.Event] = [
            .lift(one, .crowdsec, source: "1"), .lift(one, .manual), .lift(one, .webhook), .lift(one, .strikes),
        ]
        for event in ends {
            _ = book.take(event, now: Self.start + 1)
            #expect(Self.banned(book) == ["203.0.113.7"])
        }
        // What is not there cannot end.
        #expect(book.take(.lift(one, .crowdsec, source: "1"), now: Self.start + 1).isEmpty)
        #expect(book.take(.lift(one, .crowdsec, source: "2"), now: Self.start + 1).contains(.publish))
        #expect(Self.banned(book).isEmpty)
    }

    @Test func `a ban ends at its time, and one for ever never`() throws {
        var book = BanBook(BanSettings())
        _ = book.take(.ban(try Self.network("203.0.113.7"), .manual, reason: "a", time: 60), now: Self.start)
        _ = book.take(.ban(try Self.network("203.0.113.8"), .manual, reason: "a", time: nil), now: Self.start)
        #expect(book.nextDue == Self.start + 60)
        #expect(book.take(.tick, now: Self.start + 59).isEmpty)
        #expect(Self.banned(book).count == 2)
        #expect(book.take(.tick, now: Self.start + 60) == [.publish, .save])
        #expect(Self.banned(book) == ["203.0.113.8"])
        _ = book.take(.tick, now: Self.start + 1000 * Self.day)
        #expect(Self.banned(book) == ["203.0.113.8"] && book.nextDue == nil)
    }

    @Test(arguments: [(Int.max, true), (0, false), (-5, false)])
    func `a time that nobody means does no harm`(time: Int, lasts: Bool) throws {
        var book = BanBook(BanSettings())
        _ = book.take(
            .ban(try Self.network("203.0.113.7"), .crowdsec, source: "1", reason: "a", time: time), now: Self.start)
        _ = book.take(.tick, now: Self.start)
        #expect(Self.banned(book).isEmpty == !lasts)
    }

    @Test(arguments: [
        ("203.0.113.7", "203.0.113.7"), ("203.0.113.0/24", "203.0.113.0/24"), ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8::/48", "2001:db8::/48"), ("2001:db8:0:1:8000::/65", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.0/120", "203.0.113.0/24"), ("10.0.0.0/7", ""),
        ("2000::/15", ""), ("::/0", ""), ("0.0.0.0/0", ""), ("10.0.0.0/8", "10.0.0.0/8"),
    ])
    func `what is banned for what`(asked: String, banned: String) throws {
        var book = BanBook(BanSettings())
        _ = book.take(.ban(try Self.network(asked), .manual, reason: "a", time: nil), now: Self.start)
        #expect(Self.banned(book) == (banned.isEmpty ? [] : [banned]))
        _ = book.take(.lift(try Self.network(asked), .manual), now: Self.start)
        #expect(Self.banned(book).isEmpty)
    }

    @Test(arguments: [
        (BanLayer.manual, "192.168.1.7", true), (.crowdsec, "10.0.0.1", true), (.webhook, "10.0.0.1", false),
        (.webhook, "fe80::1", false), (.webhook, "203.0.113.7", true), (.strikes, "192.168.1.7", false),
    ])
    func `what only this host sees bans no address behind which everybody may be`(
        layer: BanLayer, text: String, isBanned: Bool
    ) throws {
        var book = BanBook(BanSettings())
        _ = book.take(.ban(try Self.network(text), layer, reason: "a", time: 60), now: Self.start)
        #expect(Self.banned(book).isEmpty != isBanned)
    }

    // MARK: - strikes

    private func strike(
        _ book: inout BanBook, _ text: String, _ strike: Strike = .badHello, times: Int, now: Int
    ) throws -> [BanBook.Effect] {
        let address = try Self.address(text)
        return (0..<times).flatMap { _ in book.take(.struck(address, strike), now: now) }
    }

    @Test(arguments: Strike.allCases) func `enough strikes are a ban, and one less is none`(kind: Strike) throws {
        let needed = kind == .flood ? 600 : [.noHello, .unknownName, .login].contains(kind) ? 30 : 10
        var book = BanBook(BanSettings())
        #expect(try strike(&book, "203.0.113.7", kind, times: needed - 1, now: Self.start).isEmpty)
        let last = try strike(&book, "203.0.113.7", kind, times: 1, now: Self.start + 599)
        #expect(last.prefix(2) == [.publish, .save])
        #expect(
            Self.sentences(last) == [
                "203.0.113.7 is banned by this edge until \(UTCTime(seconds: Self.start + 599 + Self.hour)): \(needed) × \(kind.words)"
            ])
        #expect(Self.banned(book) == ["203.0.113.7"])
        // Who is banned is not struck.
        #expect(try strike(&book, "203.0.113.7", kind, times: 100, now: Self.start + 600).isEmpty)
    }

    @Test func `strikes of different kinds count together, and only within the time`() throws {
        var book = BanBook(BanSettings())
        _ = try strike(&book, "203.0.113.7", times: 9, now: Self.start)
        // The count begins anew ten minutes after its first.
        _ = try strike(&book, "203.0.113.7", times: 9, now: Self.start + 600)
        #expect(Self.banned(book).isEmpty)
        _ = try strike(&book, "203.0.113.7", .login, times: 2, now: Self.start + 601)
        #expect(Self.banned(book).isEmpty)
        let last = try strike(&book, "203.0.113.7", .unknownName, times: 1, now: Self.start + 602)
        #expect(
            Self.sentences(last).first?.hasSuffix(
                ": 9 × something other than a TLS hello, 1 × server names without a route, 2 × failed logins") ?? false)
    }

    @Test func `addresses of one IPv6 network are struck together, and neighbours of IPv4 are not`() throws {
        var book = BanBook(BanSettings())
        for number in 0..<10 { _ = try strike(&book, "2001:db8::\(number)", times: 1, now: Self.start) }
        for number in 0..<10 { _ = try strike(&book, "203.0.113.\(number)", times: 1, now: Self.start) }
        #expect(Self.banned(book) == ["2001:db8::/64"])
    }

    @Test func `each ban is longer than the one before, up to the longest, and that is forgotten after a month`() throws
    {
        var book = BanBook(BanSettings())
        var now = Self.start
        for hours in [1, 4, 16, 64, 256, 720, 720] {
            let effects = try strike(&book, "203.0.113.7", times: 10, now: now)
            #expect(effects.contains(.publish))
            let ban = try #require(book.bans.first)
            #expect(ban.until == now + hours * Self.hour)
            now += hours * Self.hour
            _ = book.take(.tick, now: now)
            #expect(Self.banned(book).isEmpty)
        }
        #expect(book.why(try Self.address("203.0.113.7")).times == 7)
        now += 30 * Self.day
        _ = try strike(&book, "203.0.113.7", times: 10, now: now)
        #expect(book.bans.first?.until == now + Self.hour)
    }

    @Test func `who is never banned is not struck`() throws {
        var settings = BanSettings()
        settings.never = [try Self.network("198.51.100.0/24")]
        for text in [
            "127.0.0.1", "::1", "100.64.0.7", "fd7a:115c:a1e0::7", "198.51.100.9", "192.168.1.1", "203.0.113.99",
            "9.9.9.9",
        ] {
            var book = BanBook(settings)
            _ = book.take(.own([try Self.address("203.0.113.99")]), now: Self.start)
            _ = book.take(.owner(try Self.address("9.9.9.9")), now: Self.start)
            #expect(try strike(&book, text, times: 100, now: Self.start).isEmpty, "\(text)")
            #expect(book.tallies.count == 0)
        }
    }

    @Test func `without strikes in the file nobody is struck`() throws {
        var book = BanBook(BanSettings(strikes: nil))
        #expect(try strike(&book, "203.0.113.7", times: 100, now: Self.start).isEmpty)
    }

    // MARK: - who is never banned

    @Test func `an owner on the network of an attacker gets in, for a day`() throws {
        let attacker = try Self.address("2001:db8::bad")
        var book = BanBook(BanSettings())
        #expect(book.take(.owner(try Self.address("2001:db8::1")), now: Self.start) == [.publish, .save])
        let effects = book.take(
            .ban(Network(attacker), .webhook, reason: "scans", time: 2 * Self.day), now: Self.start + 1)
        #expect(
            Self.sentences(effects).first?.contains("that has no effect here: the owner of a mailbox was seen")
                ?? false)
        #expect(Self.banned(book) == ["2001:db8::/64"])
        let inForce = book.inForce
        #expect(inForce.trusted.contains { $0.description == "2001:db8::/64" }, "which stands above the ban")
        #expect(!book.why(attacker).isBanned)
        #expect(
            book.why(attacker).sentences.last?.hasPrefix("otherwise, 2001:db8::/64 is banned by the mailbox")
                ?? false)
        // Seen again within the hour, nothing is to be written.
        #expect(book.take(.owner(attacker), now: Self.start + 3599).isEmpty)
        #expect(book.take(.owner(attacker), now: Self.start + Self.hour) == [.save])
        _ = book.take(.tick, now: Self.start + Self.hour + Self.day - 1)
        #expect(!book.why(attacker).isBanned)
        #expect(book.take(.tick, now: Self.start + Self.hour + Self.day).contains(.publish))
        #expect(book.why(attacker).isBanned)
    }

    @Test(arguments: [
        ("198.51.100.9", "198.51.100.0/24 is in 'bans.never'"), ("127.8.8.8", "it is an address of this host"),
        ("100.64.3.4", "it is an address of the tailnet"), ("203.0.113.99", "it is an address of this host"),
    ])
    func `an order for who is never banned says that it has no effect, and why`(text: String, why: String) throws {
        var settings = BanSettings()
        settings.never = [try Self.network("198.51.100.0/24")]
        var book = BanBook(settings)
        _ = book.take(.own([try Self.address("203.0.113.99")]), now: Self.start)
        _ = book.take(.ban(try Self.network(text), .manual, reason: "a", time: nil), now: Self.start)
        let answer = book.answer(toBanning: try Self.network(text))
        #expect(answer.problems.map(\.message) == ["this has no effect: \(why)"])
        let trusted = book.inForce.trusted
        let address = try Self.address(text)
        #expect(trusted.contains { $0.contains(address) })
        #expect(!book.why(try Self.address(text)).isBanned)
    }

    @Test func `a wide ban says whom it does not hit`() throws {
        var settings = BanSettings()
        settings.never = [try Self.network("198.51.100.7"), try Self.network("192.0.2.0/24")]
        var book = BanBook(settings)
        let wide = try Self.network("198.51.100.0/24")
        _ = book.take(.ban(wide, .manual, reason: "a", time: nil), now: Self.start)
        #expect(
            book.answer(toBanning: wide).problems.map(\.message)
                == ["this has no effect for 198.51.100.7: 198.51.100.7 is in 'bans.never'"])
        #expect(book.why(try Self.address("198.51.100.8")).isBanned)
    }

    @Test func `that the mailbox bans this edge is said at once, and once in an hour`() throws {
        let own = try Self.address("100.64.0.5")
        var book = BanBook(BanSettings())
        _ = book.take(.own([own]), now: Self.start)
        #expect(
            book.take(.ban(Network(own), .webhook, reason: "a", time: 60), now: Self.start) == [
                .say(.edgeBanned([own]))
            ])
        #expect(book.take(.struck(own, .turnedAway), now: Self.start + 3599).isEmpty)
        #expect(book.take(.struck(own, .turnedAway), now: Self.start + 3600) == [.say(.edgeBanned([own]))])
        _ = book.take(.lift(Network(own), .webhook), now: Self.start + 3601)
        #expect(book.take(.struck(own, .turnedAway), now: Self.start + 3602) == [.say(.edgeBanned([own]))])
        #expect(book.bans.isEmpty)
    }

    // MARK: - observing, questions, bounds

    @Test func `while it is only observed everything is known and nobody is banned`() throws {
        var settings = BanSettings()
        settings.isObserving = true
        var book = BanBook(settings)
        let effects = try strike(&book, "203.0.113.7", times: 10, now: Self.start)
        #expect(Self.sentences(effects).first?.hasPrefix("203.0.113.7 would be banned by this edge until") ?? false)
        #expect(book.inForce.banned.isEmpty && !book.inForce.trusted.isEmpty)
        let found = book.why(try Self.address("203.0.113.7"))
        #expect(!found.isBanned && found.bans.count == 1)
        #expect(found.sentences.first?.hasPrefix("'bans.observe' is on, else 203.0.113.7 is banned") ?? false)
        settings.isObserving = false
        #expect(book.take(.settings(settings), now: Self.start) == [.publish])
        #expect(Self.banned(book) == ["203.0.113.7"])
    }

    @Test func `what is known of an address is said`() throws {
        var book = BanBook(BanSettings())
        let address = try Self.address("203.0.113.7")
        #expect(book.why(address).sentences == ["203.0.113.7 is not banned"])
        _ = try strike(&book, "203.0.113.7", times: 2, now: Self.start)
        _ = book.take(.ban(try Self.network("203.0.113.0/24"), .manual, reason: "noise", time: nil), now: Self.start)
        #expect(
            book.why(address).sentences == [
                "203.0.113.0/24 is banned by an operator for ever: noise",
                "203.0.113.7 has strikes since 2026-11-29T06:00:00Z: 2 × something other than a TLS hello; 120 of 600 points are a ban",
            ])
        #expect(book.why(address).strikes.map(\.count) == [2])
    }

    @Test func `what one layer takes back leaves the others, and the answer says who they are`() throws {
        var book = BanBook(BanSettings())
        let one = try Self.network("203.0.113.7")
        _ = book.take(.ban(one, .manual, reason: "a", time: 60), now: Self.start)
        _ = book.take(.ban(one, .webhook, reason: "b", time: 60), now: Self.start)
        let before = book
        _ = book.take(.lift(one, .manual), now: Self.start)
        let answer = book.answer(toPardoning: one, by: .manual, before: before)
        #expect(answer.sentences == ["203.0.113.7 is no longer banned by an operator"])
        #expect(book.bans.map(\.layer) == [.webhook])
        #expect(answer.problems.map(\.sentence).contains { $0.contains("banned by the mailbox") })
        let again = book.answer(toPardoning: one, by: .manual, before: book)
        #expect(again.problems.first?.message == "203.0.113.7 is not banned by an operator")
    }

    @Test func `a pardon takes everything back but what CrowdSec says, and tells what is left`() throws {
        var book = BanBook(BanSettings())
        let one = try Self.network("203.0.113.7")
        _ = try strike(&book, "203.0.113.7", times: 10, now: Self.start)
        _ = book.take(.ban(one, .webhook, reason: "a", time: 60), now: Self.start)
        _ = book.take(.ban(one, .crowdsec, source: "5", reason: "b", time: 60), now: Self.start)
        _ = book.take(.ban(try Self.network("203.0.113.0/24"), .manual, reason: "c", time: 60), now: Self.start)
        let before = book
        #expect(book.take(.pardon(one), now: Self.start).contains(.save))
        #expect(book.bans.map(\.layer) == [.manual, .crowdsec])
        let answer = book.answer(toPardoning: one, before: before)
        #expect(
            answer.sentences.sorted() == [
                "203.0.113.7 is no longer banned by the mailbox", "203.0.113.7 is no longer banned by this edge",
            ])
        #expect(
            answer.problems.compactMap(\.sentence).contains { $0.contains("cscli decisions delete --ip 203.0.113.7") })
        #expect(answer.problems.contains { $0.sentence.contains("tailwart ban remove 203.0.113.0/24") })
        // The next ban is a first one again.
        _ = try strike(&book, "203.0.113.7", times: 10, now: Self.start)
        #expect(book.bans.first { $0.layer == .strikes }?.until == Self.start + Self.hour)
        let again = book.answer(toPardoning: try Self.network("203.0.113.8"), before: book)
        #expect(again.problems.first?.message == "203.0.113.8 is not banned by itself")
    }

    @Test func `a layer that is full lets go who would be let go first, and says so once`() throws {
        var book = BanBook(BanSettings(), layerLimit: 3)
        var said: [String] = []
        for (number, time) in [50, 10, 40, 30, 20].enumerated() {
            let network = try Self.network("203.0.113.\(number)")
            said += Self.sentences(book.take(.ban(network, .manual, reason: "a", time: time), now: Self.start))
        }
        // 10 went for 30, and 30 for 20.
        #expect(Self.banned(book) == ["203.0.113.0", "203.0.113.2", "203.0.113.4"])
        #expect(book.crowdedOut == 2)
        #expect(said.filter { $0.contains("3 networks are banned by an operator, the maximum") }.count == 1)
        _ = book.take(.ban(try Self.network("203.0.113.9"), .webhook, reason: "a", time: 5), now: Self.start)
        #expect(Self.banned(book).count == 4, "each layer has its own room")
    }

    @Test func `strikes and owners are counted for so many networks and no more`() throws {
        var book = BanBook(BanSettings())
        for number in 0..<BanBook.tallyLimit + 100 {
            _ = book.take(.struck(.v4(0x0900_0000 + UInt32(number)), .badHello), now: Self.start + number / 1000)
        }
        #expect(book.tallies.count == BanBook.tallyLimit)
        #expect(book.tallies[Network(.v4(0x0900_0000))] == nil, "the longest ago goes first")
        #expect(book.tallies[Network(.v4(0x0900_0064))] != nil)
        for number in 0..<BanBook.ownerLimit + 10 {
            _ = book.take(.owner(.v4(0x0a00_0000 + UInt32(number))), now: Self.start + 100)
        }
        #expect(book.owners.count == BanBook.ownerLimit)
    }

    @Test func `an order changes the time of a ban, and the mailbox only lengthens its own`() throws {
        var book = BanBook(BanSettings())
        let one = try Self.network("203.0.113.7")
        for (layer, first, second, until) in [
            (BanLayer.manual, 600, 60, 60), (.crowdsec, 600, 60, 60), (.webhook, 600, 60, 600),
            (.webhook, 60, 900, 900),
        ] {
            _ = book.take(.ban(one, layer, reason: "a", time: first), now: Self.start)
            _ = book.take(.ban(one, layer, reason: "a", time: second), now: Self.start)
            #expect(book.bans.first { $0.layer == layer }?.until == Self.start + until, "\(layer)")
        }
    }

    @Test func `a reason moves no terminal's cursor and is not endless`() throws {
        var book = BanBook(BanSettings())
        let reason = "a\u{1b}[2J\n" + String(repeating: "x", count: 1000)
        _ = book.take(.ban(try Self.network("203.0.113.7"), .manual, reason: reason, time: nil), now: Self.start)
        let kept = try #require(book.bans.first?.reason)
        #expect(kept.hasPrefix("a\\u001B[2J") || !kept.unicodeScalars.contains(where: \.upsetsTerminals))
        #expect(kept.count < 250)
    }
}
