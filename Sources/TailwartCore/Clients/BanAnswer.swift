package import TailwartWire

/// What `tailwart ban` answers, whatever it was asked to do; docs/json.md has the table.
package struct BanAnswer: Sendable {
    package var problems: [CommandAnswer.Problem] = []
    /// What there is to say, for a person, without full stops.
    package var sentences: [String] = []
    /// Whether the address that was asked for is turned away now; nil: that was not asked.
    package var isBanned: Bool?
    package var bans: [Ban] = []
    /// How many bans there are, with those that are not shown.
    package var matching: Int?

    package init() {}

    /// Where there is none.
    package init(problems: [CommandAnswer.Problem]) { self.problems = problems }

    package var answer: CommandAnswer {
        CommandAnswer(
            isGood: !problems.contains { $0.severity == .error }, problems: problems,
            [
                "messages": .texts(sentences), "banned": isBanned.map { .flag($0) },
                "matching": matching.map { .number($0) }, "bans": .list(bans.map(\.json)),
            ])
    }

    /// So many are listed at once.
    package static let limits = 1...10_000
}

extension Ban {
    fileprivate var json: JSON {
        [
            "network": .text("\(network)"), "layer": .text(layer.rawValue),
            "source": source.isEmpty ? .null : .text(source), "reason": .text(reason),
            "since": .text("\(UTCTime(seconds: since))"),
            "until": until.map { .text("\(UTCTime(seconds: $0))") } ?? .null,
        ]
    }
}

/// What follows from an order, of a book that has taken it.
extension BanBook {
    /// What an operator learns of a ban that he has asked for.
    package func answer(toBanning asked: Network) -> BanAnswer {
        var answer = BanAnswer()
        let network = settings.banned(asked)
        answer.bans = bans.filter { $0.network == network && $0.layer == .manual }
        answer.matching = answer.bans.count
        answer.sentences = answer.bans.map(\.sentence)
        if network != asked {
            answer.problems.append(
                .init(.warning, "\(network) is banned for \(asked): one client has at least as many addresses"))
        }
        if let exemption = exemption(of: asked) {
            answer.problems.append(.init(.warning, "this has no effect: \(exemption.sentence)", fix: exemption.fix))
        } else {
            answer.problems += exceptions(in: network).prefix(3).map {
                .init(.warning, "this has no effect for \($0.network): \($0.exemption.sentence)")
            }
        }
        if settings.isObserving {
            answer.problems.append(
                .init(.warning, "nobody is turned away while 'bans.observe' is on", fix: "Set it to false and reload."))
        }
        return answer
    }

    /// What an operator learns of a network that is to be let in.
    ///
    /// - Parameters:
    ///   - layer: that alone takes its ban back; nil: all but those that would say so again.
    ///   - before: the book before the order.
    package func answer(toPardoning asked: Network, by layer: BanLayer? = nil, before: BanBook) -> BanAnswer {
        var answer = BanAnswer()
        let network = settings.banned(asked)
        let taken = before.bans.filter {
            $0.network == network && !$0.layer.isRepeated && layer ?? $0.layer == $0.layer
        }
        answer.sentences = taken.map { "\($0.network) is no longer banned by \($0.layer.words)" }
        if layer == nil, taken.isEmpty, before.tallies[network] != nil || before.repeats[network] != nil {
            answer.sentences = ["the strikes of \(network) are forgotten"]
        }
        answer.bans = bans.filter { $0.network.contains(network) }
        answer.matching = answer.bans.count
        if answer.sentences.isEmpty {
            let isCovered = !answer.bans.isEmpty
            answer.problems.append(
                .init(
                    .warning,
                    "\(network) is not banned" + (layer.map { " by \($0.words)" } ?? (isCovered ? " by itself" : ""))))
        }
        answer.problems += answer.bans.prefix(3).map { ban in
            let fix =
                ban.layer == .crowdsec
                ? "Lift it there: cscli decisions delete --\(ban.network.isOneAddress ? "ip" : "range") \(ban.network)."
                : "See 'tailwart ban remove \(ban.network)'."
            return .init(.warning, ban.sentence, fix: fix)
        }
        return answer
    }

    /// - Parameter findings: what is said of it at the door, of which lists are told.
    package func answer(why address: IPAddress, findings: [AccessFinding]) -> BanAnswer {
        var answer = BanAnswer()
        let found = why(address)
        let denial = findings.first { $0.kind == .denied }
        answer.sentences = found.sentences + findings.compactMap { $0.sentence(ofExempt: found.exemption != nil) }
        answer.isBanned = found.isBanned || (denial != nil && found.exemption == nil)
        answer.bans = found.bans
        answer.matching = found.bans.count
        return answer
    }

    package func answer(listing limit: Int) -> BanAnswer {
        var answer = BanAnswer()
        answer.bans = list(limit: limit)
        answer.matching = layers.values.reduce(0) { $0 + $1.count }
        return answer
    }

    /// Networks that are never banned, in a wider one.
    private func exceptions(in network: Network) -> [(network: Network, exemption: BanExemption)] {
        inForce.trusted.filter { network.contains($0) }.compactMap { inner in exemption(of: inner).map { (inner, $0) } }
    }
}

extension AccessFinding {
    /// Of a list; nil of what ``BanBook`` knows better.
    fileprivate func sentence(ofExempt isExempt: Bool) -> String? {
        switch kind {
        case .denied: "\(isExempt ? "otherwise, " : "")\(network) is denied: \(words)"
        case .allowed: "\(network) is an exception from the lists: \(words)"
        case .trusted, .banned: nil
        }
    }
}

extension BanExemption {
    fileprivate var fix: String? {
        if case .never = self { return "Remove it from 'bans.never' and reload." }
        return nil
    }
}
