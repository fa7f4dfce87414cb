/// Why a text is no HuJSON, where, and what to do about it.
package struct HuJSONError: Error, Sendable, Equatable {
    package let place: PolicyPlace
    package let message: String
}

/// Reads HuJSON: RFC 8259 with comments and commas after the last member, and nothing else.
///
/// Strict where a lenient reader would guess: what the control server refuses must not be called good here.
package struct HuJSONParser {
    /// Some ten thousand rules; stops a file given by mistake from being read.
    package static let byteLimit = 1 << 20
    /// A policy nests about five levels; the parser calls itself for each.
    package static let depthLimit = 64

    let bytes: [UInt8]
    var index = 0
    private var line = 1
    private var column = 1
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static func parse(_ bytes: [UInt8]) throws(HuJSONError) -> HuJSON {
        guard bytes.count <= byteLimit else {
            throw HuJSONError(place: .start, message: "the file is larger than 1 MiB; is it the right one?")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw HuJSONError(place: .start, message: "not UTF-8; save the file in that encoding")
        }
        var parser = HuJSONParser(bytes)
        try parser.skipBlanks()
        guard parser.current != nil else {
            throw parser.error("the file has no value in it; a policy is an object: { … }")
        }
        let value = try parser.value()
        try parser.skipBlanks()
        guard parser.current == nil else {
            throw parser.error("the file goes on after its value; a policy is one object")
        }
        return value
    }

    // MARK: Values

    private mutating func value() throws(HuJSONError) -> HuJSON {
        let place = place
        guard let byte = current else { throw error("a value is expected here, not \(found)") }
        switch byte {
        case UInt8(ascii: "{"): return HuJSON(place: place, content: .object(try members()))
        case UInt8(ascii: "["): return HuJSON(place: place, content: .list(try elements()))
        case UInt8(ascii: "\""): return HuJSON(place: place, content: .string(try string()))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return HuJSON(place: place, content: .number(try number()))
        case _ where byte.isASCIILetter:
            return HuJSON(place: place, content: try word())
        default:
            throw error("a value is expected here, not \(found)")
        }
    }

    private mutating func members() throws(HuJSONError) -> [HuJSON.Member] {
        var members: [HuJSON.Member] = []
        try sequence(from: "{", to: "}") { parser throws(HuJSONError) in
            let place = parser.place
            guard parser.current == UInt8(ascii: "\"") else {
                throw parser.error("a key in double quotes is expected here, not \(parser.found)")
            }
            let key = try parser.string()
            try parser.skipBlanks()
            guard parser.current == UInt8(ascii: ":") else {
                throw parser.error("a colon is expected after the key \(key.quotedForPolicy), not \(parser.found)")
            }
            parser.advance()
            try parser.skipBlanks()
            members.append(HuJSON.Member(key: key, keyPlace: place, value: try parser.value()))
        }
        return members
    }

    private mutating func elements() throws(HuJSONError) -> [HuJSON] {
        var elements: [HuJSON] = []
        try sequence(from: "[", to: "]") { parser throws(HuJSONError) in
            elements.append(try parser.value())
        }
        return elements
    }

    /// Members between brackets, with commas between them and one allowed behind the last.
    private mutating func sequence(
        from open: Unicode.Scalar, to close: Unicode.Scalar,
        member: (inout HuJSONParser) throws(HuJSONError) -> Void
    ) throws(HuJSONError) {
        let start = place
        let close8 = UInt8(ascii: close)
        depth += 1
        guard depth <= Self.depthLimit else {
            throw error("nested more than \(Self.depthLimit) levels deep; a policy never is")
        }
        advance()
        try skipBlanks()
        while current != close8 {
            guard current != nil else { throw unclosed(open, close, at: start) }
            try member(&self)
            try skipBlanks()
            if current == UInt8(ascii: ",") {
                advance()
                try skipBlanks()
            } else if current != close8 {
                guard current != nil else { throw unclosed(open, close, at: start) }
                throw error("a comma or '\(close)' is expected here, not \(found)")
            }
        }
        advance()
        depth -= 1
    }

    private func unclosed(_ open: Unicode.Scalar, _ close: Unicode.Scalar, at place: PolicyPlace) -> HuJSONError {
        HuJSONError(place: place, message: "this '\(open)' is never closed; add the '\(close)'")
    }

    private mutating func word() throws(HuJSONError) -> HuJSON.Content {
        let start = place
        let first = index
        while let byte = current, byte.isASCIILetter { advance() }
        switch String(decoding: bytes[first..<index], as: UTF8.self) {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        case let word:
            throw HuJSONError(
                place: start, message: "\(word.quotedForPolicy) is no value; text stands in double quotes")
        }
    }

    /// RFC 8259 section 6.
    private mutating func number() throws(HuJSONError) -> String {
        let start = place
        let first = index
        if current == UInt8(ascii: "-") { advance() }
        let isZero = current == UInt8(ascii: "0")
        let whole = skipDigits()
        var isGood = whole > 0 && !(isZero && whole > 1)
        if current == UInt8(ascii: ".") {
            advance()
            isGood = skipDigits() > 0 && isGood
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            advance()
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { advance() }
            isGood = skipDigits() > 0 && isGood
        }
        let text = String(decoding: bytes[first..<index], as: UTF8.self)
        guard isGood else {
            throw HuJSONError(place: start, message: "\(text.quotedForPolicy) is not how JSON writes a number")
        }
        return text
    }

    private mutating func skipDigits() -> Int {
        var count = 0
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            advance()
            count += 1
        }
        return count
    }

    // MARK: Characters

    /// Spaces, line ends and comments.
    private mutating func skipBlanks() throws(HuJSONError) {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                advance()
            case UInt8(ascii: "/"):
                try skipComment()
            default:
                return
            }
        }
    }

    private mutating func skipComment() throws(HuJSONError) {
        let start = place
        switch next {
        case UInt8(ascii: "/"):
            while let byte = current, byte != 0x0A { advance() }
        case UInt8(ascii: "*"):
            advance()
            advance()
            while current != UInt8(ascii: "*") || next != UInt8(ascii: "/") {
                guard current != nil else {
                    throw HuJSONError(place: start, message: "this comment is never closed; add '*/'")
                }
                advance()
            }
            advance()
            advance()
        default:
            throw error("a comment begins with // or /*")
        }
    }

    var current: UInt8? { index < bytes.count ? bytes[index] : nil }
    private var next: UInt8? { index + 1 < bytes.count ? bytes[index + 1] : nil }
    var place: PolicyPlace { PolicyPlace(line: line, column: column) }

    mutating func advance() {
        guard index < bytes.count else { return }
        if bytes[index] == 0x0A {
            line += 1
            column = 1
        } else if index + 1 == bytes.count || bytes[index + 1] & 0xC0 != 0x80 {
            // The last byte of a scalar, as the text is valid UTF-8.
            column += 1
        }
        index += 1
    }

    func error(_ message: String) -> HuJSONError { HuJSONError(place: place, message: message) }

    /// What stands here, for a message.
    private var found: String {
        guard current != nil else { return "the end of the file" }
        let scalar = String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self).unicodeScalars.first
        return scalar == "'" ? "a single quote" : scalar.map { String($0).quotedForPolicy } ?? "nothing"
    }
}

extension UInt8 {
    var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
