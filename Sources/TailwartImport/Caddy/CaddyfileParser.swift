import TailwartWire

/// Takes a Caddyfile apart: words, quotes, comments, blocks. The block of global options has no keyword.
struct CaddyfileParser {
    /// Blocks in blocks.
    static let depthLimit = 32

    private var cursor: TextCursor

    static func parse(_ text: String, file: String) throws(SyntaxProblem) -> [SourceStatement] {
        var parser = CaddyfileParser(cursor: TextCursor(text, file: file))
        return try parser.block(depth: 0, openedAt: nil)
    }

    private mutating func block(
        depth: Int, openedAt start: SourcePosition?
    ) throws(SyntaxProblem) -> [SourceStatement] {
        guard depth < Self.depthLimit else {
            throw SyntaxProblem("blocks more than \(Self.depthLimit) deep; a configuration is not", at: cursor.position)
        }
        var statements: [SourceStatement] = []
        var words: [SourceWord] = []
        func end(_ inner: [SourceStatement]?, at position: SourcePosition) {
            let name = words.first ?? SourceWord(text: "", position: position)
            if inner != nil || !words.isEmpty {
                statements.append(SourceStatement(name: name, words: Array(words.dropFirst()), block: inner))
            }
            words = []
        }
        while true {
            skipSpace()
            let position = cursor.position
            guard let next = cursor.next else {
                if let start { throw SyntaxProblem("this '{' is not closed", at: start) }
                end(nil, at: position)
                return statements
            }
            if next == "\n" {
                cursor.take()
                end(nil, at: position)
                continue
            }
            let word = try word()
            switch (word.isQuoted, word.text) {
            case (false, "{"): end(try block(depth: depth + 1, openedAt: position), at: position)
            case (false, "}"):
                guard words.isEmpty else { throw SyntaxProblem("'}' stands on a line of its own", at: position) }
                guard start != nil else { throw SyntaxProblem("this '}' closes nothing; remove it", at: position) }
                return statements
            default: words.append(word)
            }
        }
    }

    private mutating func word() throws(SyntaxProblem) -> SourceWord {
        let position = cursor.position
        guard let quote = cursor.next, quote == "\"" || quote == "`" else {
            let text = cursor.take { !Self.isSpace($0) && $0 != "\n" }
            if text.hasPrefix("<<"), text.count > 2, cursor.next == "\n" { skipText(to: String(text.dropFirst(2))) }
            return SourceWord(text: text, position: position)
        }
        cursor.take()
        var text = String.UnicodeScalarView()
        while let scalar = cursor.take() {
            if scalar == quote { return SourceWord(text: String(text), position: position, isQuoted: true) }
            if scalar == "\\", quote == "\"", cursor.next == "\"", let escaped = cursor.take() {
                text.append(escaped)
            } else {
                text.append(scalar)
            }
        }
        throw SyntaxProblem("this quote is not closed", at: position)
    }

    /// A text of many lines ends with its marker on a line of its own. Nothing of `layer4` takes one.
    private mutating func skipText(to marker: String) {
        while cursor.take() != nil {
            let line = cursor.take { $0 != "\n" }
            if line.split(whereSeparator: \.isWhitespace).first.map(String.init) == marker { return }
        }
    }

    private mutating func skipSpace() {
        while let scalar = cursor.next {
            if scalar == "#" {
                _ = cursor.take { $0 != "\n" }
            } else if Self.isSpace(scalar) {
                cursor.take()
            } else if scalar == "\\" {
                // A line that goes on.
                var ahead = cursor
                ahead.take()
                if ahead.next == "\r" { ahead.take() }
                guard ahead.next == "\n" else { return }
                ahead.take()
                cursor = ahead
            } else {
                return
            }
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\r"].contains(scalar) }
}
