import NIOCore

/// One command line of IMAP (RFC 3501 section 2.2), cut into words.
struct IMAPLine: Sendable, Equatable {
    let tag: String
    /// In upper case.
    let command: String
    /// Atoms, quoted strings without their quotes, and what stands in parentheses or brackets in one piece.
    let arguments: [String]

    enum Problem: Error, Equatable {
        /// Nothing can be answered to it by name.
        case noTag
        case malformed(tag: String)
        /// Bytes announced by `{n}`; `isSent` if the client does not wait to be asked for them (`{n+}`, RFC 7888).
        case literal(tag: String, isSent: Bool)
    }

    init(_ line: ByteBuffer) throws(Problem) {
        let text = String(buffer: line)
        var rest = Substring(text)
        let tag = String(rest.prefix { $0 != " " })
        guard !tag.isEmpty, tag.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") })
        else {
            throw .noTag
        }
        if let isSent = Self.literal(atEndOf: text) { throw .literal(tag: tag, isSent: isSent) }
        rest = rest.dropFirst(tag.count)
        var words: [String] = []
        while let first = rest.first {
            if first == " " {
                rest = rest.dropFirst()
            } else if first == "\"" {
                guard let word = Self.quoted(&rest) else { throw .malformed(tag: tag) }
                words.append(word)
            } else {
                guard let word = Self.word(&rest) else { throw .malformed(tag: tag) }
                words.append(word)
            }
        }
        guard let command = words.first else { throw .malformed(tag: tag) }
        self.tag = tag
        self.command = command.uppercased()
        self.arguments = Array(words.dropFirst())
    }

    /// Whether the literal that the line ends with is already on its way; nil if there is none.
    private static func literal(atEndOf text: String) -> Bool? {
        guard text.last == "}", let start = text.lastIndex(of: "{") else { return nil }
        let count = text[text.index(after: start)...].dropLast()
        let isSent = count.last == "+"
        let digits = isSent ? count.dropLast() : count
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= "0" && $0 <= "9" }) else { return nil }
        return isSent
    }

    private static func quoted(_ rest: inout Substring) -> String? {
        rest = rest.dropFirst()
        var word = ""
        while let character = rest.first {
            rest = rest.dropFirst()
            if character == "\"" { return word }
            if character == "\\" {
                guard let escaped = rest.first else { return nil }
                rest = rest.dropFirst()
                word.append(escaped)
            } else {
                word.append(character)
            }
        }
        return nil
    }

    /// Up to the next space outside parentheses and brackets.
    private static func word(_ rest: inout Substring) -> String? {
        var depth = 0
        let word = rest.prefix { character in
            if character == "(" || character == "[" { depth += 1 }
            if character == ")" || character == "]" { depth -= 1 }
            return depth > 0 || character != " "
        }
        rest = rest.dropFirst(word.count)
        return depth == 0 ? String(word) : nil
    }
}
