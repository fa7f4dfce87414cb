// Strangers' text in messages and log lines.

extension StringProtocol {
    /// In quotes for a message: made printable, long text cut.
    package var quoted: String {
        let limit = 80
        let text = String(String.UnicodeScalarView(unicodeScalars.prefix(limit))).printable
        return unicodeScalars.dropFirst(limit).isEmpty ? "'\(text)'" : "'\(text)…'"
    }

    /// With what moves a terminal's cursor, or ends a line, escaped.
    package var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            if scalar.upsetsTerminals {
                text += scalar.escaped(asASCII: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// For a line of fixed width: other than printable ASCII becomes "?", and it is cut.
    package func printable(atMost count: Int) -> String {
        let kept = utf8.prefix(count).map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: kept, as: UTF8.self) + (utf8.count > count ? "…" : "")
    }
}

extension Unicode.Scalar {
    /// Whether it moves a terminal's cursor, ends a line, or turns the direction in which what follows is read (UAX 9).
    package var upsetsTerminals: Bool {
        switch value {
        case 0..<0x20, 0x7f...0x9f, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}

extension Sequence<String> {
    /// `'a', 'b', 'c'` for a message.
    package var listed: String { map(\.quoted).joined(separator: ", ") }
}

extension Sequence where Element: Hashable {
    /// The elements in their order, each once.
    package var withoutRepeats: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
