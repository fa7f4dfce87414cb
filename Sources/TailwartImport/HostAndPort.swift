/// `host:port` taken apart, as all three programs write it.
struct HostAndPort {
    /// Without brackets; empty where there is none.
    let host: String
    /// Nil where there is none.
    let port: String?
    let isBracketed: Bool

    /// Nil if brackets do not match.
    init?(_ text: String) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = String(text[text.index(after: text.startIndex)..<end])
            isBracketed = true
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : String(rest.dropFirst())
            return
        }
        isBracketed = false
        // The last colon, but not one inside ${NAME:-default}, and none of a bare IPv6 address.
        var colon: String.Index?
        var isInside = false
        for index in text.indices {
            switch text[index] {
            case "{": isInside = true
            case "}": isInside = false
            case ":" where !isInside: colon = index
            default: break
            }
        }
        guard let colon, IPAddressText.parse(text) == nil else {
            host = text
            port = nil
            return
        }
        host = String(text[..<colon])
        port = String(text[text.index(after: colon)...])
    }
}

/// Ports as text.
enum PortText {
    /// A port from 1 to 65535 or a variable.
    static func isGood(_ text: String) -> Bool {
        text.contains("$") || UInt16(text).map { $0 > 0 && text.allSatisfy(\.isNumber) } ?? false
    }

    /// `8000-8010` or `25` as single ports; nil if it is neither.
    static func range(_ text: String) -> ClosedRange<UInt16>? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard let first = parts.first.flatMap(\.self), let last = parts.last.flatMap(\.self), parts.count <= 2,
            first > 0,
            first <= last
        else { return nil }
        return first...last
    }
}
