import TailwartWire
import Testing

@testable import TailwartCore

/// What is asked of CrowdSec and when, with a clock that the test moves.
@Suite struct CrowdSecFeedTests {
    private static let wall = 1_795_932_000
    private static let away = CrowdSecFeed.Failure(.away, "connection refused")
    private static let name = "CrowdSec at http://127.0.0.1:8080"

    /// A feed and the book that takes what comes of it.
    private final class Run {
        var feed = CrowdSecFeed(NoticeURL(isEncrypted: false, host: "127.0.0.1", port: 8080, target: "/secret"))
        var book = BanBook(BanSettings())
        var now = ContinuousClock.now
        var said: [String] = []

        /// - Returns: whether all decisions were asked for.
        func asks(_ outcome: Result<CrowdSecAnswer, CrowdSecFeed.Failure>) -> Bool {
            let question = feed.question(now: now)
            let (events, event) = feed.take(outcome, book: book, now: now)
            for event in events { _ = book.take(event, now: CrowdSecFeedTests.wall) }
            if let event { said.append(event.sentence) }
            return question.contains("startup=true")
        }

        var banned: [String] { book.bans.map { "\($0.network) \($0.source)" }.sorted() }
    }

    private static func answer(_ new: [String], deleted: [String] = []) throws -> CrowdSecAnswer {
        func list(_ decisions: [String]) -> String {
            decisions.map { decision in
                let words = decision.split(separator: " ")
                return
                    #"{"duration":"4h","id":\#(words[1]),"origin":"cscli","scenario":"a","scope":"Ip","type":"ban","value":"\#(words[0])"}"#
            }.joined(separator: ",")
        }
        return try CrowdSecAnswer.read(Array(#"{"deleted":[\#(list(deleted))],"new":[\#(list(new))]}"#.utf8).span)
    }

    @Test func `all decisions come first, and then what changes`() throws {
        let run = Run()
        #expect(run.asks(.success(try Self.answer(["203.0.113.7 1", "203.0.113.7 2"]))))
        #expect(!run.asks(.success(try Self.answer(["203.0.113.8 3"], deleted: ["203.0.113.7 1"]))))
        #expect(run.banned == ["203.0.113.7 2", "203.0.113.8 3"])
        #expect(run.feed.pause == .seconds(10))
        #expect(run.said == ["\(Self.name) has 1 network"])
    }

    @Test func `an answer to changes alone takes nothing back that it does not name`() throws {
        let run = Run()
        _ = run.asks(.success(try Self.answer(["203.0.113.7 1"])))
        _ = run.asks(.success(try Self.answer([])))
        #expect(run.banned == ["203.0.113.7 1"])
    }

    @Test func `while it is away all holds, and is put right when it is back`() throws {
        let run = Run()
        _ = run.asks(.success(try Self.answer(["203.0.113.7 1", "203.0.113.8 2"])))
        #expect(!run.asks(.failure(Self.away)))
        #expect(run.asks(.failure(Self.away)))
        #expect(run.banned == ["203.0.113.7 1", "203.0.113.8 2"])
        #expect(run.asks(.success(try Self.answer(["203.0.113.8 2", "203.0.113.9 3"]))))
        #expect(run.banned == ["203.0.113.8 2", "203.0.113.9 3"])
        #expect(
            run.said == [
                "\(Self.name) has 2 networks",
                "\(Self.name) cannot be used: connection refused; the last version stays in force, with 2 networks",
                "\(Self.name) has 2 networks",
            ])
    }

    @Test func `of a client of IPv6 the same decision is still the same`() throws {
        let run = Run()
        let answer = try Self.answer(["2001:db8::1 1"])
        _ = run.asks(.success(answer))
        let events = answer.events(insteadOf: run.book)
        #expect(events.allSatisfy { if case .ban = $0 { true } else { false } })
        #expect(run.banned == ["2001:db8::/64 1"])
    }

    @Test func `each kind of failure is said once, and questions come slower`() {
        let run = Run()
        var pauses: [Duration] = []
        for _ in 0..<8 {
            _ = run.asks(.failure(Self.away))
            pauses.append(run.feed.pause)
        }
        _ = run.asks(.failure(CrowdSecFeed.Failure(.key, "it does not know the key")))
        _ = run.asks(.failure(Self.away))
        #expect(
            run.said == [
                "\(Self.name) cannot be used: connection refused; nobody is denied or allowed by it yet",
                "\(Self.name) cannot be used: it does not know the key; nobody is denied or allowed by it yet",
            ])
        #expect(pauses.map { $0 / .seconds(1) } == [10, 20, 30, 40, 50, 60, 60, 60])
    }

    @Test func `each hour all are asked for, since changes can be lost`() throws {
        let run = Run()
        #expect(run.asks(.success(try Self.answer(["203.0.113.7 1"]))))
        run.now += .seconds(3599)
        #expect(!run.asks(.success(try Self.answer([]))))
        run.now += .seconds(1)
        #expect(run.asks(.success(try Self.answer([]))))
        #expect(run.banned.isEmpty && run.said.count == 1)
        #expect(!run.asks(.success(try Self.answer([]))))
    }

    @Test func `of several decisions on one address all are asked for, and only what can be banned`() {
        var feed = CrowdSecFeed(NoticeURL(isEncrypted: true, host: "crowdsec.example", port: 443, target: "/"))
        let question = feed.question(now: .now)
        #expect(question == "/v1/decisions/stream?startup=true&scopes=ip,range&dedup=false")
    }
}
