import TailwartCore
import Testing

@Suite struct RecipientWatchTests {
    @Test(
        arguments: [
            (250, "250 2.0.0 OK", .taken), (451, "451 4.4.3 Unable to verify address at this time.", .refusedNow),
            (452, "452 4.3.1 Insufficient system storage", .refusedNow),
            (452, "452 insufficient system storage", .refusedNow), (421, "421 4.3.0 shutting down", .refusedNow),
            (451, "451 4.3.0 Error: queue file write error", .refusedNow),
            // What may be about who asks.
            (452, "452 4.4.5 Rate limit exceeded, try again later.", .unclear),
            (450, "450 4.2.0 <postmaster@example.org>: Recipient address rejected: Greylisted", .unclear),
            (451, "451 4.7.1 Greylisting in action, please come back later", .unclear),
            (451, "451 you have been greylisted", .unclear), (450, "450 4.1.8 Domain not found", .unclear),
            (450, "450 later", .unclear), (452, "452 4.5.3 Too many recipients", .unclear),
            (550, "550 5.1.2 Mailbox does not exist.", .unknown),
            (550, "550 5.1.1 <postmaster@example.org>: User unknown", .unknown),
            (554, "554 5.7.1 Relay access denied", .denied), (550, "550 no", .denied), (503, "503 5.5.1 no", .denied),
        ] as [(Int, String, RecipientAnswer)])
    func `an answer says that no mail is taken only where it is about the server`(
        code: Int, reply: String, answer: RecipientAnswer
    ) {
        #expect(RecipientAnswer(code: code, reply: reply) == answer)
    }

    /// The verdicts after answers that come as soon as they are due, and when they are.
    private func story(_ answers: [RecipientAnswer], isSuspected: Bool = true) -> [(minutes: Double, Verdict)] {
        let start = ContinuousClock.now
        var now = start
        var watch = RecipientWatch()
        return answers.map { answer in
            while !watch.isDue(at: now, isSuspected: isSuspected) { now += .seconds(30) }
            watch.record(answer, detail: "Said.", at: now)
            return ((now - start) / .seconds(60), watch.joined(ProbeResult(.well, "Seen.")).verdict)
        }
    }

    @Test(
        arguments: [
            ([.taken, .taken, .taken], [0, 15, 30], [.well, .well, .well]),
            // Once is a moment's; then the mailbox takes none until it says that it does.
            (
                [.taken, .refusedNow, .refusedNow, .refusedNow, .taken, .refusedNow], [0, 15, 16, 21, 26, 41],
                [.well, .well, .takesNoMail, .takesNoMail, .well, .well]
            ),
            (
                [.unknown, .unknown, .taken], [0, 240, 480], [.recipientUnknown, .recipientUnknown, .well]
            ), ([.denied, .taken], [0, 240], [.well, .well]), ([.unclear, .taken], [0, 15], [.well, .well]),
        ] as [([RecipientAnswer], [Double], [Verdict])])
    func `who takes mail is asked each quarter of an hour, and who has no such address six times a day`(
        answers: [RecipientAnswer], minutes: [Double], verdicts: [Verdict]
    ) {
        let story = story(answers)
        #expect(story.map(\.minutes) == minutes)
        #expect(story.map(\.1) == verdicts)
    }

    @Test func `nothing is asked so often that a mailbox counts it against the edge`() {
        // Stalwart: 35 unknown addresses in a day, 25 mails in an hour from one sender for one recipient.
        #expect(story(Array(repeating: .unknown, count: 40)).count { $0.minutes < 24 * 60 } <= 6)
        #expect(story(Array(repeating: .refusedNow, count: 40)).count { $0.minutes < 60 } <= 15)
    }

    @Test(arguments: [RecipientAnswer.unknown, .denied])
    func `who has no such address is asked again only if clients hand over nothing, or somebody wants to know`(
        answer: RecipientAnswer
    ) {
        let start = ContinuousClock.now
        var watch = RecipientWatch()
        watch.record(answer, detail: "Said.", at: start)
        for days in 1...30 {
            let later = start + .seconds(days * 86_400)
            #expect(!watch.isOver(at: later), "it would be asked as if for the first time")
            let isDue = [false, true].map { watch.isDue(at: later, isSuspected: $0) }
            #expect(isDue == [false, true])
        }
        #expect(watch.isOver(at: start + .seconds(60 * 86_400)), "nobody has looked for a month")
        watch.ask()
        let isWanted = watch.isDue(at: start, isSuspected: false)
        watch.record(.taken, detail: "Said.", at: start)
        watch.ask()
        let isWantedAgain = watch.isDue(at: start, isSuspected: true)
        #expect(isWanted && !isWantedAgain, "who takes mail was asked a moment ago")
    }

    @Test func `however often somebody wants to know, an address that does not exist is asked about six times a day`() {
        let start = ContinuousClock.now
        var watch = RecipientWatch()
        let asked = (0..<2 * 1440).filter { minute in
            let now = start + .seconds(minute * 60)
            watch.ask()
            guard watch.isDue(at: now, isSuspected: true) else { return false }
            watch.record(.unknown, detail: "Said.", at: now)
            return true
        }
        #expect(asked.count == 12 && asked.count { $0 < 1440 } == 6)
    }

    @Test func `what was wrong is asked about at once when somebody wants to know`() {
        var watch = RecipientWatch()
        let now = ContinuousClock.now
        for _ in 1...3 { watch.record(.refusedNow, detail: "Said.", at: now) }
        let before = watch.isDue(at: now, isSuspected: true)
        watch.ask()
        let after = watch.isDue(at: now, isSuspected: false)
        #expect(!before && after)
    }

    @Test func `that no mail is taken is graver than a certificate, and no news where nobody answers`() {
        var watch = RecipientWatch()
        for _ in 1...2 { watch.record(.refusedNow, detail: "Said.", at: .now) }
        #expect(watch.joined(ProbeResult(.certificateExpired, "Seen.")).verdict == .takesNoMail)
        #expect(watch.joined(ProbeResult(.well, "Seen.")).detail == "Said.")
        for verdict in [Verdict.refused, .silent, .banned, .headerNotTrusted] {
            #expect(watch.joined(ProbeResult(verdict, "Seen.")).verdict == verdict)
        }
        for affects in HealthSettings.Affects.allCases {
            #expect(!Verdict.takesNoMail.turnsOff(affects) && !Verdict.recipientUnknown.turnsOff(affects))
        }
        watch.record(.unknown, detail: "Said.", at: .now)
        #expect(watch.joined(ProbeResult(.certificateExpired, "Seen.")).verdict == .certificateExpired)
        #expect(watch.joined(ProbeResult(.well, "Seen.")).verdict.grade == .good)
    }
}
