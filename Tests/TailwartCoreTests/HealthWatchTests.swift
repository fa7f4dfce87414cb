import TailwartCore
import TailwartTesting
import Testing

@Suite(.ownThreads) struct HealthWatchTests {
    typealias Watch = HealthWatch<String>

    static let interval = Duration.seconds(30)

    static func subject(
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

    static func probed(_ verdict: Verdict, _ key: String = "smtp", name: String? = nil) -> Watch.Event {
        .probed(key, serverName: name, result(verdict))
    }

    static func result(_ verdict: Verdict) -> ProbeResult {
        ProbeResult(verdict, "Seen.", isCostly: verdict.costsQuota)
    }

    private static func mark(
        _ isUnhealthy: Bool, _ key: String = "smtp", costly: Bool = false, forgets: Bool = false
    ) -> Watch.Effect {
        .mark(key, isUnhealthy: isUnhealthy, trialsAreCostly: costly, forgetsTraffic: forgets)
    }

    private static func said(
        _ verdict: Verdict, _ subject: Watch.Subject = subject(), name: String? = nil, joint: Diagnosis.Joint? = nil
    ) -> Watch.Effect {
        .say(.verdict(Diagnosis([AskedPlace(subject.place, serverName: name)], result(verdict), joint: joint)))
    }

    static func turned(
        _ isHealthy: Bool, _ witness: EdgeEvent.Witness, _ subject: Watch.Subject = subject(), isWell: Bool = false
    ) -> Watch.Effect {
        let well = Diagnosis([AskedPlace(subject.place, serverName: nil)], result(.well))
        return .say(.health([subject.place], isHealthy: isHealthy, witness, found: isWell ? well : nil))
    }

    static func traffic(_ successes: Int, _ failures: Int, _ key: String = "smtp") -> Watch.Event {
        .traffic(key, successes: successes, failures: failures)
    }

    private static let setup = [
        subject("smtp", port: 25, fall: 1), subject("imaps", port: 993, proto: .imaps, fall: 1),
        subject("other", endpoint: "b.example"),
    ]

    private static let stories: [Story] = [
        Story(
            "the first probe decides, for good",
            steps: [Step(1, probed(.well), [mark(false), turned(true, .probes, isWell: true)])]),
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
                Step(1, probed(.busy), [mark(false), said(.busy)]),
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
                Step(1, probed(.timeout), [mark(false), said(.timeout)]),
                Step(2, probed(.headerNotTrusted), [mark(false, costly: true), said(.headerNotTrusted)]),
                Step(3, traffic(0, 9)),
            ]),
        Story(
            "a verdict that stays is said once, and it takes three bad ones to fall and two good ones to rise",
            steps: [
                Step(1, probed(.well), [mark(false), turned(true, .probes, isWell: true)]),
                Step(2, probed(.well), [mark(false)]),
                // One that was served is asked twice before it is said.
                Step(3, probed(.timeout), [mark(false)]),
                Step(4, probed(.timeout), [mark(false), said(.timeout, joint: .gone)]),
                Step(5, probed(.timeout), [mark(true), turned(false, .probes)]),
                Step(6, probed(.well), [mark(true)]),
                Step(7, probed(.well), [mark(false, forgets: true), turned(true, .probes, isWell: true)]),
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
                    3, probed(.well), [mark(false, forgets: true), turned(true, .probes, isWell: true)]),
            ]),
        Story(
            "a client's connection shows it too: off at once, until one good probe",
            steps: [
                Step(1, probed(.well), [mark(false), turned(true, .probes, isWell: true)]),
                Step(
                    2, .mistrusted("smtp", isOfOneAddress: false),
                    [mark(true, costly: true), .say(seenByClient()), turned(false, .probes)]),
                Step(3, traffic(1, 0)),
                Step(4, .mistrusted("smtp", isOfOneAddress: false), [mark(true, costly: true)]),
                Step(5, probed(.well), [mark(false, forgets: true), turned(true, .probes, isWell: true)]),
            ]),
        Story(
            "where another address of the place serves it is said, and turns nothing off",
            steps: [
                Step(1, probed(.well), [mark(false), turned(true, .probes, isWell: true)]),
                Step(
                    2, .mistrusted("smtp", isOfOneAddress: true),
                    [mark(false), .say(seenByClient(isOfOneAddress: true))]),
                Step(3, probed(.well), [mark(false), said(.well)]),
            ]),
        Story(
            "connections end where the file says so", [subject(affects: .all, fall: 1, closes: true)],
            steps: [
                Step(
                    1, probed(.silent),
                    [
                        mark(true), .close("smtp"), said(.silent, subject()), turned(false, .probes),
                    ]),
                Step(2, traffic(1, 0), [mark(false, forgets: true), turned(true, .connections)]),
                Step(
                    3, traffic(0, 1),
                    [mark(true), .close("smtp"), turned(false, .connections)]),
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
                Step(1, .tick), Step(1, probed(.tlsFailed, "web", name: "a.example"), [mark(false, "web")]),
                // What is so of one name may be so of the other.
                Step(17, .tick),
                Step(
                    18, probed(.well, "web", name: "b.example"),
                    [
                        mark(false, "web"),
                        said(.tlsFailed, subject(port: 443, proto: .https), name: "a.example"),
                    ]),
            ]),
        Story(
            "all ports refused: whether the server is there is asked once, and one line says it of all ports", setup,
            steps: [
                Step(1, probed(.refused), [mark(true)]),
                Step(1, probed(.refused, "imaps"), [.askSetupPage("imaps")]),
                Step(
                    2, .setupPage("imaps", isOpen: true),
                    [mark(true, "imaps"), .say(booting(setup.prefix(2))), .say(off(setup.prefix(2)))]),
                Step(6, probed(.refused), [mark(true)]),
                Step(23, probed(.refused), [.askSetupPage("smtp")]),
                Step(24, .setupPage("smtp", isOpen: false), [mark(true)]),
                Step(
                    25, probed(.refused, "imaps"),
                    [
                        mark(true, "imaps"),
                        .say(
                            .verdict(
                                Diagnosis(
                                    asked(setup.prefix(2)), result(.refused), joint: .stopped(hasAnswered: false)))),
                    ]),
                Step(26, .setupPage("smtp", isOpen: true)),
            ]),
        Story(
            "one port that answers says that the server is there", setup,
            steps: [
                Step(1, probed(.well), [mark(false)]),
                Step(
                    1, probed(.refused, "imaps"),
                    [
                        mark(true, "imaps"), said(.refused, setup[1]), turned(false, .probes, setup[1]),
                        turned(true, .probes, setup[0], isWell: true),
                    ]),
            ]),
    ]

    private static func seenByClient(isOfOneAddress: Bool = false) -> EdgeEvent {
        var result = ProbeResult(.headerNotTrusted, "The mailbox answered the header of a client's connection.")
        result.isOfOneAddress = isOfOneAddress
        return .verdict(subject().place, result, serverName: nil)
    }

    private static func mismatch(_ missing: [String]) -> ProbeResult {
        ProbeResult(
            .certificateNameMismatch, "Seen.",
            certificate: CertificateReport(
                subject: "CN=a", issuer: "CN=b", names: [], notBefore: 0, notAfter: 1, lifetimeLeft: 1,
                isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: missing))
    }

    private static func asked(_ subjects: ArraySlice<Watch.Subject>) -> [AskedPlace] {
        subjects.map { AskedPlace($0.place, serverName: nil) }
    }

    private static func booting(_ subjects: ArraySlice<Watch.Subject>) -> EdgeEvent {
        var result = ProbeResult(.booting, "All mail ports are refused, and port 8080 answers.")
        result.server = .stalwart
        return .verdict(Diagnosis(asked(subjects), result))
    }

    private static func off(_ subjects: ArraySlice<Watch.Subject>) -> EdgeEvent {
        .health(subjects.map(\.place), isHealthy: false, .probes)
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
}
