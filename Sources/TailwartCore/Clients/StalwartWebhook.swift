package import TailwartWire

/// What Stalwart says by its webhook (0.16): `{"events": [{"id", "createdAt", "type", "data": {…}}]}`. Whether the signature is good is known
/// before. It has no time and no number in it, so a request can be sent again by who has seen it: what is old or known changes nothing.
package struct StalwartWebhook: Sendable {
    package struct Event: Sendable, Equatable {
        package let id: String
        /// Seconds since 1970.
        package let at: Int
        package let type: String
        /// Whom it is about.
        package let addresses: [IPAddress]
        package let reason: String?
    }

    /// What came of one body, for the log and for tests.
    package struct Tally: Sendable, Equatable {
        package var taken = 0
        /// Known already.
        package var repeated = 0
        /// Too old, or of a time to come.
        package var untimely = 0
        /// Of a type that means nothing here, or about nobody.
        package var ignored = 0
    }

    /// What is wrong with a body, in a sentence.
    package struct Failure: Error, Sendable, Equatable {
        package let sentence: String
    }

    /// Bytes of a body. Stalwart sends what has gathered within its throttle, a second by default.
    package static let byteLimit = 1 << 20
    /// Seconds that an event may be old: Stalwart gives up after five minutes.
    static let oldest = 10 * 60
    /// Seconds that it may be ahead of this host's clock.
    static let ahead = 60
    static let idLimit = 65_536
    fileprivate static let idBytes = 1...64

    private var ids: ExpiringTable<String, Bool>

    /// - Parameter idLimit: events that are remembered.
    package init(idLimit: Int = idLimit) { ids = ExpiringTable(limit: idLimit) }

    /// What was taken, for a process that takes over.
    package var lines: [BanFile.Line] { ids.entries.map { .event(id: $0.key, until: $0.value.until) } }

    package mutating func restore(_ line: BanFile.Line) {
        if case .event(let id, let until) = line { ids.set(id, true, until: until) }
    }

    package static func read(_ body: Span<UInt8>) throws(Failure) -> [Event] {
        let json: JSON
        do throws(JSONError) {
            json = try JSONReader.read(body, JSONReader.Options(byteLimit: byteLimit))
        } catch {
            throw Failure(sentence: "the body is not JSON: \(error.position): \(error.message)")
        }
        guard let events = json["events"]?.list else {
            throw Failure(sentence: "the body is not a webhook of Stalwart's: it has no list of 'events'")
        }
        return events.compactMap(Event.init)
    }

    /// What follows from events, in their order.
    package mutating func take(_ events: [Event], now: Int) -> (consequences: [BanBook.Event], tally: Tally) {
        _ = ids.expire(now: now)
        var consequences: [BanBook.Event] = []
        var tally = Tally()
        for event in events {
            guard event.at >= now - Self.oldest, event.at <= now + Self.ahead else {
                tally.untimely += 1
                continue
            }
            guard ids[event.id] == nil else {
                tally.repeated += 1
                continue
            }
            ids.set(event.id, true, until: event.at + Self.oldest + 1)
            let follows = event.consequences
            if follows.isEmpty { tally.ignored += 1 } else { tally.taken += 1 }
            consequences += follows
        }
        return (consequences, tally)
    }
}

extension StalwartWebhook.Event {
    /// Nil for what is none; of one that has more than is known here, the rest is ignored.
    fileprivate init?(_ json: JSON) {
        guard let id = json["id"]?.text, StalwartWebhook.idBytes.contains(id.utf8.count),
            !id.contains(where: \.isWhitespace), let at = json["createdAt"]?.text.flatMap({ UTCTime(rfc3339: $0) }),
            let type = json["type"]?.text
        else { return nil }
        let data = json["data"]
        let texts = [data?["remoteIp"]?.text].compactMap(\.self) + (data?["details"]?.list ?? []).compactMap(\.text)
        self.init(
            id: id, at: at.seconds, type: type, addresses: texts.compactMap { IPAddress($0) }.withoutRepeats,
            reason: data?["reason"]?.text)
    }

    /// The events have no duration: it is in Stalwart's own object. These are short enough that who shares the address, or gets it next, is
    /// not kept out for long, and Stalwart says so again if it goes on.
    fileprivate var consequences: [BanBook.Event] {
        let hour = 60 * 60
        switch type {
        case "security.authentication-ban": return bans("too many failed logins", time: 4 * hour)
        case "security.scan-ban": return bans("scanned for weaknesses", time: 24 * hour)
        case "security.abuse-ban": return bans("too much mail to addresses that do not exist", time: 24 * hour)
        case "security.loiter-ban": return bans("connected and sent nothing", time: hour)
        // Stalwart counts these for each login too, so that an attack on one bans its owner: here they are strikes alone.
        case "auth.failed": return addresses.map { .struck($0, .login) }
        case "security.ip-blocked": return addresses.map { .struck($0, .turnedAway) }
        case "security.ip-block-expired": return addresses.map { .lift(Network($0), .webhook) }
        default: return []
        }
    }

    private func bans(_ words: String, time: Int) -> [BanBook.Event] {
        let reason = words + (reason.map { " (\($0))" } ?? "")
        return addresses.map { .ban(Network($0), .webhook, reason: reason, time: time) }
    }
}
