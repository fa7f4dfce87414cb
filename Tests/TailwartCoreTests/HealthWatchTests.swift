import TailwartCore
import Testing

@Suite struct HealthWatchTests {
    typealias Watch = HealthWatch<String>

    private static let interval = Duration.seconds(30)

    private static func subject(
        _ key: String = "smtp", endpoint: String = "stalwart.example", port: UInt16 = 25,
        proto: ListenerProtocol = .smtp, affects: HealthSettings.Affects = .reachability, rise: Int = 2, fall: Int = 3,
        closes: Bool = false, names: [String?] = [nil]
    ) -> Watch.Subject {
        Watch.Subject(
            key: key,
            place: ProbedPlace(upstream: "mailbox", endpoint: endpoint, hasPort: false, port: port, proto: proto),
            interval: interval, affects: affects, rise: rise, fall: fall, closesIfUnhealthy: closes, serverNames: names)
    }

    /// Something that happens, some seconds after the start, and what follows from it. A probe that was asked for is no news here.
    struct Step: Sendable {
        let at: Double
        let event: Watch.Event
        let effects: [Watch.Effect]

        init(_ at: Double, _ event: Watch.Event, _ effects: [Watch.Effect] = []) {
            (self.at, self.event, self.effects) = (at, event, effects)
        }
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let subjects: [Watch.Subject]
        let steps: [Step]

        init(_ name: String, _ subjects: [Watch.Subject] = [subject()], steps: [Step]) {
            (testDescription, self.subjects, self.steps) = (name, subjects, steps)
        }
    }

    // MARK: - short words for long things

    private static func probed(_ verdict: Verdict, _ key: String = "smtp", name: String? = nil) -> Watch.Event {
        .probed(key, serverName: name, result(verdict))
    }

    private static func result(_ verdict: Verdict) -> ProbeResult {
        ProbeResult(verdict, "Seen.", isCostly: verdict.costsQuota)
    }

    private static func mark(
        _ isUnhealthy: Bool, _ key: String = "smtp", costly: Bool = false, forgets: Bool = false
    ) -> Watch.Effect {
        .mark(key, isUnhealthy: isUnhealthy, trialsAreCostly: costly, forgetsTraffic: forgets)
    }

    private static func said(
        _ verdict: Verdict, _ subject: Watch.Subject = subject(), name: String? = nil
    ) -> Watch.Effect {
        .say(.verdict(subject.place, result(verdict), serverName: name))
    }

    private static func turned(
        _ isHealthy: Bool, _ witness: EdgeEvent.Witness, _ subject: Watch.Subject = subject()
    ) -> Watch.Effect {
        .say(.health(subject.place, isHealthy: isHealthy, witness))
    }

    private static func traffic(_ successes: Int, _ failures: Int, _ key: String = "smtp") -> Watch.Event {
        .traffic(key, successes: successes, failures: failures)
    }

    private static let setup = [
        subject("smtp", port: 25, fall: 1), subject("imaps", port: 993, proto: .imaps, fall: 1),
        subject("other", endpoint: "b.example"),
    ]

