/// The keys of one line whose values are secrets, in any of the forms `key: value`, `"key": "value"`, `KEY=value`,
/// `- KEY=value` and `{key: value, key: value}`; on command lines `--key value`; and `${KEY:-value}` as the value of any key.
///
/// Line by line and not by a parser of each format: a file that is about to be committed may be a template, half written or of
/// a dialect, and a secret in it is one all the same.
struct SecretPairs {
    struct Pair: Equatable {
        let key: String
        /// Of the value, from 1.
        let columns: Range<Int>
    }

    /// A key whose value begins on the next line: `secret: |`, or JSON broken after the colon.
    struct OpenKey {
        let key: String
        /// An option of a command, whose value is the next item of a list: `- --token`, `- VALUE`.
        var isOption = false
    }

    private(set) var secrets: [Pair] = []
    var open: OpenKey?
    let line: SourceLine
    private let kind: FileKind
    private let firstBrace: Int?

    init(_ line: SourceLine, kind: FileKind, continuing previous: OpenKey?) {
        self.line = line
        self.kind = kind
        firstBrace = line.bytes.firstIndex(of: UInt8(ascii: "{"))
        let bytes = line.bytes
        if let previous {
            let start = skipBlanks(from: bytes.startIndex)
            // Blank lines do not end a block.
            if start == bytes.endIndex { open = previous }
            if previous.isOption {
                addItem(previous.key, from: start)
            } else {
                add(previous.key, value(from: start, endingAt: nil, isFlow: kind == .json))
            }
        }
        // What is commented out is committed all the same, but mostly an explanation: outside of `.env.example` only a line that
        // begins with a key matters.
        let isProse = isComment && kind != .example
        var index = bytes.startIndex
        while index < bytes.endIndex, secrets.count < SecretScan.findingLimit {
            guard isSeparator(at: index), let key = key(before: index) else {
                index += 1
                continue
            }
            // What follows is not first either.
            if isProse, !isFirst(key) { break }
            index = read(key, separator: index)
        }
        if !isProse { readOptions() }
        readFallbacks()
    }

