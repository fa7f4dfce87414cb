/// A JSON value (RFC 8259), with its position where it was read from a text.
///
/// Values are equal wherever they stand.
package struct JSON: Sendable, Equatable {
    package indirect enum Content: Sendable, Equatable {
        case null
        case flag(Bool)
        /// As written.
        case number(String)
        case text(String)
        case list([JSON])
        /// In the order of the text. A key may stand twice, unless the reader was asked to refuse that.
        case object([Member])
    }

    package struct Member: Sendable, Equatable {
        package let key: String
        package let keyPosition: TextPosition
        package let value: JSON

        package init(key: String, keyPosition: TextPosition = .start, value: JSON) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }

        package static func == (first: Member, second: Member) -> Bool {
            first.key == second.key && first.value == second.value
        }
    }

    package let content: Content
    package let position: TextPosition

    package init(_ content: Content, at position: TextPosition = .start) {
        self.content = content
        self.position = position
    }

    package static func == (first: JSON, second: JSON) -> Bool { first.content == second.content }

    // MARK: Reading from it

    package var text: String? { if case .text(let text) = content { text } else { nil } }

    package var flag: Bool? { if case .flag(let flag) = content { flag } else { nil } }

    /// Nil for a number with a fraction, an exponent or more than 64 bits too.
    package var integer: Int? { if case .number(let text) = content { Int(text) } else { nil } }

    package var double: Double? { if case .number(let text) = content { Double(text) } else { nil } }

    package var list: [JSON]? { if case .list(let list) = content { list } else { nil } }

    package var members: [Member]? { if case .object(let members) = content { members } else { nil } }

    /// The first member with this key.
    package subscript(key: String) -> JSON? { members?.first { $0.key == key }?.value }

    /// For a message: what was found instead of what is expected.
    package var found: String {
        switch content {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let text): text
        case .text(let text): text.quoted
        case .list: "a list"
        case .object: "an object"
        }
    }
}

// MARK: Making one

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package static let null = JSON(.null)

    package static func text(_ text: String) -> JSON { JSON(.text(text)) }

    package static func number(_ number: some BinaryInteger) -> JSON { JSON(.number("\(number)")) }

    package static func flag(_ flag: Bool) -> JSON { JSON(.flag(flag)) }

    package static func list(_ list: [JSON]) -> JSON { JSON(.list(list)) }

    package static func texts(_ texts: some Sequence<String>) -> JSON { JSON(.list(texts.map { .text($0) })) }

    package static func object(_ members: [Member]) -> JSON { JSON(.object(members)) }

    package init(stringLiteral text: String) { self.init(.text(text)) }

    package init(integerLiteral number: Int) { self.init(.number("\(number)")) }

    package init(booleanLiteral flag: Bool) { self.init(.flag(flag)) }

    package init(arrayLiteral list: JSON...) { self.init(.list(list)) }

    /// A member whose value is nil is left out.
    package init(dictionaryLiteral members: (String, JSON?)...) {
        self.init(.object(members.compactMap { key, value in value.map { Member(key: key, value: $0) } }))
    }
}

// MARK: Writing it

extension JSON: CustomStringConvertible {
    /// On one line, without spaces.
    package var description: String { line(comma: ",", colon: ":") }

    /// On one line.
    package func line(comma: String, colon: String) -> String {
        var bytes: [UInt8] = []
        write(to: &bytes, Array(comma.utf8), Array(colon.utf8))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(to bytes: inout [UInt8], _ comma: [UInt8], _ colon: [UInt8]) {
        switch content {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .text(let text): Self.write(text, to: &bytes)
        case .list(let list):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in list.enumerated() {
                if index > 0 { bytes.append(contentsOf: comma) }
                value.write(to: &bytes, comma, colon)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(contentsOf: comma) }
                Self.write(member.key, to: &bytes)
                bytes.append(contentsOf: colon)
                member.value.write(to: &bytes, comma, colon)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// A text in its quotes (RFC 8259 section 7).
    package static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        write(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends a text in its quotes; escapes what must be escaped and what upsets terminals.
    package static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        // Nearly every text is plain.
        let isPlain = text.utf8.allSatisfy {
            (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain { return bytes.append(contentsOf: text.utf8) }
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(scalar.value))
            } else if scalar.upsetsTerminals {
                bytes.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] as [UInt32] { bytes.append(hexDigit(UInt8(scalar.value >> shift & 15))) }
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
