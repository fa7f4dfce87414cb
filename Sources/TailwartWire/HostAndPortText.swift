/// `host`, `host:port`, `[address]:port` or a bare address, taken apart. What host and port may be is the caller's business.
package struct HostAndPortText: Sendable, Equatable {
    package enum Fault: Error, Equatable {
        case unclosedBracket
        /// Something else than a colon behind the brackets.
        case strayText
    }

    /// Without brackets; empty where there is none.
    package let host: String
    /// Nil where there is no colon.
    package let port: String?
    package let isBracketed: Bool

    package init(_ text: String) throws(Fault) {
        isBracketed = text.hasPrefix("[")
        if isBracketed {
            guard let end = text.firstIndex(of: "]") else { throw .unclosedBracket }
            host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw .strayText }
            port = rest.isEmpty ? nil : String(rest.dropFirst())
            return
        }
        // The last colon, but not one inside ${NAME:-default}, and none of a bare IPv6 address.
        var colon: String.Index?
        var isInside = false
        for index in text.utf8.indices {
            switch text.utf8[index] {
            case UInt8(ascii: "{"): isInside = true
            case UInt8(ascii: "}"): isInside = false
            case UInt8(ascii: ":") where !isInside: colon = index
            default: break
            }
        }
        guard let colon, IPAddress(text) == nil else {
            host = text
            port = nil
            return
        }
        host = String(text[..<colon])
        port = String(text[text.index(after: colon)...])
    }
}
