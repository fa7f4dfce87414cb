import TailwartCore
import TailwartWire
import Testing

/// Who is told what, and when: with a clock that the test moves.
@Suite struct NoticeTests {
    static func place(_ port: UInt16, _ proto: ListenerProtocol, of endpoint: String = "stalwart") -> ProbedPlace {
        ProbedPlace(upstream: "mailbox", endpoint: endpoint, hasPort: false, port: port, proto: proto)
    }

    static let smtp = place(25, .smtp)
    static let imaps = place(993, .imaps)
    static let https = place(443, .https)
    static let other = place(25, .smtp, of: "other")
    static let places: Set<ProbedPlace> = [smtp, imaps, https, other]

    static func off(_ place: ProbedPlace) -> EdgeEvent { .health([place], isHealthy: false, .probes) }
    static func on(_ place: ProbedPlace) -> EdgeEvent { .health([place], isHealthy: true, .probes) }
    static func found(_ verdict: Verdict, _ place: ProbedPlace = smtp, name: String? = nil) -> EdgeEvent {
        .verdict(place, ProbeResult(verdict, "It was seen."), serverName: name)
    }
    static func tailnet(_ change: TailnetNews.Change, _ level: EventLevel = .error, of name: String? = nil) -> EdgeEvent
    {
        var news = TailnetNews(change: change, level: level, sentence: "the tailnet has \(change.rawValue)", fix: nil)
        news.name = name
        return .tailnet(news)
    }

    // MARK: - what is told

    private static let problem = CommandAnswer.Problem(.error, "unknown key")
    /// What happens, the kind that is told of it, and what ends it.
    private static let kinds: [(EdgeEvent, NoticeKind, EdgeEvent)] = [
        (off(smtp), .unhealthy, on(smtp)),
        (found(.busy), .degraded, found(.well)),
        (found(.startTLSMissing), .degraded, found(.slow)),
        (found(.banned), .degraded, found(.certificateExpired)),
        (found(.certificateExpiring), .certificate, found(.well)),
        (
            found(.certificateNameMismatch, https, name: "a.example"), .certificate,
            found(.well, https, name: "a.example")
        ),
        (found(.certificateFallback), .certificate, found(.startTLSMissing)),
        (tailnet(.gone, .warning), .tailnet, tailnet(.back, .info)),
        (tailnet(.state), .tailnet, tailnet(.state, .info)),
        (tailnet(.keyExpires, .warning), .tailnet, tailnet(.keyRenewed, .info)),
        (tailnet(.peerMissing, of: "stalwart"), .tailnet, tailnet(.peerBack, .info, of: "stalwart")),
        (tailnet(.peerRenamed, of: "stalwart"), .tailnet, tailnet(.peerBack, .info, of: "stalwart")),
        (tailnet(.peerOffline, of: "stalwart"), .tailnet, tailnet(.peerBack, .info, of: "stalwart")),
        (
            .reloadFailed([problem]), .reloadFailed,
            .reloaded(ConfigurationDifference(from: .init(), to: .init()), warnings: [])
        ),
        (.takeoverFailed("port 465 is taken"), .takeoverFailed, .draining(.takenOver, live: 1, limit: .seconds(30))),
        (.descriptorsExhausted(limit: 64), .descriptors, .descriptorsFree),
        (.descriptorsExhausted(limit: nil), .descriptors, .descriptorsFree),
    ]

    @Test(arguments: kinds)
    func `what lasts is told once, and once more when it is over`(begin: EdgeEvent, kind: NoticeKind, end: EdgeEvent) {
        var operatorAway = Absence()
        operatorAway.happens(begin)
        operatorAway.passes(.seconds(299))
        #expect(operatorAway.told.isEmpty)
        operatorAway.passes(.seconds(1))
        #expect(operatorAway.told.map(\.kind) == [kind])
        operatorAway.passes(.seconds(100_000))
        #expect(operatorAway.told.count == 1)
        operatorAway.happens(end)
        operatorAway.passes(.seconds(600))
        let ends = operatorAway.told.filter { $0.kind == kind && $0.isOver }
        #expect(ends.count == 1)
        #expect(ends.first?.until.map { $0 - (ends.first?.since ?? 0) } == 100_300)
        #expect(ends.first?.id == operatorAway.told.first?.id)
    }

