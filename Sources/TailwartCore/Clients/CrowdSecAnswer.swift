import TailwartWire

/// What CrowdSec's local API answers to `GET /v1/decisions/stream` (versions 1.4 to 1.7): `{"new": [{…}], "deleted": [{…}]}`, each list perhaps
/// `null`. With `startup=true` the new ones are all that there are.
package struct CrowdSecAnswer: Sendable, Equatable {
    package struct Decision: Sendable, Hashable {
        package let network: Network
        /// Tells those on one network apart; the same when it is deleted.
        package let source: String
        package let reason: String
        /// Seconds from now.
        package let time: Int
    }

    /// What is wrong with an answer, in a sentence.
    package struct Failure: Error, Sendable, Equatable {
        package let sentence: String
    }

    package var new: [Decision] = []
    package var deleted: [Decision] = []
    /// Decisions that mean nothing here: on a country, a captcha, a network that is too wide.
    package var ignored = 0

    /// That there are none.
    package init() {}

    /// Bytes: a hundred thousand decisions are a quarter of it.
    package static let byteLimit = 64 << 20

    package static func read(_ body: Span<UInt8>) throws(Failure) -> CrowdSecAnswer {
        let json: JSON
        do throws(JSONError) {
            json = try JSONReader.read(body, JSONReader.Options(byteLimit: byteLimit))
        } catch {
            throw Failure(sentence: "the answer is not JSON: \(error.position): \(error.message)")
        }
        var answer = CrowdSecAnswer()
        for (key, path) in [("new", \CrowdSecAnswer.new), ("deleted", \.deleted)] {
            guard let value = json[key] else { throw Failure(sentence: "the answer has no '\(key)'") }
            if value.content == .null { continue }
            guard let list = value.list else { throw Failure(sentence: "'\(key)' is not a list") }
            answer[keyPath: path] = list.compactMap(Decision.init)
            answer.ignored += list.count - answer[keyPath: path].count
        }
        return answer
    }

    /// What follows from it.
    ///
    /// - Parameter book: the bans of now, where the answer has all decisions that there are.
    package func events(insteadOf book: BanBook? = nil) -> [BanBook.Event] {
        var events = deleted.map { BanBook.Event.lift($0.network, .crowdsec, source: $0.source) }
        if let book {
            let kept = Set(new.map { BanBook.Key(network: book.settings.banned($0.network), source: $0.source) })
            events += book.bans
                .filter { $0.layer == .crowdsec && !kept.contains(.init(network: $0.network, source: $0.source)) }
                .map { .lift($0.network, .crowdsec, source: $0.source) }
        }
        return events + new.map { .ban($0.network, .crowdsec, source: $0.source, reason: $0.reason, time: $0.time) }
    }
}

extension CrowdSecAnswer.Decision {
    fileprivate init?(_ json: JSON) {
        guard json["type"]?.text?.lowercased() == "ban",
            ["ip", "range"].contains(json["scope"]?.text?.lowercased() ?? ""),
            let network = json["value"]?.text.flatMap({ Network($0) }), !network.isTooWide,
            let source = json["id"]?.integer.map({ "\($0)" }) ?? json["uuid"]?.text, source.utf8.count <= 64,
            let time = json["duration"]?.text.flatMap(Self.seconds)
        else { return nil }
        let origin = json["origin"]?.text.map { " (\($0))" } ?? ""
        self.init(
            network: network, source: source, reason: (json["scenario"]?.text ?? "a decision") + origin, time: time)
    }

    /// Of Go's text for a duration, `3h59m57.5s`; of a decision that is over it has a minus in front. Fractions are dropped.
    private static func seconds(_ text: String) -> Int? {
        let isNegative = text.hasPrefix("-")
        var rest = Substring(isNegative ? text.dropFirst() : text[...])
        var total = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard digits.count <= 9, let count = Int(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            if rest.first == "." { rest = rest.dropFirst().drop { $0.isASCII && $0.isNumber } }
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            switch unit {
            case "h": total += count * 3600
            case "m": total += count * 60
            case "s": total += count
            case "ms", "us", "µs", "μs", "ns": break
            default: return nil
            }
        }
        return isNegative ? -total : total
    }
}
