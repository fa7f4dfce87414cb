/// Text as the quoted strings of a zone file (RFC 1035 section 5.1).
enum CharacterStrings {
    /// Bytes of one string (RFC 1035 section 3.3). A reader puts the strings of one record together without a space.
    static let byteLimit = 255

    static func write(_ text: String, limit: Int = byteLimit) -> String {
        var strings: [String] = []
        var string = ""
        var count = 0
        for byte in text.utf8 {
            if count == limit {
                strings.append(string)
                string = ""
                count = 0
            }
            string += escaped(byte)
            count += 1
        }
        return (strings + [string]).map { "\"\($0)\"" }.joined(separator: " ")
    }

    /// `\"`, `\\`, and `\DDD` with three decimals for what is not printable ASCII.
    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
        case 0x20...0x7e: String(UnicodeScalar(byte))
        default:
            "\\" + String(repeating: "0", count: byte < 10 ? 2 : byte < 100 ? 1 : 0) + String(byte)
        }
    }
}
