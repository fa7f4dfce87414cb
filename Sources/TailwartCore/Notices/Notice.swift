package import TailwartWire

/// What an operator is told while away: that something has lasted, or that it is over.
package struct Notice: Sendable, Equatable {
    /// Nil for one that only shows that notices arrive.
    package let kind: NoticeKind?
    /// The same when it begins and when it is over.
    package let id: String
    package let cause: String
    package let detail: String?
    package let fix: String?
    /// As people know them.
    package let places: [String]
    /// Sentences on what else began with it; of one that is over, on what is not.
    package let also: [String]
    /// In seconds since 1970.
    package let since: Int
    /// In seconds since 1970; nil while it lasts.
    package let until: Int?

    /// Of lists, more are only counted.
    private static let listed = 20
    /// Characters of a text that comes from elsewhere.
    private static let textLimit = 1000

    init(_ troubles: [Trouble], id: String, also: [String], since: Int, until: Int? = nil) {
        let lead = troubles.first
        kind = lead?.subject.kind
        self.id = id
        cause = Self.cut(lead?.cause ?? "")
        detail = lead?.detail.map(Self.cut)
        fix = lead?.fix.map(Self.cut)
        places = Self.some(troubles.compactMap(\.subject.label).withoutRepeats)
        self.also = Self.some(also.map(Self.cut))
        self.since = since
        self.until = until
    }

    /// That notices arrive.
    package init(testAt now: Int) {
        kind = nil
        id = "\(now)-0"
        cause = "This is a test: problems that last are sent like this."
        (detail, fix, places, also, since, until) = (nil, nil, [], [], now, nil)
    }

    package var isOver: Bool { until != nil }

    /// For programs.
    package var kindName: String { kind?.rawValue ?? "test" }

    package var state: String { isOver ? "over" : "begun" }

    private static func cut(_ text: String) -> String {
        text.count > textLimit ? text.prefix(textLimit) + "…" : text
    }

    private static func some(_ all: [String]) -> [String] {
        all.count > listed ? all.prefix(listed) + ["and \(all.count - listed) more"] : all
    }
}

// MARK: - what is sent

extension Notice {
    /// One line for the head of a message.
    ///
    /// - Parameter edge: what the edge calls itself.
    package func title(edge: String) -> String { "\(edge): \(headline)" }

    private var headline: String {
        switch (kind, isOver) {
        case (nil, _): "a test"
        case (.unhealthy, false), (.healthy, false): "the mailbox cannot be used"
        case (.unhealthy, true), (.healthy, true): "the mailbox can be used again"
        case (.degraded, false): "something is wrong with the mailbox"
        case (.degraded, true): "the problem with the mailbox is over"
        case (.certificate, false): "a certificate needs attention"
        case (.certificate, true): "the certificate is good again"
        case (.tailnet, false): "something is wrong with the tailnet"
        case (.tailnet, true): "the tailnet works again"
        case (.edgeBanned, false): "the mailbox bans this edge"
        case (.edgeBanned, true): "the mailbox no longer bans this edge"
        case (.reloadFailed, false): "a reload failed"
        case (.reloadFailed, true): "the configuration was reloaded"
        case (.takeoverFailed, false): "a new process could not take over"
        case (.takeoverFailed, true): "a new process has taken over"
        case (.descriptors, false): "clients are turned away for want of descriptors"
        case (.descriptors, true): "no client is turned away for want of descriptors"
        }
    }

    /// All of it, for a person.
    private var text: String {
        var sentences = isOver ? ["It is over.", "It was: \(cause)"] : [cause]
        if !isOver { sentences += [detail, fix].compactMap(\.self) }
        if !places.isEmpty { sentences.append("At \(places.joined(separator: ", ")).") }
        let begin = UTCTime(seconds: since)
        if let until {
            let lasted = Duration.seconds(until - since).configurationText
            sentences.append("From \(begin) to \(UTCTime(seconds: until)) (\(lasted)).")
        } else if kind != nil {
            sentences.append("Since \(begin).")
        }
        return (sentences + also.map { (isOver ? "Not over: " : "Also: ") + $0 }).joined(separator: " ")
    }

    /// docs/events.md has the table, and a test compares the two.
    ///
    /// - Parameters:
    ///   - edge: what the edge calls itself.
    ///   - version: of this program.
    package func json(edge: String, version: String) -> JSON {
        let none = JSON.null
        return [
            "notice": .text(kindName), "state": .text(state), "id": .text(id), "title": .text(title(edge: edge)),
            "text": .text(text), "cause": .text(cause), "detail": detail.json, "fix": fix.json,
            "places": .texts(places), "also": .texts(also), "since": .text("\(UTCTime(seconds: since))"),
            "until": until.map { .text("\(UTCTime(seconds: $0))") } ?? none,
            "lasted_s": until.map { .number($0 - since) } ?? none, "edge": .text(edge), "version": .text(version),
        ]
    }
}
