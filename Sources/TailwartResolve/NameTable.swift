import TailwartWire

/// What is known of each name, and whom to ask next: decisions without I/O or clock. Times are microseconds of one monotonic clock.
///
/// tailscaled's word stands as long as it gives it. Without it the names are asked for by DNS, at the better source first:
///
/// - MagicDNS alone, while it answers quickly; a name that it does not know is asked for at the system's at once.
/// - MagicDNS and the system side by side, while nothing is known of MagicDNS, so that nobody waits for it.
/// - The system alone, while MagicDNS is silent or this host is in no tailnet.
///
/// What nobody knows is no failure before tailscaled has spoken, if it is there to speak.
///
/// A better answer takes the place of a worse one. When nobody knows, the last good answer stands: a mailbox rarely moves in the
/// minute in which its name server is away.
struct NameTable {
    /// Seconds: an answer is asked for again no sooner and no later than this, whatever its time to live. MagicDNS answers
    /// live 5 s; a hosts file has none.
    static let refreshRange = 5...3600
    /// Seconds after a failure.
    static let retryInterval = 2
    /// Seconds that tailscaled's word stands after it is gone: a restart takes less, and DNS may know the name as something else.
    static let grace = 30
    /// Microseconds in which MagicDNS, on this host, is to answer.
    static let quickAnswer: UInt64 = 500_000
    /// Seconds until a silent MagicDNS is tried again.
    static let silenceInterval = 60
    /// Addresses of one name; the rest of a longer answer is not dialled. Each costs a client up to a whole connect timeout.
    static let maximumAddresses = 16

    /// A change that is told.
    struct News: Equatable {
        let name: String
        let entry: Resolver.Entry
    }

    /// What tailscaled says of a name.
    private enum Word {
        /// Nothing.
        case none
        /// Addresses.
        case has
        /// Addresses, but it is gone since.
        case had
        /// That there is no such name.
        case hasNot
    }

    private struct Record {
        var entry = Resolver.Entry()
        var word = Word.none
        /// When to ask DNS; nil while tailscaled has the name.
        var due: UInt64?
        /// Asked, and no answer yet.
        var asked: Set<NameSource> = []
        /// Who answered in this round, the best one.
        var answered: NameSource?
        /// Why one of this round failed, the system's word before MagicDNS's.
        var reason: String?
        /// Whether the system was asked in this round.
        var askedSystem = false
        /// MagicDNS does not know it: on to the system without waiting.
        var fallsThrough = false
    }

    private enum MagicDNS {
        case unknown
        case quick
        case silent(until: UInt64)
    }

    private var records: [String: Record]
    private var magicDNS = MagicDNS.unknown
    private var awaitsTailscaled: Bool

    /// - Parameter awaitsTailscaled: whether ``learn(_:at:)`` will be called, if only with nil.
    init(_ names: [String], awaitsTailscaled: Bool = false, at now: UInt64) {
        self.awaitsTailscaled = awaitsTailscaled
        records = Dictionary(names.map { ($0, Record(due: now)) }) { first, _ in first }
    }

    /// Keeps these names from now on. What is known of those that stay stays, to the end of its time to live.
    mutating func follow(_ names: [String], at now: UInt64) {
        let known = records
        records = Dictionary(names.map { ($0, known[$0] ?? Record(due: now)) }) { first, _ in first }
    }

    /// The addresses of all names that somebody has answered for: none of one that nobody knows.
    var addresses: [String: [IPAddress]] { records.filter { $0.value.entry.isAnswered }.mapValues(\.entry.addresses) }

    /// When there is something to ask, nil if nothing is to be asked until an answer or a word of tailscaled comes.
    var nextDue: UInt64? { records.values.compactMap { $0.asked.isEmpty ? $0.due : nil }.min() }

    /// What to ask now. Each question is to be answered by ``take(_:from:after:at:)``, up to the last answer.
    ///
    /// - Parameter isInTailnet: whether packets to MagicDNS find a way.
    mutating func questions(at now: UInt64, isInTailnet: Bool) -> [NameSource: [String]] {
        var questions: [NameSource: [String]] = [:]
        for name in records.keys.sorted() {
            guard var record = records[name], record.asked.isEmpty, let due = record.due else { continue }
            if record.fallsThrough {
                record.fallsThrough = false
                record.asked = [.system]
            } else if due <= now {
                if record.word == .had { record.word = .none }
                record.answered = nil
                record.reason = nil
                record.asked = sources(at: now, isInTailnet: isInTailnet)
            } else {
                continue
            }
            record.askedSystem = record.asked.contains(.system)
            for source in record.asked { questions[source, default: []].append(name) }
            records[name] = record
        }
        return questions
    }

