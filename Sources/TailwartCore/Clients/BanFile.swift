import TailwartWire

/// The file that keeps bans over a restart, and what one process hands to the next: lines for people and programs, the first of which says
/// which version of these it is.
///
///     tailwart bans 1
///     ban strikes 203.0.113.7 1795932000 1795935600 10 × no TLS hello
///     ban manual 198.51.100.0/24 1795932000 forever they know why
///     owner 192.0.2.1 1796018400
///     repeat 203.0.113.7 2 1798527600
///
/// Only from process to process go strikes that are no ban yet, and events of the webhook that would change nothing if they came again:
///
///     struck 203.0.113.9 1795932000 noHello=3,flood=20
///     event 1795932600 284771934720
package enum BanFile {
    package enum Line: Sendable, Equatable {
        case ban(Ban)
        /// - Parameter until: seconds since 1970.
        case owner(Network, until: Int)
        case repeated(Network, times: Int, until: Int)
        /// - Parameter since: when the first strike was; seconds since 1970.
        case struck(Network, since: Int, counts: [Strike: Int])
        /// - Parameter id: without white space.
        case event(id: String, until: Int)
    }

    package struct Content: Sendable, Equatable {
        package var lines: [Line] = []
        /// Numbers of lines, from 1, that are none of these: the first of them, and how many.
        package var damaged: [Int] = []
        package var damagedCount = 0
    }

    package enum Failure: Error, Sendable, Equatable {
        case notOne
        /// Of a later program's.
        case newer(String)
        case tooLong
    }

    /// All that a ``BanBook`` holds is less.
    package static let byteLimit = 64 << 20
    private static let head = "tailwart bans "
    private static let version = "1"
    private static let forever = "forever"
    private static let damagedShown = 3
    /// Bytes of a line: a reason of ``BanBook/reasonLimit`` characters, escaped.
    private static let lineLimit = 4096

    /// What is not a line is skipped, so that one bad sector costs one ban.
    package static func read(_ bytes: Span<UInt8>) throws(Failure) -> Content {
        guard bytes.count <= byteLimit else { throw .tooLong }
        var content = Content()
        var number = 0
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            number += 1
            let isLast = end == bytes.count
            let text = end - start <= lineLimit ? String(decoding: bytes.extracting(start..<end)) : nil
            start = end + 1
            guard number > 1 else {
                guard let text, text.hasPrefix(head), !isLast else { throw .notOne }
                let found = String(text.dropFirst(head.count))
                guard found == version else { throw .newer(found.printable(atMost: 20)) }
                continue
            }
            // A last line without its end is half of one.
            if !isLast, let text, let line = Line(text) {
                content.lines.append(line)
            } else if text?.isEmpty != true {
                content.damagedCount += 1
                if content.damaged.count < damagedShown { content.damaged.append(number) }
            }
        }
        guard number > 0 else { throw .notOne }
        return content
    }

    package static func write(_ lines: [Line]) -> [UInt8] {
        var bytes = Array("\(head)\(version)\n".utf8)
        for line in lines {
            bytes += line.text.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    fileprivate static func end(_ until: Int?) -> String { until.map { "\($0)" } ?? forever }

    /// Nil for what is none; nil within for one for ever.
    fileprivate static func end(_ text: Substring) -> Int?? {
        if text == forever { return .some(nil) }
        return seconds(text).map { .some($0) }
    }

    fileprivate static func counts(_ text: Substring) -> [Strike: Int]? {
        var counts: [Strike: Int] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2, let strike = Strike(rawValue: String(words[0])), counts[strike] == nil,
                let count = seconds(words[1]), count > 0
            else { return nil }
            counts[strike] = count
        }
        return counts
    }

    /// From 1970 to the year 9999.
    fileprivate static func seconds(_ text: Substring) -> Int? {
        guard text.utf8.count <= 12, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text) else {
            return nil
        }
        return number < 253_402_300_800 ? number : nil
    }
}

extension BanFile.Line {
    fileprivate var text: String {
        switch self {
        case .ban(let ban):
            "ban \(ban.layer.rawValue) \(ban.network) \(ban.since) \(BanFile.end(ban.until)) \(ban.reason.printable)"
        case .owner(let network, let until): "owner \(network) \(until)"
        case .repeated(let network, let times, let until): "repeat \(network) \(times) \(until)"
        case .struck(let network, let since, let counts):
            "struck \(network) \(since) "
                + Strike.allCases.compactMap { strike in counts[strike].map { "\(strike.rawValue)=\($0)" } }
                .joined(separator: ",")
        case .event(let id, let until): "event \(until) \(id)"
        }
    }

    fileprivate init?(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
        guard words.count >= 3 else { return nil }
        switch words[0] {
        case "ban":
            // Those of a layer that says so anew by itself are not kept.
            guard words.count == 6, let layer = BanLayer(rawValue: String(words[1])), !layer.isRepeated,
                let network = Network(words[2]), !network.isTooWide, let since = BanFile.seconds(words[3]),
                let until = BanFile.end(words[4]), until != nil || layer == .manual
            else { return nil }
            self = .ban(Ban(network, layer, reason: String(words[5]), since: since, until: until))
        case "owner":
            guard words.count == 3, let network = Network(words[1]), network.prefix >= 32,
                let until = BanFile.seconds(words[2])
            else { return nil }
            self = .owner(network, until: until)
        case "repeat":
            guard words.count == 4, let network = Network(words[1]), let times = BanFile.seconds(words[2]), times > 0,
                let until = BanFile.seconds(words[3])
            else { return nil }
            self = .repeated(network, times: times, until: until)
        case "struck":
            guard words.count == 4, let network = Network(words[1]), let since = BanFile.seconds(words[2]),
                let counts = BanFile.counts(words[3])
            else { return nil }
            self = .struck(network, since: since, counts: counts)
        case "event":
            guard words.count == 3, let until = BanFile.seconds(words[1]), !words[2].isEmpty else { return nil }
            self = .event(id: String(words[2]), until: until)
        default: return nil
        }
    }
}

extension String {
    fileprivate init(decoding bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
