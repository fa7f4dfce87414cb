/// What a wait on a ``ProbeConnection`` brought.
enum Arrival: Sendable, Equatable {
    case line(ServerLine)
    /// Some bytes, which stay where they are.
    case bytes
    /// TLS is on.
    case handshaken
    case end(End)

    /// Why no more came.
    enum End: Sendable, Equatable {
        /// The moment that the wait was limited to.
        case deadline
        case closed
        case reset
        /// A line, or everything together, was longer than anything a server has to say.
        case tooMuch
        /// TLS failed for this reason.
        case tls(String)
    }
}

/// A line of a server, without its end.
struct ServerLine: Sendable, Equatable {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// For comparing; what is not UTF-8 is replaced.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// For showing.
    var quoted: String { Quoted.text(bytes) }
}

/// Bytes from outside, made fit for a sentence in a log.
enum Quoted {
    /// Bytes that are shown; the rest of a line of text tells nothing more.
    static let limit = 100

    /// In single quotes, with everything but printable ASCII escaped, and cut.
    static func text(_ bytes: some Collection<UInt8>) -> String {
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