    private static let stories: [Story] = [
        Story(
            "the first probe decides, for good",
            steps: [Step(1, probed(.well), [mark(false), said(.well), turned(true, .probes)])]),
        Story(
            "the first bad probe alone turns nothing off",
            steps: [
                Step(1, probed(.timeout), [mark(false), said(.timeout)]),
                Step(6, probed(.timeout), [mark(false)]),
                Step(11, probed(.timeout), [mark(true), turned(false, .probes)]),
            ]),
        Story(
            "the first bad probe turns off what connections were dialled in vain to",
            steps: [
                Step(1, traffic(0, 1)),
                Step(1, probed(.timeout), [mark(true), said(.timeout), turned(false, .probes)]),
            ]),
        Story(
            "a connection that is dialled in vain turns off what the first probe did not reach",
            steps: [
                Step(1, probed(.timeout), [mark(false), said(.timeout)]),
                Step(2, traffic(0, 1), [mark(true), turned(false, .connections)]),
            ]),
        Story(
            "what a server says is told and turns nothing off, for however long",
            steps: [
                Step(1, probed(.busy), [mark(false), said(.busy), turned(true, .probes)]),
                Step(2, probed(.tlsFailed), [mark(false), said(.tlsFailed)]),
                Step(3, probed(.silent), [mark(false), said(.silent)]),
                Step(4, probed(.silent), [mark(false)]), Step(5, probed(.silent), [mark(false)]),
                Step(6, probed(.silent), [mark(false)]),
                Step(7, probed(.wrongProtocol), [mark(false, costly: true), said(.wrongProtocol)]),
                Step(8, probed(.ehloRefused), [mark(false), said(.ehloRefused)]),
                Step(9, probed(.banned), [mark(false), said(.banned)]),
                Step(10, probed(.headerRequired), [mark(false), said(.headerRequired)]),
            ]),
        Story(
            "where nothing counts, probes only speak", [subject(affects: .nothing, rise: 1, fall: 1)],
            steps: [
                Step(1, probed(.timeout), [mark(false), said(.timeout), turned(true, .probes)]),
                Step(2, probed(.headerNotTrusted), [mark(false, costly: true), said(.headerNotTrusted)]),
                Step(3, traffic(0, 9)),
            ]),
        Story(
            "a verdict that stays is said once, and it takes three bad ones to fall and two good ones to rise",
            steps: [
                Step(1, probed(.well), [mark(false), said(.well), turned(true, .probes)]),
                Step(2, probed(.well), [mark(false)]),
                Step(3, probed(.timeout), [mark(false), said(.timeout)]),
                Step(4, probed(.timeout), [mark(false)]),
                Step(5, probed(.timeout), [mark(true), turned(false, .probes)]),
                Step(6, probed(.well), [mark(true), said(.well)]),
                Step(7, probed(.well), [mark(false, forgets: true), turned(true, .probes)]),
            ]),
        Story(
            "what is only degraded gets its connections",
            steps: [
                Step(
                    1, probed(.certificateExpired),
                    [mark(false), said(.certificateExpired), turned(true, .probes)])
            ]),
        Story(
            "connections that are served make a place healthy at once, connections that are not make it unhealthy",
            steps: [
                Step(1, traffic(0, 1)),
                Step(1, probed(.timeout), [mark(true), said(.timeout), turned(false, .probes)]),
                Step(2, traffic(1, 0), [mark(false, forgets: true), turned(true, .connections)]),
                Step(3, traffic(0, 2)), Step(4, traffic(1, 5)), Step(5, traffic(0, 2)),
                Step(6, traffic(0, 1), [mark(true), turned(false, .connections)]),
            ]),
        Story(
            "before the first probe traffic says nothing", steps: [Step(1, traffic(0, 100)), Step(1, traffic(1, 0))]),
        Story(
            "a greeting does not disprove that the header is taken for commands, and trials are costly there",
            steps: [
                Step(
                    1, probed(.headerNotTrusted),
                    [mark(true, costly: true), said(.headerNotTrusted), turned(false, .probes)]),
                Step(2, traffic(3, 0)),
                // One good probe is enough.
                Step(
                    3, probed(.well), [mark(false, forgets: true), said(.well), turned(true, .probes)]),
            ]),
        Story(
            "a client's connection shows it too: off at once, until one good probe",
            steps: [
                Step(1, probed(.well), [mark(false), said(.well), turned(true, .probes)]),
                Step(2, .mistrusted("smtp"), [mark(true, costly: true), .say(seenByClient), turned(false, .probes)]),
                Step(3, traffic(1, 0)),
                Step(4, .mistrusted("smtp"), [mark(true, costly: true)]),
                Step(5, probed(.well), [mark(false, forgets: true), said(.well), turned(true, .probes)]),
            ]),
        Story(
            "connections end where the file says so", [subject(affects: .all, fall: 1, closes: true)],
            steps: [
                Step(
                    1, probed(.silent),
                    [
                        mark(true), said(.silent, subject()), turned(false, .probes), .close("smtp"),
                    ]),
                Step(2, traffic(1, 0), [mark(false, forgets: true), turned(true, .connections)]),
                Step(
                    3, traffic(0, 1),
                    [mark(true), turned(false, .connections), .close("smtp")]),
            ]),
        Story(
            "a certificate that lacks another name is news", [subject()],
            steps: [
                Step(
                    1, .probed("smtp", serverName: nil, mismatch(["a"])),
                    [
                        mark(false), .say(.verdict(subject().place, mismatch(["a"]), serverName: nil)),
                        turned(true, .probes),
                    ]),
                Step(2, .probed("smtp", serverName: nil, mismatch(["a"])), [mark(false)]),
                Step(
                    3, .probed("smtp", serverName: nil, mismatch(["b"])),
                    [mark(false), .say(.verdict(subject().place, mismatch(["b"]), serverName: nil))]),
            ]),
        Story(
            "a web server may refuse the handshake for one of many names and serve the others",
            [subject("web", port: 443, proto: .https, affects: .all, fall: 1, names: ["a.example", "b.example"])],
            steps: [
                Step(
                    1, probed(.tlsFailed, "web", name: "a.example"),
                    [
                        mark(false, "web"),
                        said(.tlsFailed, subject(port: 443, proto: .https), name: "a.example"),
                        turned(true, .probes, subject(port: 443, proto: .https)),
                    ])
            ]),
        Story(
            "all ports refused: whether the server is there is asked once, and holds for the other ports", setup,
            steps: [
                Step(
                    1, probed(.refused),
                    [mark(true), said(.refused, setup[0]), turned(false, .probes, setup[0])]),
                Step(1, probed(.refused, "imaps"), [.askSetupPage("imaps")]),
                Step(
                    2, .setupPage("imaps", isOpen: true),
                    [mark(true, "imaps"), .say(booting(setup[1])), turned(false, .probes, setup[1])]),
                Step(6, probed(.refused), [mark(true), .say(booting(setup[0]))]),
                Step(23, probed(.refused), [.askSetupPage("smtp")]),
                Step(24, .setupPage("smtp", isOpen: false), [mark(true), said(.refused, setup[0])]),
                Step(25, .setupPage("smtp", isOpen: true)),
            ]),
        Story(
            "one port that answers says that the server is there", setup,
            steps: [
                Step(
                    1, probed(.well), [mark(false), said(.well, setup[0]), turned(true, .probes, setup[0])]),
                Step(
                    1, probed(.refused, "imaps"),
                    [mark(true, "imaps"), said(.refused, setup[1]), turned(false, .probes, setup[1])]),
            ]),
    ]

