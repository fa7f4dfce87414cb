import TailwartWire

/// Takes an nginx configuration apart: words, quotes, comments, blocks. What they mean is not its business.
struct NginxParser {
    /// Blocks in blocks. nginx has four levels.
    static let depthLimit = 32

    private enum Token {
        case word(NginxDirective.Word)
        case semicolon
        case open
        case close
        case end
    }

    private var cursor: TextCursor

    static func parse(_ text: String, file: String) throws(SyntaxProblem) -> [NginxDirective] {
        var parser = NginxParser(cursor: TextCursor(text, file: file))
        return try parser.block(depth: 0, openedAt: nil)
    }

    private mutating func block(depth: Int, openedAt start: SourcePlace?) throws(SyntaxProblem) -> [NginxDirective] {
        guard depth < Self.depthLimit else {
            throw SyntaxProblem("blocks more than \(Self.depthLimit) deep; a configuration is not", at: cursor.place)
        }
        var directives: [NginxDirective] = []
        var words: [NginxDirective.Word] = []
        while true {
            skipSpace()
            let place = cursor.place
            switch try token() {
            case .word(let word):
                words.append(word)
            case .semicolon:
                guard let name = words.first else {
                    throw SyntaxProblem("nothing stands before this ';'; remove it", at: place)
                }
                directives.append(NginxDirective(name: name, words: Array(words.dropFirst()), block: nil))
                words = []
            case .open:
                guard let name = words.first else { throw SyntaxProblem("nothing stands before this '{'", at: place) }
                let inner = try block(depth: depth + 1, openedAt: place)
                directives.append(NginxDirective(name: name, words: Array(words.dropFirst()), block: inner))
                words = []
            case .close:
                if let word = words.last {
                    throw SyntaxProblem("a ';' is missing behind \(word.text.quoted)", at: word.place)
                }
                guard start != nil else { throw SyntaxProblem("this '}' closes nothing; remove it", at: place) }
                return directives
            case .end:
                if let word = words.last {
                    throw SyntaxProblem("a ';' is missing behind \(word.text.quoted)", at: word.place)
                }
                if let start { throw SyntaxProblem("this '{' is not closed", at: start) }
                return directives
            }
        }
    }

    private mutating func token() throws(SyntaxProblem) -> Token {
        let place = cursor.place
        switch cursor.next {
        case nil: return .end
        case ";":
            cursor.take()
            return .semicolon
        case "{":
            cursor.take()
            return .open
        case "}":
            cursor.take()
            return .close
        case "\"", "'": return .word(.init(text: try quoted(), place: place, isQuoted: true))
        default: return .word(.init(text: plain(), place: place, isQuoted: false))
        }
    }

    private mutating func quoted() throws(SyntaxProblem) -> String {
        let start = cursor.place
        let quote = cursor.take()
        var text = String.UnicodeScalarView()
        while let scalar = cursor.take() {
            if scalar == quote { return String(text) }
            if scalar == "\\", let escaped = cursor.take() {
                text.append(contentsOf: Self.unescaped(escaped))
            } else {
                text.append(scalar)
            }
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
            if scalar == "\\", let escaped = cursor.take() {
                text.append(contentsOf: Self.unescaped(escaped))
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    private static func unescaped(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        switch scalar {
        case "t": ["\t"]
        case "n": ["\n"]
        case "r": ["\r"]
        case "\"", "'", "\\", " ", ";", "{", "}": [scalar]
        // In a regular expression the backslash is meant.
        default: ["\\", scalar]
        }
    }

    private mutating func skipSpace() {
        while let scalar = cursor.next {
            if scalar == "#" {
                _ = cursor.take(while: { $0 != "\n" })
            } else if Self.isSpace(scalar) {
                cursor.take()
            } else {
                return
            }
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { [" ", "\t", "\r", "\n"].contains(scalar) }
}
