import TailwartWire

/// Takes a HAProxy configuration apart: sections, lines, words, quotes, environment variables.
struct HAProxyParser {
    /// Words of one line; HAProxy itself takes 64, newer versions more.
    static let wordLimit = 1000

    static let sectionKinds: Set<String> = [
        "global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "userlist", "cache", "mailers",
        "program", "ring", "http-errors", "log-forward", "log-profile", "crt-store", "crt-list", "traces", "fcgi-app",
        "acme",
    ]

    private var cursor: TextCursor
    private let variables: Variables

    static func parse(
        _ text: String, file: String, _ variables: Variables
    ) throws(SyntaxProblem) -> [HAProxySection] {
        var parser = HAProxyParser(cursor: TextCursor(text, file: file), variables: variables)
        var sections: [HAProxySection] = []
        var conditions: [SourcePosition] = []
        while parser.cursor.next != nil {
            let words = try parser.words()
            guard let keyword = words.first else { continue }
            var line = SourceStatement(name: keyword, words: Array(words.dropFirst()))
            line.condition = conditions.last
            switch line.keyword {
            case ".if":
                conditions.append(line.position)
                continue
            case ".elif", ".else", ".endif":
                guard !conditions.isEmpty else {
                    throw SyntaxProblem("there is no '.if' before this \(line.keyword.quoted)", at: line.position)
                }
                if line.keyword == ".endif" { conditions.removeLast() }
                continue
            case ".diag", ".notice", ".warning", ".alert": continue
            case let word where word.hasPrefix("."):
                throw SyntaxProblem("\(word.quoted) is not known; remove it", at: line.position)
            default: break
            }
            if sectionKinds.contains(line.keyword) {
                let parts = line.texts.split(separator: "from", omittingEmptySubsequences: false)
                sections.append(
                    HAProxySection(
                        kind: line.keyword, name: parts[0].first, base: parts.dropFirst().first?.first,
                        address: parts[0].count > 1 ? line.words[1] : nil, position: line.position,
                        condition: line.condition))
            } else if sections.isEmpty {
                throw SyntaxProblem(
                    "\(line.keyword.quoted) stands in no section; one such as 'global' or 'frontend' comes first",
                    at: line.position)
            } else {
                sections[sections.count - 1].lines.append(line)
            }
        }
        if let condition = conditions.last { throw SyntaxProblem("this '.if' has no '.endif'", at: condition) }
        return sections
    }

    /// Those of the next line.
    private mutating func words() throws(SyntaxProblem) -> [SourceWord] {
        var words: [SourceWord] = []
        while let scalar = cursor.next {
            switch scalar {
            case "\n":
                cursor.take()
                return words
            case "#": _ = cursor.take(while: { $0 != "\n" })
            case " ", "\t", "\r": cursor.take()
            default:
                guard words.count < Self.wordLimit else {
                    throw SyntaxProblem("more than \(Self.wordLimit) words on one line", at: cursor.position)
                }
                let position = cursor.position
                words.append(SourceWord(text: try word(), position: position))
            }
        }
        return words
    }

    /// In double quotes variables are replaced and a backslash escapes, in single quotes nothing is special.
    private mutating func word() throws(SyntaxProblem) -> String {
        var text = ""
        var quote: (scalar: Unicode.Scalar, position: SourcePosition)?
        while let scalar = cursor.next, scalar != "\n" {
            let position = cursor.position
            if quote == nil, [" ", "\t", "\r", "#"].contains(scalar) { break }
            if quote?.scalar == "\"", scalar == "$" {
                text += try variable()
                continue
            }
            cursor.take()
            if quote?.scalar == scalar {
                quote = nil
            } else if quote == nil, scalar == "'" || scalar == "\"" {
                quote = (scalar, position)
            } else if scalar == "\\", quote?.scalar != "'" {
                if let escaped = cursor.take() { text.unicodeScalars.append(escaped) }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        if let quote { throw SyntaxProblem("this quote is not closed on its line", at: quote.position) }
        return text
    }

    /// `$NAME`, `${NAME}` or `${NAME-default}`.
    private mutating func variable() throws(SyntaxProblem) -> String {
        let position = cursor.position
        cursor.take()
        let isBraced = cursor.next == "{"
        if isBraced { cursor.take() }
        let name = cursor.take { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil) || scalar == "_"
        }
        var fallback: String?
        if isBraced {
            if cursor.next == "-" {
                cursor.take()
                fallback = cursor.take { $0 != "}" && $0 != "\"" && $0 != "\n" }
            }
            guard cursor.take() == "}" else { throw SyntaxProblem("this variable has no '}'", at: position) }
        }
        guard fallback?.contains("$") != true else {
            throw SyntaxProblem("a default cannot hold another variable here; write its value", at: position)
        }
        guard let reference = variables.refer(to: name, or: fallback) else {
            throw SyntaxProblem("\(name.quoted) cannot be the name of a variable here; rename it", at: position)
        }
        return reference
    }
}