    private static let seenByClient = EdgeEvent.verdict(
        subject().place,
        ProbeResult(.headerNotTrusted, "The mailbox answered the header of a client's connection."), serverName: nil)

    private static func mismatch(_ missing: [String]) -> ProbeResult {
        ProbeResult(
            .certificateNameMismatch, "Seen.",
            certificate: CertificateReport(
                subject: "CN=a", issuer: "CN=b", names: [], notBefore: 0, notAfter: 1, lifetimeLeft: 1,
                isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: missing))
    }

    private static func booting(_ subject: Watch.Subject) -> EdgeEvent {
        .verdict(
            subject.place, ProbeResult(.booting, "All mail ports are refused, and port 8080 answers."), serverName: nil)
    }

    @Test(arguments: stories)
    func `what probes and connections find out decides`(story: Story) {
        let start = ContinuousClock.now
        var watch = Watch(story.subjects, reachable: Set(story.subjects.map(\.key)), now: start, jitter: { 0.5 })
        for (number, step) in story.steps.enumerated() {
            let effects = watch.take(step.event, now: start + .seconds(step.at), jitter: { 0.5 })
            let news = effects.filter { effect in
                switch effect {
                case .probe, .lookAtTraffic: false
                default: true
                }
            }
            #expect(news == step.effects, "step \(number)")
        }
    }

    // MARK: - time

    /// When probes begin, in seconds, if each is answered at once.
    private func probes(
        _ subjects: [Watch.Subject], for seconds: Double, jitter: Double = 0.5, reachable: Set<String>? = nil,
        answer: (String, Double) -> Verdict
    ) -> [(at: Double, key: String, name: String?)] {
        let start = ContinuousClock.now
        var watch = Watch(
            subjects, reachable: reachable ?? Set(subjects.map(\.key)), now: start, jitter: { jitter })
        var probes: [(at: Double, key: String, name: String?)] = []
        while let due = watch.nextDue {
            let at = (due - start) / .seconds(1)
            guard at <= seconds else { break }
            var effects = watch.take(.tick, now: due, jitter: { jitter })
            while !effects.isEmpty {
                guard case .probe(let key, let name, _) = effects.removeFirst() else { continue }
                probes.append((at, key, name))
                let result = Self.result(answer(key, at))
                effects += watch.take(.probed(key, serverName: name, result), now: due, jitter: { jitter })
            }
        }
        return probes
    }