    /// What lasts, but is nothing that an operator must leave the table for, or nothing that is ever over.
    private static let untold: [EdgeEvent] = [
        found(.well), found(.slow), found(.unprobed), found(.ownAddress), tailnet(.restarted, .info),
        tailnet(.path, .warning),
        tailnet(.peerAddresses, .info, of: "stalwart"), tailnet(.ownAddresses), .userspace(["stalwart"]),
        .stopped(accepted: 1),
        .signalIgnored(.user1), .eventsLost(1), .resolved(name: "a.example", [], source: nil),
    ]

    @Test(arguments: untold) func `everything else is not told`(event: EdgeEvent) {
        var operatorAway = Absence()
        operatorAway.happens(event)
        operatorAway.passes(.seconds(100_000))
        #expect(operatorAway.told.isEmpty)
    }

    @Test(arguments: NoticeKind.allCases.filter { $0 != .healthy })
    func `only what is asked for is told`(kind: NoticeKind) {
        var operatorAway = Absence(Messenger(.command(["/bin/a"]), on: [kind]))
        let events = [
            Self.off(Self.smtp), Self.found(.busy, Self.imaps), Self.found(.certificateExpired, Self.https),
            Self.tailnet(.gone), .edgeBanned([.loopbackV4]), .reloadFailed([Self.problem]),
            .takeoverFailed("port 465 is taken"), .descriptorsExhausted(limit: 64),
        ]
        for event in events { operatorAway.happens(event) }
        operatorAway.passes(.seconds(1000))
        #expect(operatorAway.told.map(\.kind) == [kind])
        #expect(operatorAway.told.allSatisfy { $0.also.isEmpty })
    }

    @Test func `that the mailbox bans this edge is told at once, until a probe is answered`() {
        var operatorAway = Absence()
        operatorAway.happens(.edgeBanned([.loopbackV4]))
        operatorAway.passes(.seconds(2))
        #expect(operatorAway.told.map(\.kind) == [.edgeBanned])
        #expect(operatorAway.told.first?.fix == Verdict.banned.fix(of: .stalwart))
        // It is said again each hour while it lasts.
        operatorAway.happens(.edgeBanned([.loopbackV4]))
        operatorAway.happens(Self.found(.refused))
        operatorAway.passes(.seconds(200))
        #expect(operatorAway.told.count == 1)
        operatorAway.happens(Self.found(.well))
        operatorAway.passes(.seconds(400))
        #expect(operatorAway.told.map(\.state) == ["begun", "over"])
        // Again on the same day it has to last.
        operatorAway.happens(.edgeBanned([.loopbackV4]))
        operatorAway.passes(.seconds(60))
        #expect(operatorAway.told.count == 2)
    }

