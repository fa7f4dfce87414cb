import TailwartTesting
import TailwartWire
import Testing

@testable import TailwartCore

/// The file that keeps bans over a restart.
@Suite(.ownThreads) struct BanFileTests {
    private static let text = """
        tailwart bans 1
        ban manual 203.0.113.7 1795932000 forever guesses passwords
        ban strikes 2001:db8::/64 1795932000 1795935600 10 × no TLS hello
        ban webhook 198.51.100.0/24 1795932000 1795935600 
        owner 192.0.2.1 1796018400
        owner 2001:db8:1::/64 1796018400
        repeat 203.0.113.7 2 1798527600
        struck 203.0.113.9 1795932000 noHello=3,flood=20
        event 1795932600 284771934720

        """

    private func read(_ text: String) throws(BanFile.Failure) -> BanFile.Content {
        try BanFile.read(Array(text.utf8).span)
    }

    @Test func `what is written is read, and a person can read it too`() throws {
        let content = try read(Self.text)
        #expect(content.damagedCount == 0 && content.lines.count == 8)
        #expect(String(decoding: BanFile.write(content.lines), as: UTF8.self) == Self.text)
        guard case .ban(let ban) = content.lines[0] else {
            Issue.record("no ban")
            return
        }
        #expect(ban.until == nil && ban.reason == "guesses passwords" && ban.layer == .manual)
    }

    @Test func `of a file that was cut short every whole line counts`() throws {
        let bytes = Array(Self.text.utf8)
        let whole = try read(Self.text).lines
        for count in 0..<bytes.count {
            let prefix = Array(bytes.prefix(count))
            guard let content = try? BanFile.read(prefix.span) else {
                #expect(count < 16, "only without its first line is it none")
                continue
            }
            let ends = prefix.count { $0 == UInt8(ascii: "\n") }
            #expect(content.lines == Array(whole.prefix(ends - 1)))
            #expect(content.damagedCount == (prefix.last == UInt8(ascii: "\n") ? 0 : 1))
        }
    }

    @Test(arguments: [
        "ban", "ban manual", "ban manual 203.0.113.7 1 2", "ban nobody 203.0.113.7 1 2 a", "ban manual 203.0.113 1 2 a",
        "ban manual 203.0.113.7/24 1 2 a", "ban strikes 203.0.113.7 1 forever a", "ban crowdsec 203.0.113.7 1 2 a",
        "ban manual 0.0.0.0/0 1 2 a", "ban manual 203.0.113.7 -1 2 a", "ban manual 203.0.113.7 1 9999999999999999999 a",
        "ban manual 203.0.113.7 1 999999999999 a", "ban manual 203.0.113.7 +1 2 a", "owner 203.0.113.7",
        "owner 203.0.113.7 1 2",
        "owner 10.0.0.0/8 1", "repeat 203.0.113.7 0 1", "repeat 203.0.113.7 1", "nonsense",
        "struck 203.0.113.9 1", "struck 203.0.113.9 1 ", "struck 203.0.113.9 1 noHello",
        "struck 203.0.113.9 1 noHello=0",
        "struck 203.0.113.9 1 nothing=1", "struck 203.0.113.9 1 noHello=1,noHello=1", "event 1", "event 1 ",
        "event 1 a b", "event x a",
        "ban  manual 203.0.113.7 1 2 a",
        "\u{0}", "owner 203.0.113.7 forever", String(repeating: "x", count: 10_000),
    ])
    func `a damaged line is skipped and counted`(line: String) throws {
        let content = try read("tailwart bans 1\n\(line)\nowner 192.0.2.1 1796018400\n")
        #expect(content.lines.count == 1 && content.damaged == [2] && content.damagedCount == 1)
    }

    @Test func `of many damaged lines the first are named`() throws {
        let content = try read("tailwart bans 1\n" + String(repeating: "x\n", count: 1000))
        #expect(content.damaged == [2, 3, 4] && content.damagedCount == 1000)
    }

    @Test(arguments: [
        ("", BanFile.Failure.notOne), ("\n", .notOne), ("hello\n", .notOne), ("tailwart bans 1", .notOne),
        ("tailwart bans 2\n", .newer("2")), ("tailwart bans 1 \n", .newer("1 ")), ("tailwart bans \n", .newer("")),
        ("TAILWART BANS 1\n", .notOne),
    ])
    func `what is another file is refused`(text: String, failure: BanFile.Failure) {
        #expect(throws: failure) { try self.read(text) }
    }

    @Test func `random bytes are read without harm`() {
        var random = SeededRandom(seed: 14)
        let good = Array(Self.text.utf8)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let content = try? BanFile.read(bytes.span) else { continue }
            let again = try? BanFile.read(BanFile.write(content.lines).span)
            #expect(again?.lines.count == content.lines.count && again?.damagedCount == 0)
        }
    }
}
