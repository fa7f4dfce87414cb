import TailwartCore
import Testing

/// When somebody wants to know now.
extension HealthWatchTests {
    /// A watch with a clock, whose probes are answered at once.
    private struct Watched {
        var watch: Watch
        let start = ContinuousClock.now
        var now: ContinuousClock.Instant
        var answer: Verdict
        /// Who was probed when.
        var probes: [String] = []
        var fulfilled: [Watch.Effect] = []

        init(_ subjects: Watch.Subject..., answering answer: Verdict) {
            now = start
            self.answer = answer
            watch = Watch(subjects, reachable: Set(subjects.map(\.key)), now: start, jitter: { 0.5 })
        }

        mutating func take(_ event: Watch.Event, answers: Bool = true) {
            var effects = watch.take(event, now: now, jitter: { 0.5 })
            while !effects.isEmpty {
                switch effects.removeFirst() {
                case .probe(let key, let name, _):
                    probes.append("\(name ?? key) \((now - start) / .seconds(1))")
                    guard answers else { continue }
                    let result = HealthWatchTests.result(answer)
                    effects += watch.take(.probed(key, serverName: name, result), now: now, jitter: { 0.5 })
                case .fulfilled(let number, let late, let resting):
                    fulfilled.append(.fulfilled(number, late: late, resting: resting))
                default: break
                }
            }
        }

        mutating func pass(until end: Double, answers: Bool = true) {
            while let due = watch.nextDue, due <= start + .seconds(end) {
                now = max(now, due)
                take(.tick, answers: answers)
            }
            now = start + .seconds(end)
        }
    }

    private static let minute = Duration.seconds(60)

    @Test func `what is ordered is probed at once, and that it was is told when all of it was`() {
        var watched = Watched(
            Self.subject("a"), Self.subject("b", port: 26), Self.subject("c", port: 27), answering: .well)
        watched.pass(until: 2)
        #expect(watched.probes == ["a 0.5", "b 0.5", "c 0.5"])
        watched.take(.ordered(1, ["a", "c"], within: Self.minute))
        #expect(watched.fulfilled == [])
        watched.pass(until: 3)
        #expect(watched.probes.dropFirst(3) == ["a 2.5", "c 2.5"])
        #expect(watched.fulfilled == [.fulfilled(1, late: [], resting: [])])
        // The usual time begins anew.
        watched.pass(until: 32)
        #expect(watched.probes.dropFirst(5) == ["b 30.5"])
    }

    @Test func `all names of a web server are asked for, one behind the other`() {
        var watched = Watched(Self.subject("web", port: 443, proto: .https, names: ["a", "b", "c"]), answering: .well)
        watched.pass(until: 25)
        watched.probes = []
        watched.take(.ordered(1, ["web"], within: Self.minute))
        watched.pass(until: 26)
        #expect(watched.probes == ["a 25.5", "b 25.5", "c 25.5"])
        #expect(watched.fulfilled.count == 1)
    }

    @Test func `a probe that was under way is not what was ordered`() {
        var watched = Watched(Self.subject("a"), answering: .well)
        watched.pass(until: 1, answers: false)
        watched.take(.ordered(1, ["a"], within: Self.minute))
        watched.take(.probed("a", serverName: nil, Self.result(.silent)))
        #expect(watched.probes == ["a 0.5", "a 1.0"])
        #expect(watched.fulfilled == [.fulfilled(1, late: [], resting: [])])
    }

    @Test func `who has waited long enough is told what is late`() {
        var watched = Watched(Self.subject("a"), Self.subject("b", port: 26), answering: .well)
        watched.pass(until: 1)
        watched.take(.ordered(7, ["a", "b"], within: Self.minute), answers: false)
        watched.pass(until: 60, answers: false)
        #expect(watched.fulfilled == [])
        watched.take(.probed("b", serverName: nil, Self.result(.well)))
        watched.pass(until: 62, answers: false)
        #expect(watched.fulfilled == [.fulfilled(7, late: ["a"], resting: [])])
        // It is probed all the same, and waits for nobody any more.
        watched.take(.probed("a", serverName: nil, Self.result(.well)))
        #expect(watched.fulfilled.count == 1)
    }

    @Test func `orders that come together are one`() {
        var watched = Watched(Self.subject("a"), answering: .well)
        watched.pass(until: 10)
        for number in 1...50 { watched.take(.ordered(number, ["a"], within: Self.minute)) }
        watched.pass(until: 12)
        #expect(watched.probes == ["a 0.5", "a 10.5"])
        #expect(watched.fulfilled.count == 50)
        // And one after the other no more than one in a second.
        for number in 51...60 {
            watched.take(.ordered(number, ["a"], within: Self.minute))
            watched.pass(until: 12 + Double(number - 50) / 10)
        }
        watched.pass(until: 20)
        #expect(watched.probes.count <= 5)
        #expect(watched.fulfilled.count == 60)
    }

    @Test func `what is gone, or was never there, is not waited for`() {
        var watched = Watched(Self.subject("a"), answering: .well)
        watched.pass(until: 1)
        watched.take(.ordered(1, ["nobody"], within: Self.minute))
        watched.take(.ordered(2, ["a"], within: Self.minute), answers: false)
        watched.take(.subjects([], asked: [], reachable: []))
        #expect(watched.fulfilled == [1, 2].map { .fulfilled($0, late: [], resting: []) })
    }

    @Test func `what is asked in another way since is what was ordered`() {
        var watched = Watched(Self.subject("a"), answering: .well)
        watched.pass(until: 5)
        watched.take(.ordered(1, ["a"], within: Self.minute), answers: false)
        watched.pass(until: 6, answers: false)
        watched.take(.subjects([Self.subject("a")], asked: ["a"], reachable: ["a"]))
        watched.pass(until: 8)
        #expect(watched.probes == ["a 0.5", "a 5.5", "a 6.5"])
        #expect(watched.fulfilled.count == 1)
    }

    /// What somebody does who has mended something.
    private static let mended: [(String, Watch.Event)] = [
        ("an order", .ordered(1, ["smtp"], within: minute)),
        ("a reload of the same file", .subjects([subject()], asked: [], reachable: ["smtp"])),
        ("a reload that asks in another way", .subjects([subject()], asked: ["smtp"], reachable: ["smtp"])),
    ]

    @Test(arguments: mended)
    func `the pause of what the mailbox counts is over, and a mended place is healthy within seconds`(
        what: String, event: Watch.Event
    ) {
        var watched = Watched(Self.subject(), answering: .headerNotTrusted)
        watched.pass(until: 600)
        let probes = watched.probes.count
        #expect(watched.watch.reports.first?.standing == .unhealthy)
        watched.answer = .well
        watched.pass(until: 700)
        #expect(watched.probes.count == probes, "it rests")
        watched.take(event)
        watched.pass(until: 703)
        #expect(watched.watch.reports.first?.standing == .healthy)
    }

    @Test(arguments: mended.filter { !$0.0.contains("another way") })
    func `however often somebody asks, a mailbox that counts it does not ban the edge for it`(
        what: String, event: Watch.Event
    ) {
        var watched = Watched(Self.subject(), answering: .headerNotTrusted)
        for minute in 1...288 {
            watched.pass(until: Double(minute * 300))
            watched.take(event)
        }
        #expect((7...8).contains(watched.probes.count), "\(watched.probes)")
        if case .ordered = event {
            #expect(watched.fulfilled.count == 288)
            #expect(watched.fulfilled.last == .fulfilled(1, late: [], resting: ["smtp"]))
        }
    }
}