    @Test func `who does not ask for the end of an outage is not told of it`() {
        var operatorAway = Absence(Messenger(.command(["/bin/a"]), on: [.unhealthy, .certificate]))
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(400))
        operatorAway.happens(Self.on(Self.smtp))
        operatorAway.passes(.seconds(4000))
        #expect(operatorAway.told.map(\.state) == ["begun"])
        operatorAway.happens(Self.found(.certificateExpired))
        operatorAway.passes(.seconds(400))
        operatorAway.happens(Self.found(.well))
        operatorAway.passes(.seconds(4000))
        #expect(operatorAway.told.map(\.state) == ["begun", "begun", "over"])
    }

    // MARK: - when

    @Test func `what ends before it has lasted is not told, and neither is its end`() {
        var operatorAway = Absence()
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(299))
        operatorAway.happens(Self.on(Self.smtp))
        operatorAway.passes(.seconds(100_000))
        #expect(operatorAway.told.isEmpty)
    }

    @Test func `what comes back within a minute was never over`() {
        var operatorAway = Absence()
        for _ in 0..<20 {
            operatorAway.happens(Self.off(Self.smtp))
            operatorAway.passes(.seconds(30))
            operatorAway.happens(Self.on(Self.smtp))
            operatorAway.passes(.seconds(59))
        }
        #expect(operatorAway.told.map(\.state) == ["begun"])
        operatorAway.passes(.seconds(1))
        #expect(operatorAway.told.map(\.state) == ["begun", "over"])
        #expect(operatorAway.told[1].until == operatorAway.told[1].since + 19 * 89 + 30)
    }

    @Test func `with no time to last it is told at once, with what fails in the same moment, and its end too`() {
        var operatorAway = Absence(Messenger(.command(["/bin/a"]), after: .zero))
        operatorAway.happens(Self.found(.refused))
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.happens(Self.off(Self.imaps))
        operatorAway.passes(.seconds(2))
        #expect(operatorAway.told.map(\.places.count) == [2])
        operatorAway.happens(Self.found(.well))
        operatorAway.happens(Self.on(Self.imaps))
        operatorAway.happens(Self.on(Self.smtp))
        #expect(operatorAway.told.map(\.state) == ["begun", "over"])
    }

    @Test(arguments: [Duration.zero, .seconds(60), .seconds(300)])
    func `ten thousand flaps make a few messages`(after: Duration) {
        var operatorAway = Absence(Messenger(.command(["/bin/a"]), after: after))
        for _ in 0..<10_000 {
            operatorAway.happens(Self.off(Self.smtp))
            operatorAway.passes(.seconds(400))
            operatorAway.happens(Self.on(Self.smtp))
            operatorAway.passes(.seconds(100))
        }
        // 58 days; each day begins with the shortest time again at most.
        #expect(operatorAway.told.count >= 2)
        #expect(operatorAway.told.count <= 58 * 8)
        #expect(operatorAway.told.count { $0.isOver } * 2 == operatorAway.told.count)
    }

    @Test func `what was told lately must last twice as long, until a day has passed`() {
        var operatorAway = Absence()
        func outage(_ seconds: Int) {
            operatorAway.happens(Self.off(Self.smtp))
            operatorAway.passes(.seconds(seconds))
            operatorAway.happens(Self.on(Self.smtp))
            operatorAway.passes(.seconds(120))
        }
        outage(300)
        #expect(operatorAway.told.count == 2)
        outage(599)
        #expect(operatorAway.told.count == 2)
        outage(600)
        #expect(operatorAway.told.count == 4)
        operatorAway.passes(.seconds(24 * 3600))
        outage(300)
        #expect(operatorAway.told.count == 6)
    }

    // MARK: - together

    @Test func `one cause is one message: a host that is gone`() throws {
        var operatorAway = Absence()
        for (place, pause) in [(Self.smtp, 0), (Self.imaps, 30), (Self.https, 400)] {
            operatorAway.passes(.seconds(pause))
            operatorAway.happens(Self.found(.timeout, place))
            operatorAway.happens(Self.off(place))
        }
        operatorAway.passes(.seconds(5000))
        // The last was found out only when the others had been told.
        #expect(operatorAway.told.count == 1)
        let notice = try #require(operatorAway.told.first)
        #expect(notice.kind == .unhealthy)
        #expect(notice.cause == Verdict.timeout.cause)
        #expect(notice.fix?.hasPrefix(Verdict.timeout.fix) == true)
        #expect(notice.places == ["mailbox stalwart:25 (smtp)", "mailbox stalwart:993 (imaps)"])
        #expect(notice.also.isEmpty)
        for place in [Self.smtp, Self.imaps, Self.https] {
            operatorAway.happens(Self.found(.well, place))
            operatorAway.happens(Self.on(place))
            operatorAway.passes(.seconds(20))
        }
        operatorAway.passes(.seconds(60))
        #expect(operatorAway.told.map(\.state) == ["begun", "over"])
        #expect(operatorAway.told[1].places.count == 3)
    }

    @Test func `the cause comes first: without tailscaled no mailbox can be reached`() throws {
        var operatorAway = Absence()
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(20))
        operatorAway.happens(Self.tailnet(.gone))
        operatorAway.happens(Self.off(Self.other))
        operatorAway.passes(.seconds(1000))
        #expect(operatorAway.told.count == 1)
        let notice = try #require(operatorAway.told.first)
        #expect(notice.kind == .tailnet && notice.cause == "The tailnet has tailscaled_gone.")
        #expect(notice.also.count == 2)
    }

    @Test func `what has another cause, at another time, is another message`() {
        var operatorAway = Absence()
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(601))
        operatorAway.happens(Self.off(Self.imaps))
        operatorAway.passes(.seconds(301))
        operatorAway.happens(Self.off(Self.other))
        operatorAway.passes(.seconds(301))
        #expect(operatorAway.told.map(\.places.count) == [1, 1, 1])
    }

    @Test func `what goes on does not keep back that the rest is over`() throws {
        var operatorAway = Absence()
        operatorAway.happens(Self.found(.certificateExpiring))
        operatorAway.happens(Self.off(Self.imaps))
        operatorAway.passes(.seconds(400))
        #expect(operatorAway.told.map(\.kind) == [.unhealthy])
        operatorAway.happens(Self.on(Self.imaps))
        operatorAway.passes(.seconds(299))
        #expect(operatorAway.told.count == 1)
        operatorAway.passes(.seconds(1))
        let end = try #require(operatorAway.told.last)
        #expect(end.kind == .unhealthy && end.isOver)
        #expect(end.also == ["mailbox stalwart:25 (smtp): \(Verdict.certificateExpiring.cause)"])
        operatorAway.happens(Self.found(.well))
        operatorAway.passes(.seconds(60))
        #expect(operatorAway.told.map(\.kind) == [.unhealthy, .unhealthy, .certificate])
    }

    @Test func `a place that is turned off after something else was told of it is told anew`() {
        var operatorAway = Absence(Messenger(.command(["/bin/a"]), after: .zero))
        operatorAway.happens(Self.found(.refused))
        operatorAway.passes(.seconds(10))
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(10))
        #expect(operatorAway.told.map(\.kind) == [.degraded, .unhealthy])
        #expect(operatorAway.told[1].cause == Verdict.refused.cause)
    }

    @Test func `what grows worse is told anew, and is over once`() {
        var operatorAway = Absence()
        operatorAway.happens(Self.found(.certificateExpiring))
        operatorAway.passes(.seconds(100_000))
        operatorAway.happens(Self.found(.certificateExpired))
        operatorAway.passes(.seconds(700))
        #expect(
            operatorAway.told.map(\.cause) == [Verdict.certificateExpiring.cause, Verdict.certificateExpired.cause])
        operatorAway.happens(Self.found(.certificateExpiring))
        operatorAway.passes(.seconds(700))
        operatorAway.happens(Self.found(.well))
        operatorAway.passes(.seconds(700))
        #expect(operatorAway.told.map(\.state) == ["begun", "begun", "over"])
    }

    @Test func `more troubles than are followed are no more than one message, of bounded length`() throws {
        var operatorAway = Absence()
        for port in 1...5000 { operatorAway.happens(Self.tailnet(.peerOffline, of: "a\(port)")) }
        operatorAway.passes(.seconds(400))
        #expect(operatorAway.told.count == 1)
        let notice = try #require(operatorAway.told.first)
        #expect(notice.places.count + notice.also.count <= 42)
    }

    // MARK: - another configuration

    @Test func `a place that is no longer served is no trouble any more`() {
        var operatorAway = Absence()
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.happens(Self.tailnet(.peerOffline, of: "stalwart"))
        operatorAway.passes(.seconds(400))
        operatorAway.serves([Absence.messenger], places: [Self.imaps])
        operatorAway.passes(.seconds(100))
        #expect(operatorAway.told.map(\.state) == ["begun", "over"])
    }

    @Test func `a messenger that is new is told what lasts, and one that stays is not told again`() {
        var operatorAway = Absence()
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(1000))
        let new = Messenger(.command(["/bin/b"]))
        var stays = Absence.messenger
        stays.after = .seconds(10)
        operatorAway.serves([new, stays])
        operatorAway.passes(.seconds(1000))
        #expect(operatorAway.told.count == 2)
        #expect(operatorAway.messengers == [Absence.messenger.way, new.way])
        operatorAway.serves([])
        operatorAway.happens(Self.on(Self.smtp))
        operatorAway.passes(.seconds(1000))
        #expect(operatorAway.told.count == 2)
    }

    // MARK: - delivery

    @Test func `a messenger that fails is tried again, ever more seldom, and the log says so once`() {
        var operatorAway = Absence()
        operatorAway.failure = "nobody answers"
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(300 + 10 + 60 + 300 + 900 + 1800 + 1800))
        #expect(operatorAway.attempts == 7)
        #expect(operatorAway.said.map(\.kind) == [.noticeFailed])
        operatorAway.failure = nil
        operatorAway.passes(.seconds(1800))
        #expect(operatorAway.told.count == 1)
        #expect(operatorAway.said.map(\.kind) == [.noticeFailed, .noticeSent])
    }

    @Test func `what is over before anybody could be told is told once, with both`() throws {
        var operatorAway = Absence()
        operatorAway.failure = "nobody answers"
        operatorAway.happens(Self.found(.refused))
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(330))
        operatorAway.happens(Self.found(.well))
        operatorAway.happens(Self.on(Self.smtp))
        operatorAway.passes(.seconds(500))
        operatorAway.failure = nil
        operatorAway.passes(.seconds(3000))
        #expect(operatorAway.told.map(\.state) == ["over"])
        let notice = try #require(operatorAway.told.first)
        #expect(notice.cause == Verdict.refused.cause && notice.until == notice.since + 330)
    }

    @Test func `after a day nobody wants to know, and how many were given up is said`() {
        var operatorAway = Absence(Messenger(.command(["/bin/a"]), after: .zero))
        operatorAway.failure = "nobody answers"
        operatorAway.happens(Self.off(Self.smtp))
        operatorAway.passes(.seconds(26 * 3600))
        operatorAway.failure = nil
        operatorAway.happens(Self.tailnet(.gone))
        operatorAway.passes(.seconds(3600))
        #expect(operatorAway.told.map(\.kind) == [.tailnet])
        guard case .noticeSent(_, _, lost: 1)? = operatorAway.said.last else {
            Issue.record("\(operatorAway.said)")
            return
        }
    }

    @Test func `what waits is bounded, and the newest is kept`() {
        var queue = NoticeQueue(label: "a")
        let now = ContinuousClock.now
        for number in 0..<10_000 { queue.add(Notice(testAt: number), now: now) }
        var taken: [Int] = []
        while let notice = queue.take(now: now) {
            taken.append(notice.since)
            _ = queue.delivered(failure: nil, now: now)
        }
        #expect(taken == Array(10_000 - NoticeQueue.limit..<10_000))
        #expect(queue.isEmpty && queue.nextDue == nil)
    }

    @Test func `one is under way at a time`() {
        var queue = NoticeQueue(label: "a")
        let now = ContinuousClock.now
        queue.add(Notice(testAt: 1), now: now)
        queue.add(Notice(testAt: 2), now: now)
        #expect(queue.take(now: now)?.since == 1)
        #expect(queue.take(now: now + .seconds(100_000)) == nil)
        #expect(queue.nextDue == nil)
        _ = queue.delivered(failure: "no", now: now)
        #expect(queue.take(now: now + .seconds(10))?.since == 1)
    }
}

