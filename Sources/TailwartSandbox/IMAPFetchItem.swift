import NIOCore

/// What FETCH can be asked for, in the words in which it answers (RFC 3501 section 7.4.2).
enum IMAPFetchItem: String, Sendable {
    case uid = "UID"
    case flags = "FLAGS"
    case size = "RFC822.SIZE"
    case internalDate = "INTERNALDATE"
    case body = "BODY[]"
    case bodyHeader = "BODY[HEADER]"
    case bodyText = "BODY[TEXT]"
    case message = "RFC822"
    case messageHeader = "RFC822.HEADER"
    case messageText = "RFC822.TEXT"

    /// Each item once, however often it is asked for, so that a short command cannot ask for a huge answer; nil if one is unknown.
    static func list(_ arguments: [String]) -> [IMAPFetchItem]? {
        var text = arguments.joined(separator: " ").uppercased()
        if text.hasPrefix("("), text.hasSuffix(")") { text = String(text.dropFirst().dropLast()) }
        if text == "FAST" { return [.flags, .internalDate, .size] }
        var items: [IMAPFetchItem] = []
        for word in text.split(separator: " ") {
            // Nothing is ever marked as seen here, so PEEK makes no difference.
            let name = word.hasPrefix("BODY.PEEK[") ? "BODY" + word.dropFirst("BODY.PEEK".count) : String(word)
            guard let item = IMAPFetchItem(rawValue: name) else { return nil }
            if !items.contains(item) { items.append(item) }
        }
        return items.isEmpty ? nil : items
    }

    func write(_ message: StoredMessage, to reply: inout Reply) {
        reply.write("\(rawValue) ")
        switch self {
        case .uid: reply.write("\(message.uid)")
        case .flags: reply.write("()")
        case .size: reply.write("\(message.bytes.readableBytes)")
        case .internalDate: reply.write("\"\(message.arrival.internalDate)\"")
        case .body, .message: Self.write(message.bytes, to: &reply)
        case .bodyHeader, .messageHeader: Self.write(message.header, to: &reply)
        case .bodyText, .messageText: Self.write(message.text, to: &reply)
        }
    }

    private static func write(_ literal: ByteBuffer, to reply: inout Reply) {
        reply.write("{\(literal.readableBytes)}\r\n")
        reply.write(literal)
    }
}
