import TailwartWire

/// The text of a list: one network or address a line. A comment begins with `#` or `;`, also behind a network, as Spamhaus DROP and the netsets of
/// FireHOL have it. Lines end with LF or CRLF.
///
/// What is no network is skipped and said, so that one bad line of a list that somebody else keeps does not take the whole of it away. Anything
/// but a comment behind a network makes the line a bad one: it may be the end of a range, and an address alone would be less than what was meant.
/// Bits behind the prefix are taken for zeros, and counted: other programs let them pass, and lists have them.
package enum NetworkListText {
    /// Networks of one list; what comes behind them is left out. At most 24 bytes each here, and 43 in a ``NetworkTable``.
    package static let networkLimit = 1_000_000
    /// Bad lines that are told.
    package static let faultLimit = 3
    /// Bytes of a bad line that are shown.
    private static let shownBytes = 40

    package static func parse(_ text: Span<UInt8>) -> NetworkListReading {
        var reading = NetworkListReading()
        var (line, start) = (0, 0)
        // A mark of the byte order, which editors of other systems write.
        if text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf { start = 3 }
        while start < text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
            line += 1
            take(text.extracting(start..<end), line, &reading)
            start = end + 1
        }
        reading.networks.shrink()
        return reading
    }

    private static func take(_ line: Span<UInt8>, _ number: Int, _ reading: inout NetworkListReading) {
        var start = 0
        while start < line.count, isBlank(line[start]) { start += 1 }
        var end = start
        while end < line.count, line[end] != UInt8(ascii: "#"), line[end] != UInt8(ascii: ";") { end += 1 }
        while end > start, isBlank(line[end - 1]) { end -= 1 }
        guard start < end else { return }
        let word = line.extracting(start..<end)
        guard let (network, isExact) = network(word) else {
            reading.skipped += 1
            if reading.faults.count < faultLimit {
                let bytes = (0..<min(word.count, shownBytes)).map { word[$0] }
                reading.faults.append(.init(line: number, text: String(decoding: bytes, as: UTF8.self)))
            }
            return
        }
        guard reading.networks.count < networkLimit else {
            reading.leftOut += 1
            return
        }
        if !isExact { reading.masked += 1 }
        reading.networks.append(network)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private static func network(_ word: Span<UInt8>) -> (Network, isExact: Bool)? {
        var slash = 0
        while slash < word.count, word[slash] != UInt8(ascii: "/") { slash += 1 }
        guard let base = IPAddress(text: word.extracting(0..<slash)) else { return nil }
        guard slash < word.count else { return (Network(base), true) }
        guard (1...3).contains(word.count - slash - 1) else { return nil }
        var prefix = 0
        for index in (slash + 1)..<word.count {
            let digit = word[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            prefix = prefix * 10 + Int(digit)
        }
        guard let network = Network(enclosing: base, prefix: prefix) else { return nil }
        return (network, network.base == base)
    }
}

/// What was read of a list.
package struct NetworkListReading: Sendable, Equatable {
    /// A line that is no network.
    package struct Fault: Sendable, Equatable {
        /// From 1.
        package let line: Int
        /// Its beginning, without a comment.
        package let text: String
    }

    package internal(set) var networks = PackedNetworks()
    /// How many had bits behind their prefix.
    package internal(set) var masked = 0
    /// Lines that are no network, and the first of them.
    package internal(set) var skipped = 0
    package internal(set) var faults: [Fault] = []
    /// Networks beyond ``NetworkListText/networkLimit``.
    package internal(set) var leftOut = 0

    package init() {}

    /// Of networks that were written in the configuration.
    package init(_ networks: [Network]) { self.networks = PackedNetworks(networks) }

    /// What is wrong with it, a sentence each without a full stop.
    package var problems: [String] {
        var problems = faults.map { "line \($0.line) is not a network: \($0.text.quoted)" }
        if skipped > faults.count { problems.append("\(skipped - faults.count) more lines are not networks") }
        if masked > 0 { problems.append("\(masked) have bits behind their prefix, which count as zeros") }
        if leftOut > 0 {
            problems.append("\(leftOut) are left out: a list has at most \(NetworkListText.networkLimit) networks")
        }
        return problems
    }
}