    /// Whether nothing is before it on the line but the mark of a comment, of a list, or `export`.
    private func isFirst(_ key: Key) -> Bool {
        var before = line.bytes[..<key.start].filter { !$0.isBlank && !$0.isQuote && $0 != UInt8(ascii: "-") }
        if before.elementsEqual("#export".utf8) { before.removeLast("export".utf8.count) }
        return before.allSatisfy { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ";") }
    }

    var isComment: Bool {
        let first = line.bytes.first { !$0.isBlank }
        return first == UInt8(ascii: "#") || first == UInt8(ascii: ";")
    }

    // MARK: Key

    private struct Key {
        let name: String
        let start: Int
        /// A quote around the whole pair, as in `- "KEY=value"`.
        let outerQuote: UInt8?
    }

    /// `:` before a blank, a quote or the end; `=` that is no comparison.
    private func isSeparator(at index: Int) -> Bool {
        let bytes = line.bytes
        let next = index + 1 < bytes.endIndex ? bytes[index + 1] : nil
        let before = index > bytes.startIndex ? bytes[index - 1] : nil
        switch bytes[index] {
        case UInt8(ascii: ":") where kind != .example: return next.map { $0.isBlank || $0.isQuote } ?? true
        case UInt8(ascii: "="):
            let isOperator = before.map(Self.operators.contains) ?? false
            return next != UInt8(ascii: "=") && next != UInt8(ascii: ">") && !isOperator
        default: return false
        }
    }

    /// Before `=`.
    private static let operators = Array("=!<>:~+".utf8)

    private func key(before separator: Int) -> Key? {
        let bytes = line.bytes
        var end = separator
        while end > bytes.startIndex, bytes[end - 1].isBlank { end -= 1 }
        let quote = end > bytes.startIndex && bytes[end - 1].isQuote ? bytes[end - 1] : nil
        if quote != nil { end -= 1 }
        var start = end
        while start > bytes.startIndex, bytes[start - 1].isWord || bytes[start - 1] == UInt8(ascii: ".") { start -= 1 }
        guard start < end else { return nil }
        let before = start > bytes.startIndex ? bytes[start - 1] : nil
        if let quote, before != quote { return nil }
        let outer = quote == nil ? before.flatMap { $0.isQuote ? $0 : nil } : nil
        return Key(name: String(decoding: bytes[start..<end], as: UTF8.self), start: start, outerQuote: outer)
    }

    // MARK: Value

    /// Notes the pair if it is a secret; answers where to look on.
    private mutating func read(_ key: Key, separator: Int) -> Int {
        let bytes = line.bytes
        let start = skipBlanks(from: separator + 1)
        guard SecretKey.isSecret(key.name) else { return separator + 1 }
        let isColon = bytes[separator] == UInt8(ascii: ":")
        // A mapping or a list says more further on.
        if isColon, start < bytes.endIndex, bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[") {
            return start + 1
        }
        let isFlow = kind == .json || firstBrace.map { $0 < separator } ?? false
        let value = value(from: start, endingAt: key.outerQuote, isFlow: isFlow)
        let text = String(decoding: bytes[value], as: UTF8.self)
        if isColon, ["|", ">", "|-", ">-", "|+", ">+"].contains(text) || (text.isEmpty && kind == .json) {
            open = OpenKey(key: key.name)
            return bytes.endIndex
        }
        // Commented out, prose is more likely than a value with blanks in it.
        let isProse = text.contains(" ") || (kind != .example && SecretValue.isWord(text))
        if isComment, isProse { return max(value.upperBound, separator + 1) }
        add(key.name, value)
        return max(value.upperBound, separator + 1)
    }

    mutating func add(_ key: String, _ value: Range<Int>) {
        let text = SecretKey.secretPart(of: String(decoding: line.bytes[value], as: UTF8.self), named: key)
        guard SecretValue.isWrittenOut(text, isPassword: SecretKey.isPassword(key)) else { return }
        secrets.append(
            Pair(key: key, columns: line.column(of: value.lowerBound)..<(line.column(of: value.upperBound) + 1)))
    }

    /// The value without its quotes.
    func value(from start: Int, endingAt outerQuote: UInt8?, isFlow: Bool) -> Range<Int> {
        let bytes = line.bytes
        if start < bytes.endIndex, bytes[start].isQuote, bytes[start] != outerQuote {
            var end = start + 1
            while end < bytes.endIndex, bytes[end] != bytes[start] {
                // An escaped quote does not end a text in double quotes.
                end += bytes[end] == UInt8(ascii: "\\") && bytes[start] == UInt8(ascii: "\"") ? 2 : 1
            }
            return (start + 1)..<max(start + 1, min(end, bytes.endIndex))
        }
        var end = start
        // `${NAME}` ends with a brace of its own.
        var isInVariable = false
        while end < bytes.endIndex {
            let byte = bytes[end]
            if byte == outerQuote { break }
            // A comment, also right after the colon.
            if byte == UInt8(ascii: "#"), end == start || bytes[end - 1].isBlank { break }
            if isFlow, !isInVariable, Self.endsOfFlow.contains(byte) { break }
            if byte == UInt8(ascii: "}") { isInVariable = false }
            if byte == UInt8(ascii: "{"), end > start, bytes[end - 1] == UInt8(ascii: "$") { isInVariable = true }
            end += 1
        }
        while end > start, bytes[end - 1].isBlank { end -= 1 }
        return start..<end
    }

    private static let endsOfFlow = Array(",}]".utf8)

    func skipBlanks(from start: Int) -> Int {
        var index = start
        while index < line.bytes.endIndex, line.bytes[index].isBlank { index += 1 }
        return index
    }
}
