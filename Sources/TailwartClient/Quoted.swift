/// Bytes from outside, made fit for a sentence in a log.
package enum Quoted {
    /// Bytes that are shown; the rest of a line of text tells nothing more.
    package static let limit = 100

    /// In single quotes, with everything but printable ASCII escaped, and cut.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        var text = "'"
        for byte in bytes.prefix(limit) {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
            case 0x20...0x7e: text += String(UnicodeScalar(byte))
            case 0x0d: text += "\\r"
            case 0x0a: text += "\\n"
            default: text += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
            }
        }
        return text + (bytes.count > limit ? "…'" : "'")
    }
}
