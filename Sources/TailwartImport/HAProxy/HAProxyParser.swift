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
        while parser.cursor.next != nil {
            let words = try parser.words()
            guard let keyword = words.first else { continue }
            let line = SourceStatement(name: keyword, words: Array(words.dropFirst()))
            if line.keyword.hasPrefix(".") {
                throw SyntaxProblem(
                    "\(line.keyword.quoted): conditional blocks are not followed; leave the lines that hold for this host, and "
                        + "remove the conditions", at: line.position)
            }
            if sectionKinds.contains(line.keyword) {
                let parts = line.texts.split(separator: "from", omittingEmptySubsequences: false)
                sections.append(
                    HAProxySection(
                        kind: line.keyword, name: parts[0].first, base: parts.dropFirst().first?.first,
                        position: line.position))
            } else if sections.isEmpty {
                throw SyntaxProblem(
                    "\(line.keyword.quoted) stands in no section; one such as 'global' or 'frontend' comes first",
                    at: line.position)
            } else {
                sections[sections.count - 1].lines.append(line)
            }
        }
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
