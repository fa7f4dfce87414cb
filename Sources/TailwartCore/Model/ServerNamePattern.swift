/// A TLS server name to match: exact, or `*.` for exactly one leading label. Case and one trailing dot are ignored.
package struct ServerNamePattern: Sendable, Hashable, CustomStringConvertible {
    /// Lower case, without the trailing dot, without the `*.`.
    package let name: String
    package let isWildcard: Bool

    /// Nil unless the text is a host name of RFC 1123 letters, digits, hyphens and underscores, labels of 1 to 63 bytes, 253 in
    /// all; an IP address is none (RFC 6066 section 3).
    package init?(_ text: some StringProtocol) {
        var text = text.lowercased()
        isWildcard = text.hasPrefix("*.")
        if isWildcard { text.removeFirst(2) }
        if text.hasSuffix(".") { text.removeLast() }
        guard Self.isHostName(text) else { return nil }
        name = text
    }

    package var description: String { isWildcard ? "*.\(name)" : name }

    private static func isHostName(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let wellFormed = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
        guard wellFormed, let last = labels.last else { return false }
        return !last.utf8.allSatisfy { (48...57).contains($0) }
    }
}

extension ServerNamePattern {
    /// Whether a name in lower case, without a trailing dot, is matched.
    package func covers(_ name: String) -> Bool {
        guard isWildcard else { return self.name == name }
        guard name.hasSuffix(".\(self.name)") else { return false }
        let label = name.dropLast(self.name.count + 1)
        return !label.isEmpty && !label.contains(".")
    }
}
