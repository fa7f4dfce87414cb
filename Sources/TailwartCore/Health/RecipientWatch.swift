/// What a mail server says when it is asked whether it takes mail for an address.
package enum RecipientAnswer: Sendable, Equatable {
    case taken
    /// Not now, for a reason of the server's own.
    case refusedNow
    /// There is no such address.
    case unknown
    /// Never, for another reason: that says nothing about others.
    case denied
    /// Not now, for a reason that may be the asker's: greylisting, a rate.
    case unclear

    /// - Parameter reply: the last line of it, with its code.
    package init(code: Int, reply: String) {
        let words = reply.split(separator: " ").map(String.init)
        // RFC 3463: class, subject, detail.
        let status = words.dropFirst().first.map { $0.split(separator: ".").compactMap { Int($0) } } ?? []
        let subject = status.count == 3 ? status[1] : nil
        let text = reply.lowercased()
        switch code {
        case 200...299: self = .taken
        case 421: self = .refusedNow
        case 400...499:
            let isOfAsker = ["reylist", "rate limit", "too many"].contains { text.contains($0) }
            switch subject {
            // 4.4.5: congestion, which is Stalwart's word for a rate.
            case 1?, 2?, 5?, 6?, 7?: self = .unclear
            case nil where code != 451 && code != 452: self = .unclear
            default: self = isOfAsker || status == [4, 4, 5] ? .unclear : .refusedNow
            }
        case 550, 551, 553: self = subject == 1 ? .unknown : .denied
        default: self = .denied
        }
    }
}

/// Decides when a mail server is asked whether it takes mail, and remembers what it said. A probe that greets and leaves does not see
/// that a mailbox takes none.
///
/// An address that does not exist is dangerous: Stalwart bans who asks for 35 of them in a day. And it takes 25 mails in an hour from
/// one sender for one recipient. So who has answered that there is no such address is asked again only if clients hand over nothing, or if somebody
/// wants to know, and six times a day at most.
package struct RecipientWatch: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package static let interval = Duration.seconds(15 * 60)
    /// After the first refusal, which may be a moment's, and after each further one.
    package static let afterRefusals: [Duration] = [.seconds(60), .seconds(5 * 60)]
    /// Where the answer was permanent, and clients raise a suspicion.
    package static let afterDenial = Duration.seconds(4 * 3600)
    /// Permanent answers in a day after which nobody asks.
    package static let denialLimit = 6

    private static let day = Duration.seconds(24 * 3600)
    /// How long an answer is kept where nobody probes any more.
    private static let memory = Duration.seconds(7 * 24 * 3600)

    private var next: Instant?
    private var lastLook: Instant?
    private var refusals = 0
    private var finding: (verdict: Verdict, detail: String)?
    private var isDenied = false
    /// When the permanent answers of the last day came.
    private var denials: [Instant] = []
    /// Somebody wants to know whether it is still so.
    private var isWanted = false

    package init() {}

    /// - Parameter isSuspected: whether clients hand over nothing.
    package mutating func isDue(at now: Instant, isSuspected: Bool) -> Bool {
        lastLook = now
        guard let next else { return true }
        guard isDenied else { return isWanted || now >= next }
        guard denials.count(where: { now - $0 < Self.day }) < Self.denialLimit else { return false }
        return isWanted || isSuspected && now >= next
    }

    /// Whether nobody probes there any more, for a long time.
    package func isOver(at now: Instant) -> Bool { lastLook.map { now > $0 + Self.memory } ?? false }

    /// Somebody has mended something: what is wrong, or is not known, is asked about with the next probe.
    package mutating func ask() { isWanted = refusals > 0 || isDenied }

    /// - Parameter detail: a sentence with what was asked and said.
    package mutating func record(_ answer: RecipientAnswer, detail: String, at now: Instant) {
        (lastLook, isWanted) = (now, false)
        isDenied = answer == .denied || answer == .unknown
        switch answer {
        case .refusedNow:
            refusals += 1
            next = now + Self.afterRefusals[min(refusals, Self.afterRefusals.count) - 1]
            // Once may be a moment's.
            finding = refusals > 1 ? (.takesNoMail, detail) : nil
        case .taken, .unclear, .denied, .unknown:
            refusals = 0
            next = now + (isDenied ? Self.afterDenial : Self.interval)
            finding = answer == .unknown ? (.recipientUnknown, detail) : nil
            if isDenied { denials = denials.filter { now - $0 < Self.day } + [now] }
        }
    }

    /// What a probe found, with what the server last said to a recipient. Between two questions that is still so.
    package func joined(_ result: ProbeResult) -> ProbeResult {
        guard let finding, result.verdict.grade != .failed else { return result }
        guard finding.verdict == .takesNoMail || result.verdict == .well else { return result }
        var joined = result
        joined.verdict = finding.verdict
        joined.detail = finding.detail
        return joined
    }
}
