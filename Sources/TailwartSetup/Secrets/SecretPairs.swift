/// The keys of one line whose values are secrets, in any of the forms `key: value`, `"key": "value"`, `KEY=value`,
/// `- KEY=value` and `{key: value, key: value}`.
///
/// Line by line and not by a parser of each format: a file that is about to be committed may be a template, half written or of
/// a dialect, and a secret in it is one all the same.
struct SecretPairs {
    private(set) var found: [(key: String, column: Int)] = []
    private let line: [Unicode.Scalar]

    /// - Parameter open: a key whose value begins on the next line: `secret: |`, or JSON broken after the colon.
    init(_ source: Substring.UnicodeScalarView, kind: SecretScan.Kind, open: inout String?) {
        line = Array(source.last == "\r" ? source.dropLast() : source)
        let first = skipBlanks(from: 0)
        // Blank lines do not end a block; a comment explains.
        guard first < line.count, kind == .example || line[first] != "#" else { return }
        if let key = open {
            open = nil
            add(key, value(from: first, endingAt: nil, isFlow: kind == .json))
        }
        let brace = line.firstIndex(of: "{")
        var index = first
        while index < line.count, found.count < SecretScan.findingLimit {
            guard isSeparator(at: index, kind), let (key, quote) = key(before: index), SecretKey.isSecret(key) else {
                index += 1
                continue
            }
            let isColon = line[index] == ":"
            let start = skipBlanks(from: index + 1)
            // A mapping or a list says more further on.
            if isColon, start < line.count, line[start] == "{" || line[start] == "[" {
                index = start + 1
                continue
            }
            let isFlow = kind == .json || brace.map { $0 < index } ?? false
            let value = value(from: start, endingAt: quote, isFlow: isFlow)
            let written = text(value)
            if isColon, ["|", ">", "|-", ">-", "|+", ">+"].contains(written) || (written.isEmpty && kind == .json) {
                open = key
                return
            }
            add(key, value)
            index = max(value.upperBound, index + 1)
        }
    }

    private func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(line[range])) }

    private mutating func add(_ key: String, _ value: Range<Int>) {
        if SecretKey.isWrittenOut(text(value), of: key) { found.append((key, value.lowerBound + 1)) }
    }

    /// `:` before a blank, a quote or the end; `=` that is no comparison.
    private func isSeparator(at index: Int, _ kind: SecretScan.Kind) -> Bool {
        let next = index + 1 < line.count ? line[index + 1] : " "
        let before = index > 0 ? line[index - 1] : " "
        return switch line[index] {
        case ":": kind != .example && [" ", "\t", "\"", "'"].contains(next)
        case "=": next != "=" && next != ">" && !["=", "!", "<", ">", ":", "~", "+"].contains(before)
        default: false
        }
    }

    /// The key, and a quote around the whole pair, as in `- "KEY=value"`.
    private func key(before separator: Int) -> (name: String, outerQuote: Unicode.Scalar?)? {
        var end = separator
        while end > 0, line[end - 1].isBlank { end -= 1 }
        let isQuoted = end > 0 && line[end - 1].isQuote
        if isQuoted { end -= 1 }
        var start = end
        while start > 0, line[start - 1].isWord { start -= 1 }
        let before = start > 0 && line[start - 1].isQuote ? line[start - 1] : nil
        guard start < end, !isQuoted || before == line[end] else { return nil }
        return (text(start..<end), isQuoted ? nil : before)
    }

    /// The value without its quotes.
    private func value(from start: Int, endingAt outerQuote: Unicode.Scalar?, isFlow: Bool) -> Range<Int> {
        var end = start
        if start < line.count, line[start].isQuote, line[start] != outerQuote {
            end += 1
            // An escaped quote does not end a text in double quotes.
            while end < line.count, line[end] != line[start] { end += line[end] == "\\" && line[start] == "\"" ? 2 : 1 }
            return (start + 1)..<max(start + 1, min(end, line.count))
        }
        // `${NAME}` ends with a brace of its own.
        var isInVariable = false
        while end < line.count, line[end] != outerQuote {
            // A comment, also right after the colon.
            if line[end] == "#", end == start || line[end - 1].isBlank { break }
            if isFlow, !isInVariable, [",", "}", "]"].contains(line[end]) { break }
            if line[end] == "}" { isInVariable = false }
            if line[end] == "{", end > start, line[end - 1] == "$" { isInVariable = true }
            end += 1
        }
        while end > start, line[end - 1].isBlank { end -= 1 }
        return start..<end
    }

    private func skipBlanks(from start: Int) -> Int { line[start...].firstIndex { !$0.isBlank } ?? line.count }
}

extension Unicode.Scalar {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
    fileprivate var isQuote: Bool { self == "\"" || self == "'" }
    fileprivate var isWord: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
        default: false
        }
    }
}