    @Test(arguments: [(0, [0, 27, 54]), (0.5, [0.5, 30.5, 60.5]), (1, [1, 34, 67])] as [(Double, [Double])])
    func `a healthy place is probed at its interval, give or take a tenth`(jitter: Double, expected: [Double]) {
        let times = probes([Self.subject()], for: 67.5, jitter: jitter) { _, _ in .well }.map(\.at)
        #expect(times.count == expected.count)
        for (time, wanted) in zip(times, expected) { #expect(abs(time - wanted) < 0.001) }
    }

    @Test func `a place that cannot be reached is probed every five seconds`() {
        #expect(probes([Self.subject()], for: 16, answer: { _, _ in .timeout }).map(\.at) == [0.5, 5.5, 10.5, 15.5])
    }

    @Test
    func `a place that greets before the header is listened to every five seconds, and a mended one is used at once`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 1 })
        let free = ProbeResult(.headerNotTrusted, "Seen.")
        var (now, count, turned) = (start, 0, false)
        while let due = watch.nextDue, due < start + .seconds(3600) {
            now = due
            for case .probe(let key, let name, nil) in watch.take(.tick, now: now, jitter: { 1 }) {
                count += 1
                _ = watch.take(.probed(key, serverName: name, free), now: now, jitter: { 1 })
            }
        }
        #expect(count > 600)
        while let due = watch.nextDue, !turned {
            #expect(due < now + .seconds(6))
            for case .probe(let key, let name, nil) in watch.take(.tick, now: due, jitter: { 1 }) {
                let effects = watch.take(.probed(key, serverName: name, Self.result(.well)), now: due, jitter: { 1 })
                turned = effects.contains(Self.turned(true, .probes))
            }
        }
    }

    @Test
    func `what a client's connection shows brings the next probe forward, and does not disturb one that is under way`()
    {
        let start = ContinuousClock.now
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start, jitter: { 0 }).count == 1)
        _ = watch.take(.mistrusted("smtp"), now: at(1), jitter: { 0 })
        #expect(watch.take(.tick, now: at(100), jitter: { 0 }) == [.lookAtTraffic])
        _ = watch.take(Self.probed(.well), now: at(100), jitter: { 0 })
        _ = watch.take(.mistrusted("smtp"), now: at(101), jitter: { 0 })
        let next = watch.take(.tick, now: at(105.5), jitter: { 0 })
        #expect(next.first == .probe("smtp", serverName: nil, listensFor: nil))
    }

    @Test func `after a costly probe the next ones listen first`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start, jitter: { 0 }) == [.probe("smtp", serverName: nil, listensFor: nil)])
        let costly = ProbeResult(.headerNotTrusted, "Seen.", greeting: .seconds(1.5), isCostly: true)
        _ = watch.take(.probed("smtp", serverName: nil, costly), now: start, jitter: { 0 })
        let later = watch.take(.tick, now: start + .seconds(4.5), jitter: { 0 })
        #expect(later.first == .probe("smtp", serverName: nil, listensFor: .seconds(3)))
    }

    @Test func `a place where clients are served is probed every five minutes`() {
        for (proto, names, served, count) in [
            (ListenerProtocol.smtp, [nil], true, 12), (.smtp, [nil], false, 120), (.https, ["a"], true, 12),
            (.https, ["a", "b"], true, 120),
        ] as [(ListenerProtocol, [String?], Bool, Int)] {
            let start = ContinuousClock.now
            var watch = Watch(
                [Self.subject(proto: proto, names: names)], reachable: ["smtp"], now: start, jitter: { 0.5 })
            var probes = 0
            while let due = watch.nextDue, due < start + .seconds(3600) {
                for effect in watch.take(.tick, now: due, jitter: { 0.5 }) {
                    switch effect {
                    case .probe(let key, let name, _):
                        probes += 1
                        _ = watch.take(
                            .probed(key, serverName: name, Self.result(.well)), now: due, jitter: { 0.5 })
                    case .lookAtTraffic where served: _ = watch.take(Self.traffic(1, 0), now: due, jitter: { 0.5 })
                    default: break
                    }
                }
            }
            #expect(probes == count, "\(proto) \(names.count)")
        }
    }

    @Test func `a connection that is dialled in vain brings the next probe forward`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        _ = watch.take(.tick, now: start, jitter: { 0 })
        _ = watch.take(Self.probed(.well), now: at(1), jitter: { 0 })
        _ = watch.take(Self.traffic(5, 0), now: at(2), jitter: { 0 })
        #expect(watch.take(.tick, now: at(200), jitter: { 0 }) == [.lookAtTraffic])
        _ = watch.take(Self.traffic(0, 1), now: at(201), jitter: { 0 })
        #expect(watch.take(.tick, now: at(205), jitter: { 0 }) == [.lookAtTraffic])
        #expect(
            watch.take(.tick, now: at(206), jitter: { 0 }).first
                == .probe("smtp", serverName: nil, listensFor: nil))
    }

    @Test func `a place is not probed again while a probe is under way`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: ["smtp"], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start, jitter: { 0 }) == [.probe("smtp", serverName: nil, listensFor: nil)])
        let later = watch.take(.tick, now: start + .seconds(600), jitter: { 0 })
        #expect(later == [.lookAtTraffic])
    }

    @Test func `a name that does not resolve has ten seconds before its place is judged`() {
        let late = probes([Self.subject()], for: 12, reachable: [], answer: { _, _ in .nameUnknown })
        #expect(late.map(\.at) == [10.5])
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: [], now: start, jitter: { 0 })
        #expect(watch.take(.tick, now: start + .seconds(1), jitter: { 0 }).isEmpty)
        #expect(
            watch.take(.reachable(["smtp"]), now: start + .seconds(1.5), jitter: { 0 })
                == [.probe("smtp", serverName: nil, listensFor: nil)])
    }

    @Test func `the names of a web server are asked for in turn`() {
        let web = Self.subject("web", port: 443, proto: .https, names: ["a", "b", "c"])
        #expect(probes([web], for: 91, answer: { _, _ in .well }).map(\.name) == ["a", "b", "c", "a"])
    }

    @Test func `probes that the mailbox counts are few`() {
        // At once, then a quarter of an hour, four hours, twelve hours: rounded up to the next time that it is looked.
        #expect(probes([Self.subject()], for: 86_400, answer: { _, _ in .headerNotTrusted }).count == 5)
    }

    @Test func `mending one port frees the others of its endpoint, and no more`() {
        let others = ["submission", "elsewhere"]
        let start = ContinuousClock.now
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        var watch = Watch(
            [
                Self.subject(), Self.subject("submission", port: 587, proto: .submission),
                Self.subject("elsewhere", endpoint: "b.example"),
            ], reachable: Set(["smtp"] + others), now: start, jitter: { 0.5 })
        #expect(watch.take(.tick, now: at(0.5), jitter: { 0.5 }).count == 3)
        for _ in 0...1 {
            _ = watch.take(Self.probed(.headerNotTrusted), now: at(1), jitter: { 0.5 })
            for key in others { _ = watch.take(Self.probed(.headerNotTrusted, key), now: at(60), jitter: { 0.5 }) }
        }
        #expect(
            watch.take(.tick, now: at(902), jitter: { 0.5 }) == [
                .probe("smtp", serverName: nil, listensFor: .seconds(2.5)), .lookAtTraffic,
            ])
        let effects = watch.take(Self.probed(.well), now: at(910), jitter: { 0.5 })
        #expect(effects.contains(.probe("submission", serverName: nil, listensFor: nil)))
        #expect(!effects.contains(.probe("elsewhere", serverName: nil, listensFor: nil)))
    }

    @Test func `connections that are served lift the pause`() {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject(proto: .https)], reachable: ["smtp"], now: start, jitter: { 0.5 })
        let at = { (seconds: Double) in start + Duration.seconds(seconds) }
        _ = watch.take(.tick, now: at(0.5), jitter: { 0.5 })
        for _ in 0...1 { _ = watch.take(Self.probed(.headerNotTrusted), now: at(0.6), jitter: { 0.5 }) }
        #expect(watch.take(.tick, now: at(10), jitter: { 0.5 }) == [.lookAtTraffic])
        _ = watch.take(Self.traffic(1, 0), now: at(11), jitter: { 0.5 })
        #expect(
            watch.take(.tick, now: at(20), jitter: { 0.5 }).contains(.probe("smtp", serverName: nil, listensFor: nil)))
    }

    @Test func `traffic is looked at every two seconds, and nothing is due where nothing is watched`() throws {
        let start = ContinuousClock.now
        var watch = Watch([Self.subject()], reachable: [], now: start, jitter: { 1 })
        #expect(try #require(watch.nextDue) == start + .seconds(2))
        #expect(watch.take(.tick, now: start + .seconds(2), jitter: { 1 }) == [.lookAtTraffic])
        #expect(try #require(watch.nextDue) == start + .seconds(4))
        let empty = Watch([], reachable: [], now: start, jitter: { 1 })
        #expect(empty.nextDue == nil)
    }
}
