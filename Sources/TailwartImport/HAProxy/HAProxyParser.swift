import TailwartWire

/// Takes a HAProxy configuration apart: sections, lines, words, quotes, environment variables.
struct HAProxyParser {
    /// Words of one line; HAProxy itself takes 64, newer versions more.
    static let wordLimit = 1000

    static let sectionKinds: Set<String> = [
        "global", "defaults", "frontend", "backend", "listen", "resolvers", "peers", "userlist", "cache", "mailers",
        "program",
        "ring", "http-errors", "log-forward", "log-profile", "crt-store", "crt-list", "traces", "fcgi-app", "acme",
    ]

    private var cursor: TextCursor
    private let variables: Variables

    static func parse(
        _ text: String, file: String, _ variables: Variables
    ) throws(SyntaxProblem) -> [HAProxySection] {
        var parser = HAProxyParser(cursor: TextCursor(text, file: file), variables: variables)
        var sections: [HAProxySection] = []
        while parser.cursor.next != nil {
            guard let line = try parser.line() else { continue }
            if line.keyword.hasPrefix(".") {
                throw SyntaxProblem(
                    "\(line.keyword.quoted): conditional blocks are not followed; leave the lines that hold for this host, and "
                        + "remove the conditions", at: line.place)
            }
            if sectionKinds.contains(line.keyword) {
                let texts = line.texts
                let from = texts.firstIndex(of: "from")
                sections.append(
                    HAProxySection(
                        kind: line.keyword, name: from == 0 ? nil : texts.first,
                        base: from.flatMap { texts.indices.contains($0 + 1) ? texts[$0 + 1] : nil }, place: line.place))
            } else if sections.isEmpty {
                throw SyntaxProblem(
                    "\(line.keyword.quoted) stands in no section; one such as 'global' or 'frontend' comes first",
                    at: line.place)
            } else {
                sections[sections.count - 1].lines.append(line)
            }
        }
        return sections
    }

    /// The next line; nil if it is empty.
    private mutating func line() throws(SyntaxProblem) -> HAProxyLine? {
        var words: [HAProxyLine.Word] = []
        while let scalar = cursor.next {
            switch scalar {
            case "\n":
                cursor.take()
                return words.isEmpty ? nil : HAProxyLine(words: words)
            case "#": _ = cursor.take(while: { $0 != "\n" })
            case " ", "\t", "\r": cursor.take()
            default:
                guard words.count < Self.wordLimit else {
                    throw SyntaxProblem("more than \(Self.wordLimit) words on one line", at: cursor.place)
                }
                let place = cursor.place
                words.append(.init(text: try word(), place: place))
            }
        }
        return words.isEmpty ? nil : HAProxyLine(words: words)
    }

    private mutating func word() throws(SyntaxProblem) -> String {
        var text = ""
        while let scalar = cursor.next, ![" ", "\t", "\r", "\n", "#"].contains(scalar) {
            switch scalar {
            case "'":
                text += try quoted("'")
            case "\"":
                text += try quoted("\"")
            case "\\":
                cursor.take()
                if let escaped = cursor.take() { text.unicodeScalars.append(escaped) }
            default:
                text.unicodeScalars.append(scalar)
                cursor.take()
            }
        }
        return text
    }

    /// In double quotes variables are replaced and a backslash escapes, in single quotes nothing is special.
    private mutating func quoted(_ quote: Unicode.Scalar) throws(SyntaxProblem) -> String {
        let start = cursor.place
        cursor.take()
        var text = ""
        while let scalar = cursor.next, scalar != "\n" {
            if scalar == quote {
                cursor.take()
                return text
            }
            if quote == "\"", scalar == "\\" {
                cursor.take()
                if let escaped = cursor.take() { text.unicodeScalars.append(escaped) }
            } else if quote == "\"", scalar == "$" {
                text += try variable()
            } else {
                text.unicodeScalars.append(scalar)
                cursor.take()
            }
        }
        throw SyntaxProblem("this quote is not closed on its line", at: start)
    }

    /// `$NAME`, `${NAME}` or `${NAME-default}`.
    private mutating func variable() throws(SyntaxProblem) -> String {
        let place = cursor.place
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
            guard cursor.take() == "}" else { throw SyntaxProblem("this variable has no '}'", at: place) }
        }
        guard fallback?.contains("$") != true else {
            throw SyntaxProblem("a default cannot hold another variable here; write its value", at: place)
        }
        guard let reference = variables.refer(to: name, or: fallback) else {
            throw SyntaxProblem("\(name.quoted) cannot be the name of a variable here; rename it", at: place)
        }
        return reference
    }
}
