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
    private func story(_ answers: [RecipientAnswer]) -> [(minutes: Double, Verdict)] {
        let start = ContinuousClock.now
        var now = start
        var watch = RecipientWatch()
        return answers.map { answer in
            while !watch.isDue(at: now) { now += .seconds(30) }
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
                [.unknown, .unknown, .taken], [0, 360, 720], [.recipientUnknown, .recipientUnknown, .well]
            ), ([.denied, .taken], [0, 360], [.well, .well]), ([.unclear, .taken], [0, 15], [.well, .well]),
        ] as [([RecipientAnswer], [Double], [Verdict])])
    func `who takes mail is asked each quarter of an hour, and who has no such address four times a day`(
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
