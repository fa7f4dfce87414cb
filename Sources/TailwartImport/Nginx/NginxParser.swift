import TailwartWire

/// Takes an nginx configuration apart: words, quotes, comments, blocks. What they mean is not its business.
struct NginxParser {
    /// Blocks in blocks. nginx has four levels.
    static let depthLimit = 32

    private var cursor: TextCursor

    static func parse(_ text: String, file: String) throws(SyntaxProblem) -> [SourceStatement] {
        var parser = NginxParser(cursor: TextCursor(text, file: file))
        return try parser.block(depth: 0, openedAt: nil)
    }

    private mutating func block(depth: Int, openedAt start: SourcePosition?) throws(SyntaxProblem) -> [SourceStatement]
    {
        guard depth < Self.depthLimit else {
            throw SyntaxProblem("blocks more than \(Self.depthLimit) deep; a configuration is not", at: cursor.position)
        }
        var directives: [SourceStatement] = []
        var words: [SourceWord] = []
        while true {
            skipSpace()
            let position = cursor.position
            switch cursor.next {
            case let end? where end == ";" || end == "{":
                cursor.take()
                guard let name = words.first else {
                    throw SyntaxProblem("nothing stands before this '\(end)'; remove it", at: position)
                }
                let inner = end == "{" ? try block(depth: depth + 1, openedAt: position) : nil
                directives.append(SourceStatement(name: name, words: Array(words.dropFirst()), block: inner))
                words = []
            case nil, "}":
                let isClosed = cursor.take() != nil
                if let word = words.last {
                    throw SyntaxProblem("a ';' is missing behind \(word.text.quoted)", at: word.position)
                }
                if let start, !isClosed { throw SyntaxProblem("this '{' is not closed", at: start) }
                if start == nil, isClosed { throw SyntaxProblem("this '}' closes nothing; remove it", at: position) }
                return directives
            case let quote? where quote == "\"" || quote == "'":
                words.append(SourceWord(text: try quoted(quote), position: position, isQuoted: true))
            default: words.append(SourceWord(text: plain(), position: position))
            }
        }
    }

    private mutating func quoted(_ quote: Unicode.Scalar) throws(SyntaxProblem) -> String {
        let start = cursor.position
        cursor.take()
        var text = String.UnicodeScalarView()
        while let scalar = cursor.take() {
            if scalar == quote { return String(text) }
            append(scalar, to: &text)
        }
        throw SyntaxProblem("this quote is not closed", at: start)
    }

    /// A word without quotes ends at space, `;` or `{`, but `${name}` belongs to it.
    private mutating func plain() -> String {
        var text = String.UnicodeScalarView()
        while let scalar = cursor.next {
            if Self.isSpace(scalar) || scalar == ";" || scalar == "{" && text.last != "$" { break }
            if scalar == "}" && !text.contains("{") { break }
            cursor.take()
            append(scalar, to: &text)
        }
        return String(text)
    }

    /// A scalar that was taken, with what it escapes.
    private mutating func append(_ scalar: Unicode.Scalar, to text: inout String.UnicodeScalarView) {
        guard scalar == "\\", let escaped = cursor.take() else { return text.append(scalar) }
        switch escaped {
        case "t": text.append("\t")
        case "n": text.append("\n")
        case "r": text.append("\r")
        case "\"", "'", "\\", " ", ";", "{", "}": text.append(escaped)
        // In a regular expression the backslash is meant.
        default: text.append(contentsOf: [scalar, escaped])
        }
    }

    private mutating func skipSpace() {
        while let scalar = cursor.next, scalar == "#" || Self.isSpace(scalar) {
            _ = cursor.take(while: scalar == "#" ? { $0 != "\n" } : Self.isSpace)
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\r", "\n"].contains(scalar) }
}
