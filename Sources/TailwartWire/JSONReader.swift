/// Why a text is no JSON, where, and what to do about it.
package struct JSONError: Error, Sendable, Equatable {
    package let position: TextPosition
    package let message: String

    package init(position: TextPosition, message: String) {
        self.position = position
        self.message = message
    }
}

/// Reads JSON strictly (RFC 8259): what another program refuses must not be called good here.
package struct JSONReader {
    /// What is allowed beyond RFC 8259, and what is not.
    package struct Options: Sendable {
        /// `//` and `/* */`, and commas after the last member (https://github.com/tailscale/hujson).
        package var allowsComments = false
        package var refusesRepeatedKeys = false
        /// Stops a file given by mistake from being read. The message knows one mebibyte only.
        package var byteLimit = 1 << 20

        package init(allowsComments: Bool = false, refusesRepeatedKeys: Bool = false, byteLimit: Int = 1 << 20) {
            self.allowsComments = allowsComments
            self.refusesRepeatedKeys = refusesRepeatedKeys
            self.byteLimit = byteLimit
        }
    }

    /// What is read here nests about fifteen levels; the reader calls itself for each.
    package static let depthLimit = 64

    let bytes: [UInt8]
    private let options: Options
    private var index = 0
    private var line = 1
    private var column = 1
    private var depth = 0

    /// Reads one value and nothing behind it.
    package static func read(_ bytes: Span<UInt8>, _ options: Options = Options()) throws(JSONError) -> JSON {
        guard bytes.count <= options.byteLimit else {
            throw JSONError(
                position: .start,
                message: "the file is larger than \(options.byteLimit >> 20) MiB; is it the right one?")
        }
        let copy = bytes.withUnsafeBufferPointer { Array($0) }
        guard String(validating: copy, as: UTF8.self) != nil else {
            throw JSONError(position: .start, message: "not UTF-8; save the file in that encoding")
        }
        var reader = JSONReader(bytes: copy, options: options)
        try reader.skipBlanks()
        guard reader.current != nil else { throw reader.error("there is no value here; is the file whole?") }
        let value = try reader.value()
        try reader.skipBlanks()
        guard reader.current == nil else { throw reader.error("the file goes on after its value; remove the rest") }
        return value
    }

    private init(bytes: [UInt8], options: Options) {
        self.bytes = bytes
        self.options = options
    }

    // MARK: Values

    private mutating func value() throws(JSONError) -> JSON {
        let position = position
        guard let byte = current else { throw error("a value is expected here, not \(found)") }
        switch byte {
        case UInt8(ascii: "{"): return JSON(.object(try members()), at: position)
        case UInt8(ascii: "["): return JSON(.list(try elements()), at: position)
        case UInt8(ascii: "\""): return JSON(.text(try string()), at: position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return JSON(.number(try number()), at: position)
        case _ where byte.isASCIILetter:
            return JSON(try word(), at: position)
        default:
            throw error("a value is expected here, not \(found)")
        }
    }

    private mutating func members() throws(JSONError) -> [JSON.Member] {
        var members: [JSON.Member] = []
        var lines: [String: Int] = [:]
        try sequence(from: "{", to: "}") { reader throws(JSONError) in
            let position = reader.position
            guard reader.current == UInt8(ascii: "\"") else {
                throw reader.error("a key in double quotes is expected here, not \(reader.found)")
            }
            let key = try reader.string()
            if reader.options.refusesRepeatedKeys, let line = lines.updateValue(position.line, forKey: key) {
                throw JSONError(
                    position: position,
                    message: "duplicate key \(key.quoted), already on line \(line); keep one of them")
            }
            try reader.skipBlanks()
            guard reader.current == UInt8(ascii: ":") else {
                throw reader.error("a colon is expected after the key \(key.quoted), not \(reader.found)")
            }
            reader.advance()
            try reader.skipBlanks()
            members.append(JSON.Member(key: key, keyPosition: position, value: try reader.value()))
        }
        return members
    }

    private mutating func elements() throws(JSONError) -> [JSON] {
        var elements: [JSON] = []
        try sequence(from: "[", to: "]") { reader throws(JSONError) in
            elements.append(try reader.value())
        }
        return elements
    }

    /// Members between brackets, with commas between them and, where comments are allowed, behind the last.
    private mutating func sequence(
        from open: Unicode.Scalar, to close: Unicode.Scalar,
        member: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        let start = position
        let close8 = UInt8(ascii: close)
        depth += 1
        guard depth <= Self.depthLimit else {
            throw error("nested more than \(Self.depthLimit) levels deep; such a file never is")
        }
        advance()
        try skipBlanks()
        var mayEnd = true
        while !mayEnd || current != close8 {
            guard current != nil else { throw unclosed(open, close, at: start) }
            try member(&self)
            try skipBlanks()
            mayEnd = true
            if current == UInt8(ascii: ",") {
                advance()
                try skipBlanks()
                mayEnd = options.allowsComments
            } else if current != close8 {
                guard current != nil else { throw unclosed(open, close, at: start) }
                throw error("a comma or '\(close)' is expected here, not \(found)")
            }
        }
        advance()
        depth -= 1
    }

    private func unclosed(_ open: Unicode.Scalar, _ close: Unicode.Scalar, at position: TextPosition) -> JSONError {
        JSONError(position: position, message: "this '\(open)' is never closed; add the '\(close)'")
    }

    private mutating func word() throws(JSONError) -> JSON.Content {
        let start = position
        let first = index
        while let byte = current, byte.isASCIILetter { advance() }
        switch String(decoding: bytes[first..<index], as: UTF8.self) {
        case "true": return .flag(true)
        case "false": return .flag(false)
        case "null": return .null
        case let word:
            throw JSONError(
                position: start, message: "\(word.quoted) is not a value; text stands in double quotes")
        }
    }

    /// RFC 8259 section 6.
    private mutating func number() throws(JSONError) -> String {
        let start = position
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
            throw JSONError(position: start, message: "\(text.quoted) is not how JSON writes a number")
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
    private mutating func skipBlanks() throws(JSONError) {
        while let byte = current {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                advance()
            case UInt8(ascii: "/") where options.allowsComments:
                try skipComment()
            default:
                return
            }
        }
    }

    private mutating func skipComment() throws(JSONError) {
        let start = position
        switch next {
        case UInt8(ascii: "/"):
            while let byte = current, byte != 0x0A { advance() }
        case UInt8(ascii: "*"):
            advance()
            advance()
            while current != UInt8(ascii: "*") || next != UInt8(ascii: "/") {
                guard current != nil else {
                    throw JSONError(position: start, message: "this comment is never closed; add '*/'")
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
    var position: TextPosition { TextPosition(line: line, column: column) }

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

    func error(_ message: String) -> JSONError { JSONError(position: position, message: message) }

    /// What stands here, for a message.
    private var found: String {
        guard current != nil else { return "the end of the file" }
        let scalar = String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self).unicodeScalars.first
        return scalar == "'" ? "a single quote" : scalar.map { String($0).quoted } ?? "nothing"
    }
}

extension UInt8 {
    package var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
