/// Reads JSON strictly (RFC 8259) and remembers where everything stands, which decoders into types do not.
struct JSONReader {
    /// Levels of lists and objects. Caddy's own files have about fifteen.
    static let depthLimit = 64

    private var cursor: TextCursor

    static func read(_ text: String, file: String) throws(SyntaxProblem) -> JSONValue {
        var reader = JSONReader(cursor: TextCursor(text, file: file))
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        if reader.cursor.next != nil { throw reader.problem("something follows the end of the JSON value; remove it") }
        return value
    }

    private mutating func value(depth: Int) throws(SyntaxProblem) -> JSONValue {
        skipSpace()
        let place = cursor.place
        guard depth < Self.depthLimit else {
            throw problem("nested more than \(Self.depthLimit) levels deep; a configuration is not")
        }
        switch cursor.next {
        case "{": return JSONValue(place: place, content: .object(try object(depth: depth)))
        case "[": return JSONValue(place: place, content: .list(try list(depth: depth)))
        case "\"": return JSONValue(place: place, content: .text(try string()))
        case .some(let scalar) where scalar == "-" || ("0"..."9").contains(scalar):
            return JSONValue(place: place, content: .number(try number()))
        case .some(let scalar) where scalar.properties.isAlphabetic:
            return JSONValue(place: place, content: try word())
        case nil: throw problem("the file ends where a value should follow; is it whole?")
        case .some(let scalar): throw problem("\(String(scalar).quoted) cannot begin a value; is this JSON?")
        }
    }

    private mutating func object(depth: Int) throws(SyntaxProblem) -> [JSONValue.Member] {
        cursor.take()
        var members: [JSONValue.Member] = []
        var lines: [String: Int] = [:]
        skipSpace()
        if takes("}") { return members }
        while true {
            skipSpace()
            guard cursor.next == "\"" else { throw problem("a key in double quotes should follow") }
            let keyPlace = cursor.place
            let key = try string()
            if let line = lines[key] {
                throw SyntaxProblem(
                    "the key \(key.quoted) stands on line \(line) already; keep one of them", at: keyPlace)
            }
            lines[key] = keyPlace.line
            skipSpace()
            guard takes(":") else { throw problem("a colon should follow the key \(key.quoted)") }
            members.append(JSONValue.Member(key: key, keyPlace: keyPlace, value: try value(depth: depth + 1)))
            skipSpace()
            if takes("}") { return members }
            guard takes(",") else { throw problem("a comma or a closing brace should follow") }
        }
    }

    private mutating func list(depth: Int) throws(SyntaxProblem) -> [JSONValue] {
        cursor.take()
        var members: [JSONValue] = []
        skipSpace()
        if takes("]") { return members }
        while true {
            members.append(try value(depth: depth + 1))
            skipSpace()
            if takes("]") { return members }
            guard takes(",") else { throw problem("a comma or a closing bracket should follow") }
        }
    }

    private mutating func string() throws(SyntaxProblem) -> String {
        let start = cursor.place
        cursor.take()
        var text = String.UnicodeScalarView()
        while let scalar = cursor.next {
            switch scalar {
            case "\"":
                cursor.take()
                return String(text)
            case "\\":
                cursor.take()
                text.append(try escape())
            case _ where scalar.value < 0x20:
                throw problem("a line end or control character inside a text; escape it, or close the text")
            default:
                text.append(scalar)
                cursor.take()
            }
        }
        throw SyntaxProblem("this text has no closing quote", at: start)
    }

    /// What follows a backslash.
    private mutating func escape() throws(SyntaxProblem) -> Unicode.Scalar {
        let place = cursor.place
        switch cursor.take() {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            let unit = try hexadecimal()
            guard (0xD800...0xDBFF).contains(unit) else {
                guard let scalar = Unicode.Scalar(unit) else { break }
                return scalar
            }
            // A scalar beyond the first plane comes as two (RFC 8259 section 7).
            guard takes("\\"), takes("u") else { break }
            let low = try hexadecimal()
            guard (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            else { break }
            return scalar
        default: break
        }
        throw SyntaxProblem("no escape that JSON knows", at: place)
    }

    private mutating func hexadecimal() throws(SyntaxProblem) -> UInt32 {
        let place = cursor.place
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = cursor.take().flatMap({ Character($0).hexDigitValue }) else {
                throw SyntaxProblem("\\u needs four hexadecimal digits", at: place)
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func number() throws(SyntaxProblem) -> String {
        let place = cursor.place
        let text = cursor.take { "0123456789+-.eE".unicodeScalars.contains($0) }
        guard text.count <= 40, text.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#) != nil else {
            throw SyntaxProblem("\(text.quoted) is no number that JSON knows", at: place)
        }
        return text
    }

    private mutating func word() throws(SyntaxProblem) -> JSONValue.Content {
        let place = cursor.place
        switch cursor.take(while: \.properties.isAlphabetic) {
        case "null": return .null
        case "true": return .flag(true)
        case "false": return .flag(false)
        case let word: throw SyntaxProblem("\(word.quoted) without quotes means nothing in JSON", at: place)
        }
    }

    private mutating func skipSpace() {
        while let scalar = cursor.next, [" ", "\t", "\n", "\r"].contains(scalar) { cursor.take() }
    }

    private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
        guard cursor.next == scalar else { return false }
        cursor.take()
        return true
    }

    private func problem(_ message: String) -> SyntaxProblem { SyntaxProblem(message, at: cursor.place) }
}
