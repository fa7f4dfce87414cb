import TailwartWire

/// A regular expression that stands for a list of names, as `^(mail|imap)\.example\.org$` does.
enum FiniteExpression {
    /// Nobody writes more by hand.
    private static let limit = 200

    /// The texts that it matches, each whole; nil where it matches others too, or more than can be listed.
    static func texts(_ expression: some StringProtocol) -> [String]? {
        guard expression.hasPrefix("^"), expression.hasSuffix("$"), !expression.hasSuffix("\\$") else { return nil }
        var rest = Array(expression.dropFirst().dropLast())[...]
        guard let texts = alternatives(&rest, depth: 0), rest.isEmpty else { return nil }
        return texts.withoutRepeats
    }

    /// What stands between `|`, up to a closing bracket. At the top they are none: `^a|b$` is not `^(a|b)$`.
    private static func alternatives(_ rest: inout ArraySlice<Character>, depth: Int) -> [String]? {
        guard depth < 8 else { return nil }
        var result: [String] = []
        var current = [""]
        while let character = rest.first {
            if character == ")" { break }
            rest.removeFirst()
            if character == "|" {
                if depth == 0 { return nil }
                result += current
                current = [""]
                continue
            }
            guard var part = part(character, &rest, depth: depth) else { return nil }
            if rest.first == "?" {
                rest.removeFirst()
                part.append("")
            }
            guard current.count * part.count <= limit else { return nil }
            current = current.flatMap { head in part.map { head + $0 } }
        }
        result += current
        return result.count <= limit ? result : nil
    }

    /// A letter, an escaped sign, a list of letters or a group.
    private static func part(
        _ character: Character, _ rest: inout ArraySlice<Character>, depth: Int
    ) -> [String]? {
        func isPlain(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber || "-_".contains(character))
        }
        switch character {
        case "\\":
            guard let escaped = rest.popFirst(), ".-".contains(escaped) else { return nil }
            return [String(escaped)]
        case "[":
            let letters = rest.prefix { $0 != "]" }
            rest = rest.dropFirst(letters.count)
            guard rest.popFirst() == "]", !letters.isEmpty, letters.allSatisfy({ isPlain($0) && $0 != "-" }) else {
                return nil
            }
            return letters.map { String($0) }
        case "(":
            if rest.starts(with: "?:") { rest = rest.dropFirst(2) }
            guard let inside = alternatives(&rest, depth: depth + 1), rest.popFirst() == ")" else { return nil }
            return inside
        default: return isPlain(character) ? [String(character)] : nil
        }
    }
}