/// An operator who is away, an edge at which something happens, and a clock.
struct Absence {
    static let messenger = Messenger(.command(["/bin/a"]))

    private(set) var told: [Notice] = []
    private(set) var messengers: [Messenger.Way] = []
    private(set) var said: [EdgeEvent] = []
    private(set) var attempts = 0
    /// Of each attempt to deliver.
    var failure: String?
    private var notices = Notices()
    private var now = ContinuousClock.now
    private var wall = 1_764_396_000

    init(_ messenger: Messenger = messenger) { serves([messenger]) }

    mutating func serves(_ messengers: [Messenger], places: Set<ProbedPlace> = NoticeTests.places) {
        // So many names that none is missed but where the test wants it.
        let names = places == NoticeTests.places ? Set((0...5000).map { "a\($0)" } + ["stalwart"]) : []
        take(.serves(messengers, places: places, names: names))
    }

    mutating func happens(_ event: EdgeEvent) { take(.happened(event)) }

    /// Time passes, and nothing else happens.
    mutating func passes(_ time: Duration) {
        let end = now + time
        var steps = 0
        while let due = notices.nextDue(after: now), due <= end, steps < 10_000 {
            move(to: max(due, now))
            take(.tick)
            steps += 1
        }
        precondition(steps < 10_000, "it comes back again and again")
        move(to: end)
        take(.tick)
    }

    private mutating func move(to time: ContinuousClock.Instant) {
        let start = now
        now = time
        // Whole seconds in these tests.
        wall += Int(start.duration(to: time) / .seconds(1))
    }

    private mutating func take(_ event: Notices.Event) {
        for effect in notices.take(event, now: now, wall: wall) {
            switch effect {
            case .say(let event): said.append(event)
            case .send(let notice, let messenger):
                attempts += 1
                if failure == nil {
                    told.append(notice)
                    messengers.append(messenger.way)
                }
                take(.delivered(messenger.way, failure: failure))
            }
        }
    }
}
