import Foundation
import TailwartCore
import TailwartTesting
import Testing

/// What is said of an endpoint with several ports: one line for each cause.
@Suite(.ownThreads) struct HeraldTests {
    typealias Watch = HealthWatch<UInt16>

    /// A mailbox as each probe of it finds it, a client now and then, and all that is said, with the seconds since the start.
    struct Story {
        static let protocols: [(UInt16, ListenerProtocol)] = [
            (25, .smtp), (465, .submissions), (587, .submission), (993, .imaps), (443, .https),
        ]

        var host = "mail.example"
        var upstreams: [UInt16: String] = [:]
        var ports = protocols
        var interval = Duration.seconds(30)
        /// The names that port 443 is asked for, and those of them that its certificate does not have, at a time in seconds.
        var names: [String?] = [nil]
        var lacks: (String, Double) -> Bool = { _, _ in false }
        /// Of a port, at a time in seconds.
        var verdict: (UInt16, Double) -> Verdict
        var server: (UInt16) -> MailServer? = { _ in .postfix }
        /// How long a probe lasts that finds it, in seconds.
        var lasts: (Verdict) -> Double = { $0 == .timeout ? 5 : 0.1 }
        /// Clients that are dialled in vain, on port 25, from one look to the next.
        var clients = 0
        var isPathUp: Bool?
        /// What the tailnet says, and when.
        var news: [(at: Double, news: TailnetNews)] = []

        private(set) var said: [(at: Double, event: EdgeEvent)] = []
        private(set) var probes: [UInt16: [Double]] = [:]

        init(_ verdict: @escaping (UInt16, Double) -> Verdict) { self.verdict = verdict }

        var lines: [String] { said.map(\.event.sentence) }

        func lines(after time: Double) -> [String] { said.filter { $0.at > time }.map(\.event.sentence) }

        func verdicts(after time: Double) -> [Diagnosis] {
            said.compactMap { said in
                guard said.at > time, case .verdict(let found) = said.event else { return nil }
                return found
            }
        }

        /// - Parameter seed: of the moments at which ports are asked.
        mutating func run(until end: Double, seed: UInt64 = 7) {
            let start = ContinuousClock.now
            var random = SeededRandom(seed: seed)
            let jitter = { Double(random.next() >> 11) / Double(1 << 53) }
            let subjects = ports.map { port, proto in
                Watch.Subject(
                    key: port,
                    place: ProbedPlace(
                        upstream: upstreams[port] ?? "mailbox", endpoint: host, hasPort: false, port: port, proto: proto
                    ),
                    interval: interval, affects: .reachability, rise: 2, fall: 3, closesIfUnhealthy: false,
                    serverNames: port == 443 ? names : [nil])
            }
            var watch = Watch(subjects, reachable: Set(ports.map(\.0)), now: start, jitter: jitter)
            var waiting = news.map { (at: start + .seconds($0.at), event: Watch.Event.tailnet($0.news)) }
            while true {
                let next = waiting.indices.min { waiting[$0].at < waiting[$1].at }
                let due = watch.nextDue
                guard let now = [due, next.map { waiting[$0].at }].compactMap(\.self).min(),
                    now <= start + .seconds(end)
                else { return }
                let event = next.flatMap { waiting[$0].at <= now ? waiting.remove(at: $0).event : nil } ?? .tick
                let at = (now - start) / .seconds(1)
                for effect in watch.take(event, now: now, jitter: jitter) {
                    switch effect {
                    case .probe(let port, let name, _):
                        let found = verdict(port, at)
                        probes[port, default: []].append(at)
                        var result = ProbeResult(found, "Seen at \(port).")
                        if let name, lacks(name, at) {
                            result = ProbeResult(
                                .certificateNameMismatch, "Seen at \(port).",
                                certificate: CertificateReport(
                                    subject: "", issuer: "", names: [], notBefore: 0, notAfter: 0, lifetimeLeft: 1,
                                    isSelfSigned: false, isFallback: false, chainProblem: nil, missingNames: [name]))
                        }
                        if result.verdict.grade != .failed { result.server = server(port) }
                        waiting.append((now + .seconds(lasts(found)), .probed(port, serverName: name, result)))
                    case .lookAtTraffic:
                        let isOff = verdict(25, at).turnsOff(.reachability)
                        if clients > 0 {
                            waiting.append(
                                (now, .traffic(25, successes: isOff ? 0 : clients, failures: isOff ? clients : 0)))
                        }
                    case .askSetupPage(let port):
                        waiting.append((now + .milliseconds(100), .setupPage(port, isOpen: false)))
                    case .askPath(let port): waiting.append((now + .milliseconds(100), .path(port, isUp: isPathUp)))
                    case .say(let event): said.append((at, event))
                    case .mark, .close, .fulfilled: break
                    }
                }
            }
        }
    }

