import TailwartWire
import Testing

@testable import TailwartCore

/// What CrowdSec's local API says.
@Suite struct CrowdSecAnswerTests {
    private static let now = 1_795_932_000

    private static func decision(
        _ value: String, id: String = "1", type: String = "ban", scope: String = "Ip", duration: String = "3h59m57.5s"
    ) -> String {
        #"{"duration":"\#(duration)","id":\#(id),"origin":"cscli","scenario":"manual","scope":"\#(scope)","type":"\#(type)","value":"\#(value)"}"#
    }

    private func read(new: String = "null", deleted: String = "null") throws -> CrowdSecAnswer {
        try CrowdSecAnswer.read(Array(#"{"deleted":\#(deleted),"new":\#(new)}"#.utf8).span)
    }

    @Test func `of several decisions on one address the end of one is not that of the others`() throws {
        var book = BanBook(BanSettings())
        let both = "[\(Self.decision("203.0.113.7")),\(Self.decision("203.0.113.7", id: "2"))]"
        for event in try read(new: both).events() { _ = book.take(event, now: Self.now) }
        #expect(book.bans.count == 2 && book.bans.allSatisfy { $0.until == Self.now + 4 * 3600 - 3 })
        for event in try read(deleted: "[\(Self.decision("203.0.113.7", duration: "-5s"))]").events() {
            _ = book.take(event, now: Self.now)
        }
        #expect(book.bans.map(\.source) == ["2"] && BanBookTests.banned(book) == ["203.0.113.7"])
    }

    @Test func `an answer that has all ends what is not in it`() throws {
        var book = BanBook(BanSettings())
        let network = try #require(Network("203.0.113.9"))
        _ = book.take(.ban(network, .manual, reason: "a", time: nil), now: Self.now)
        _ = book.take(.ban(network, .crowdsec, source: "9", reason: "a", time: 600), now: Self.now)
        let all = try read(new: "[\(Self.decision("198.51.100.0/24", scope: "range"))]")
        for event in all.events(insteadOf: book) { _ = book.take(event, now: Self.now) }
        #expect(
            book.bans.map { "\($0.network) \($0.layer.rawValue)" } == [
                "203.0.113.9 manual", "198.51.100.0/24 crowdsec",
            ])
    }

    @Test(arguments: [
        decision("AS1234", scope: "AS"), decision("203.0.113.7", type: "captcha"), decision("nobody"),
        decision("0.0.0.0/0"),
        decision("203.0.113.7", duration: "soon"), decision("203.0.113.7", duration: ""),
        decision("203.0.113.7", duration: "5"),
        decision("203.0.113.7", duration: "99999999999h"), "{}", "1", "null",
    ])
    func `what means nothing here is ignored and counted`(decision: String) throws {
        let answer = try read(new: "[\(decision),\(Self.decision("203.0.113.8"))]")
        #expect(answer.new.map { "\($0.network)" } == ["203.0.113.8"] && answer.ignored == 1)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"new":null}"#, #"{"new":1,"deleted":null}"#, #"{"message":"access forbidden"}"#,
    ])
    func `what is no answer is refused with a reason`(text: String) {
        #expect(throws: CrowdSecAnswer.Failure.self) { try CrowdSecAnswer.read(Array(text.utf8).span) }
    }
}