    /// Takes in what tailscaled says.
    ///
    /// - Parameter words: the addresses of each name that it has; nil if it is not there.
    mutating func learn(_ words: [String: [IPAddress]]?, at now: UInt64) -> [News] {
        awaitsTailscaled = false
        return records.keys.sorted().compactMap { name in
            guard var record = records[name] else { return nil }
            let before = record.entry
            switch (words.map { $0[name] ?? [] }, record.word) {
            case (let addresses?, _) where !addresses.isEmpty:
                record.word = .has
                record.due = nil
                record.fallsThrough = false
                record.entry = Resolver.Entry(addresses: Self.bounded(addresses, record), source: .tailscale)
            case (_?, let word):
                record.word = .hasNot
                if word == .has || word == .had { record.due = now }
            case (nil, .has):
                record.word = .had
                record.due = now + Self.microseconds(Self.grace)
            case (nil, .hasNot): record.word = .none
            case (nil, .had), (nil, .none): break
            }
            records[name] = record
            return news(name, record.entry, before)
        }
    }

    /// Takes in the answer to a question.
    ///
    /// - Parameter duration: microseconds that it took.
    mutating func take(
        _ answer: LookupAnswer, from source: NameSource, after duration: UInt64, at now: UInt64
    ) -> News? {
        if source == .magicDNS { noteMagicDNS(answer.outcome, duration, now) }
        guard var record = records[answer.name], record.asked.contains(source) else { return nil }
        if answer.isLast { record.asked.remove(source) }
        defer { records[answer.name] = record }
        // tailscaled has spoken while the question was on its way.
        guard record.word != .has, record.word != .had else { return nil }
        let before = record.entry
        switch answer.outcome {
        case .addresses(let addresses, let timeToLive):
            if let better = record.answered, better < source { return nil }
            record.answered = source
            var all = addresses
            if !answer.isWhole, record.entry.source == source {
                // Of the family that is not answered for the last good answer stands.
                all += record.entry.addresses.filter { old in !addresses.contains { $0.isV4 == old.isV4 } }
            }
            record.entry = Resolver.Entry(addresses: Self.bounded(all, record), source: source)
            let seconds = min(max(timeToLive, Self.refreshRange.lowerBound), Self.refreshRange.upperBound)
            record.due = now + Self.microseconds(seconds)
        case .failed(let reason, _):
            if source == .system || record.reason == nil { record.reason = reason }
            guard record.answered == nil, record.asked.isEmpty else { return nil }
            guard record.askedSystem else {
                record.fallsThrough = true
                return nil
            }
            record.due = now + Self.microseconds(Self.retryInterval)
            guard !awaitsTailscaled else { return nil }
            record.entry.failure =
                (record.word == .hasNot ? "the tailnet has no such name, and DNS says: " : "")
                + (record.reason ?? reason)
        }
        return news(answer.name, record.entry, before)
    }

    private mutating func sources(at now: UInt64, isInTailnet: Bool) -> Set<NameSource> {
        guard isInTailnet else {
            magicDNS = .unknown
            return [.system]
        }
        switch magicDNS {
        case .quick: return [.magicDNS]
        case .unknown: return [.magicDNS, .system]
        case .silent(let until): return now < until ? [.system] : [.magicDNS, .system]
        }
    }

    private mutating func noteMagicDNS(_ outcome: LookupAnswer.Outcome, _ duration: UInt64, _ now: UInt64) {
        if case .failed(_, .silence) = outcome {
            magicDNS = .silent(until: now + Self.microseconds(Self.silenceInterval))
        } else {
            magicDNS = duration <= Self.quickAnswer ? .quick : .unknown
        }
    }

    /// Name servers turn the order to spread load, the source may change, and a failure may be put in other words: that is no news.
    private func news(_ name: String, _ entry: Resolver.Entry, _ before: Resolver.Entry) -> News? {
        let isNews =
            Set(entry.addresses) != Set(before.addresses) || (entry.failure == nil) != (before.failure == nil)
        return isNews ? News(name: name, entry: entry) : nil
    }

    /// In the order in which to try them. Of too many those that are known stay, since name servers turn the order.
    private static func bounded(_ addresses: [IPAddress], _ record: Record) -> [IPAddress] {
        let all = addresses.interleaved
        guard all.count > maximumAddresses else { return all }
        let known = Set(record.entry.addresses)
        return Array((all.filter(known.contains) + all.filter { !known.contains($0) }).prefix(maximumAddresses))
            .interleaved
    }

    private static func microseconds(_ seconds: Int) -> UInt64 { UInt64(seconds) * 1_000_000 }
}