    private static let ports = ":25 (smtp), :465 (submissions), :587 (submission), :993 (imaps), :443 (https)"

    private static func news(_ change: TailnetNews.Change, _ sentence: String, fix: String? = nil) -> TailnetNews {
        var news = TailnetNews(change: change, level: .error, sentence: sentence, fix: fix)
        news.name = "mail.example"
        return news
    }

    // MARK: - one cause, five ports

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a start makes one line for five ports`(seed: UInt64) {
        var story = Story { _, _ in .well }
        story.run(until: 600, seed: seed)
        #expect(story.lines == ["mailbox mail.example\(Self.ports) is healthy, as probes say: Seen at 25."])
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>, [0, 3])
    func `a reboot of 65 seconds makes three lines at most, and none of them blames a grant`(seed: UInt64, clients: Int)
    {
        var story = Story { port, at in
            switch at {
            // Its servers end, the host is away, and they begin one after the other.
            case 200..<203: .refused
            case 203..<255: .timeout
            case 255..<(263 + Double(port % 3)): .refused
            default: .well
            }
        }
        story.clients = clients
        story.run(until: 900, seed: seed)
        let lines = story.lines(after: 199)
        #expect(lines.count <= 3, "\(lines)")
        #expect(!lines.contains { $0.contains("tailwart acl") && !$0.contains("in a tailnet") }, "\(lines)")
        #expect(!lines.contains { $0.contains("Enable the port") }, "\(lines)")
    }

    @Test func `a mail server that is stopped is one line, which says how to start it`() throws {
        var story = Story { _, at in at < 200 ? .well : .refused }
        story.server = { $0 == 993 ? .dovecot : $0 == 443 ? nil : .postfix }
        story.run(until: 3600)
        let found = story.verdicts(after: 199)
        try #require(found.count == 1, "\(story.lines)")
        let line = EdgeEvent.verdict(found[0]).sentence
        #expect(
            line
                == "mailbox mail.example\(Self.ports): refused: Nothing listens on any port of this host: is the mail server "
                + "running? It answered before, so it may be restarting. Seen at 25. If it is not back in a minute, start it "
                + "(`systemctl start postfix dovecot`, or `docker compose up -d`). If it runs, see whether it bans this edge's "
                + "address.")
        // And that it is off.
        #expect(story.lines(after: 199).count == 2, "\(story.lines)")
    }

    @Test(arguments: [MailServer.stalwart, .postfix, .exim, .opensmtpd, .chasquid, .dovecot])
    func `how a mail server is started is said of the one that greeted`(server: MailServer) throws {
        var story = Story { _, at in at < 100 ? .well : .refused }
        story.server = { _ in server }
        story.run(until: 300)
        let fix = try #require(story.verdicts(after: 99).first).fix
        #expect(fix.contains("`systemctl start \(server == .exim ? "exim4" : server.rawValue)`"))
    }

    @Test func `a mail server that never answered is asked for, and nobody is said to have banned anybody`() throws {
        var story = Story { _, _ in .refused }
        story.run(until: 600)
        let found = story.verdicts(after: 0)
        try #require(found.count == 1, "\(story.lines)")
        #expect(found[0].joint == .stopped(hasAnswered: false))
        #expect(found[0].cause == "Nothing listens on any port of this host: is the mail server running?")
        #expect(!found[0].fix.contains("ban"))
    }

    @Test func `a restart that one probe meets is no outage and no ban`() {
        var story = Story { port, at in port == 25 && (240..<243).contains(at) ? .refused : .well }
        for seed in 1...200 as ClosedRange<UInt64> {
            story.run(until: 300, seed: seed)
        }
        #expect(!story.lines.contains { $0.contains("refused") }, "\(story.lines)")
    }

    @Test func `one port that is closed from the start is said of that port alone`() {
        var story = Story { port, _ in port == 587 ? .refused : .well }
        story.server = { _ in .stalwart }
        story.run(until: 600)
        let found = story.verdicts(after: 0)
        #expect(found.map(\.label) == ["mailbox mail.example:587 (submission)"])
        #expect(found.first?.fix == Verdict.refused.fix(of: .stalwart))
    }

    @Test func `a port that fails an hour later is news, and one that fails beside it with the same cause is not`() {
        var story = Story { port, at in
            switch port {
            case 465: at < 200 ? .well : .silent
            case 993: at < 4000 ? .well : .silent
            default: .well
            }
        }
        story.run(until: 6000)
        #expect(
            story.verdicts(after: 199).map(\.label) == [
                "mailbox mail.example:465 (submissions)", "mailbox mail.example:993 (imaps)",
            ])
    }

    @Test func `a certificate that ends is one line for all ports that show it, and so is its end`() {
        var story = Story { port, at in port != 25 && (200..<1000).contains(at) ? .certificateExpired : .well }
        story.run(until: 2000)
        let found = story.verdicts(after: 199)
        #expect(
            found.map(\.label) == [
                "mailbox mail.example:465 (submissions), :587 (submission), :993 (imaps), :443 (https)",
                "mailbox mail.example:465 (submissions), :587 (submission), :993 (imaps), :443 (https)",
            ], "\(story.lines)")
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `names that one certificate lacks are one line, and one that it lacks later is another`(seed: UInt64) {
        var story = Story { _, _ in .well }
        story.names = ["a.example", "b.example", "c.example", "d.example", "e.example"]
        story.lacks = { name, at in name == "e.example" ? at > 1000 : name != "a.example" && at > 400 }
        story.run(until: 2000, seed: seed)
        #expect(
            story.verdicts(after: 0).map(\.label) == [
                "mailbox mail.example:443 (https, b.example, c.example, d.example)",
                "mailbox mail.example:443 (https, e.example)",
            ], "\(story.lines)")
    }

    // MARK: - bans

    @Test(arguments: [Verdict.refused, .timeout])
    func `a port that answered and does not while another does is said to be banned first`(verdict: Verdict) throws {
        var story = Story { port, at in at > 200 && port != 993 && port != 443 ? verdict : .well }
        story.run(until: 900)
        let found = story.verdicts(after: 199)
        try #require(found.count == 1, "\(story.lines)")
        #expect(found[0].label == "mailbox mail.example:25 (smtp), :465 (submissions), :587 (submission)")
        #expect(found[0].verdict == verdict)
        #expect(found[0].cause.contains("a ban of this edge's address there, or the service"))
        #expect(found[0].fix.contains("`fail2ban-client unban ADDRESS`"))
        #expect(!found[0].fix.contains("tailwart acl"))
    }

    @Test(
        arguments: [
            (true, true, .barredAll, "a ban of this edge's address"),
            (true, false, .ungranted, "the tailnet's policy"),
            (false, true, .away, "it is off, or has no network"), (false, false, .away, "it is off, or has no network"),
            (nil, true, .gone, "the host is off or restarting"),
        ] as [(Bool?, Bool, Diagnosis.Joint, String)])
    func `where no port says anything, the tailnet knows whether the host is there`(
        isPathUp: Bool?, hasAnswered: Bool, joint: Diagnosis.Joint, words: String
    ) throws {
        var story = Story { _, at in hasAnswered && at < 200 ? .well : .timeout }
        story.host = "100.64.0.7"
        story.isPathUp = isPathUp
        story.run(until: 900)
        let found = story.verdicts(after: hasAnswered ? 199 : 0)
        try #require(found.count == 1, "\(story.lines)")
        #expect(found[0].joint == joint)
        #expect(found[0].cause.contains(words))
        #expect(found[0].asked.count == 5)
    }

    @Test(arguments: [UInt16(25), 587, 993], 1...20 as ClosedRange<UInt64>)
    func `a probe whose conversation stands still when everything is dropped does not make two causes of one`(
        interrupted: UInt16, seed: UInt64
    ) throws {
        try Self.drop(under: interrupted, seed) { port, hasBegun, interrupts in
            interrupts ? .silent : hasBegun ? .timeout : .well
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `nor does one whose conversation is reset`(seed: UInt64) throws {
        try Self.drop(under: 993, seed) { port, hasBegun, interrupts in
            interrupts ? .busy : hasBegun ? .timeout : .well
        }
    }

    /// With the short interval one is asked again, and is away by then, before the other comes to its end.
    @Test(arguments: [1, 30], 1...20 as ClosedRange<UInt64>)
    func `nor do two that stand still at once`(interval: Int, seed: UInt64) throws {
        try Self.drop(under: 993, seed, besides: 25, interval: .seconds(interval)) { port, hasBegun, interrupts in
            interrupts ? .silent : hasBegun ? .timeout : .well
        }
    }

    /// Everything of the host is closed while a probe of one port is under way, and perhaps another's.
    private static func drop(
        under interrupted: UInt16, _ seed: UInt64, besides other: UInt16? = nil, interval: Duration = .seconds(30),
        _ found: @escaping (UInt16, Bool, Bool) -> Verdict
    ) throws {
        var began: Double?
        var isOtherDone = other == nil
        var story = Story { port, at in
            var interrupts = began == nil && at > 200 && port == interrupted
            if interrupts { began = at }
            if port == other, began != nil, !isOtherDone { (interrupts, isOtherDone) = (true, true) }
            return found(port, began.map { at > $0 } ?? false, interrupts)
        }
        story.interval = interval
        story.lasts = { $0 == .silent ? 35 : $0 == .timeout ? min(5, interval / .seconds(2)) : 0.1 }
        story.host = "100.64.0.7"
        story.isPathUp = true
        story.run(until: 900, seed: seed)
        let lines = story.lines(after: 199)
        let verdicts = story.verdicts(after: 199)
        try #require(verdicts.count == 1, "\(lines)")
        #expect(verdicts[0].joint == .barredAll, "\(lines)")
        #expect(verdicts[0].places.count == 5, "\(lines)")
        // And that all are off.
        #expect(lines.count == 2, "\(lines)")
    }

    // MARK: - what follows

    @Test func `what the tailnet has said is not said again as five other causes`() throws {
        var story = Story { port, at in at < 200 ? .well : port == 443 ? .unreachable : .timeout }
        story.news = [(203, Self.news(.peerOffline, "mail.example is offline", fix: "look at that host"))]
        story.run(until: 900)
        let found = story.verdicts(after: 199)
        try #require(found.count == 1, "\(story.lines)")
        #expect(found[0].cause == "That follows from the tailnet: mail.example is offline.")
        #expect(found[0].fix == "Look at that host.")
        #expect(found[0].asked.count == 5)
    }

    @Test func `a probe that stood still while its path changed gives no verdict`() {
        for verdict in [Verdict.silent, .timeout] {
            var story = Story { port, at in port == 993 && (210..<240).contains(at) ? verdict : .well }
            story.lasts = { $0 == verdict ? 35 : 0.1 }
            var path = TailnetNews(change: .path, level: .warning, sentence: "the path is over DERP", fix: nil)
            path.name = "mail.example"
            path.path = .derp
            story.news = stride(from: 215.0, to: 275, by: 10).map { ($0, path) }
            story.run(until: 900)
            #expect(story.lines(after: 199) == [], "\(verdict)")
        }
    }

    @Test func `another upstream on the same host that answers says that the host is there`() throws {
        var story = Story { port, at in port != 443 && at > 200 ? .refused : .well }
        story.upstreams = [443: "web"]
        story.run(until: 900)
        let found = story.verdicts(after: 199)
        #expect(found.map(\.joint) == [.barred], "\(story.lines)")
    }

    @Test func `the table in the documentation says what the program says`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/faults.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let joints: [Diagnosis.Joint] = [
            .stopped(hasAnswered: false), .stopped(hasAnswered: true), .barred, .barredAll, .ungranted, .away, .gone,
        ]
        for joint in joints {
            let words = joint.fix(for: [])
            #expect(text.contains("| \(joint.cause) | \(words) |"), "\(joint)")
            for sentence in [joint.cause, words] {
                #expect(sentence.first?.isUppercase == true && !sentence.contains("\n") && !sentence.contains("|"))
            }
        }
    }

    // MARK: - noise

    @Test(arguments: [0, 1])
    func `a mailbox that is well is asked so seldom that its log has at most 60 lines an hour and port`(clients: Int) {
        var story = Story { _, _ in .well }
        story.clients = clients
        story.run(until: 2 * 3600)
        for (port, times) in story.probes {
            for hour in [0.0, 3600] {
                // Postfix writes two lines for each.
                #expect(times.count { (hour..<hour + 3600).contains($0) } * 2 <= 60, "\(port)")
            }
        }
    }

    @Test func `a port that errs every minute makes little noise at the others`() {
        var story = Story { port, at in port == 993 && Int(at / 30) % 2 == 1 ? .silent : .well }
        story.run(until: 3600)
        #expect((story.probes[25] ?? []).count <= 120)
    }
}
