/// Strings (RFC 8259 section 7).
extension JSONReader {
    /// From the quote where the parser stands to behind the closing one.
    mutating func string() throws(JSONError) -> String {
        let start = position
        advance()
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0x0A:
                throw JSONError(position: start, message: "this text is not closed on its line; add the double quote")
            case 0..<0x20:
                throw error("a control character may not stand in a text; write it as an escape such as \\t")
            default:
                text.append(byte)
                advance()
            }
        }
        throw JSONError(position: start, message: "this text is never closed; add the double quote")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let start = position
        advance()
        let letter = current
        advance()
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter ?? 0)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var units = [try codeUnit(from: start)]
            if UTF16.isLeadSurrogate(units[0]), current == UInt8(ascii: "\\") {
                advance()
                guard current == UInt8(ascii: "u") else { throw halfCharacter(at: start) }
                advance()
                units.append(try codeUnit(from: start))
            }
            guard let character = String(validating: units, as: UTF16.self) else { throw halfCharacter(at: start) }
            text += Array(character.utf8)
        default:
            throw JSONError(
                position: start, message: "no such escape; a backslash itself is written as two: \\\\")
        }
    }

    private func halfCharacter(at position: TextPosition) -> JSONError {
        JSONError(
            position: position, message: "half a character; write both of its \\u escapes, or the character itself")
    }

    private mutating func codeUnit(from start: TextPosition) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw JSONError(position: start, message: "four hexadecimal digits follow \\u")
            }
            unit = unit << 4 | UInt16(digit)
            advance()
        }
        return unit
    }
}
