import TailwartCore

/// Where TLS reports are sent (RFC 8460 section 3).
package struct ReportAddress: Sendable, Equatable {
    package let url: String

    /// Takes `mailto:`, `https:` or a bare mail address; nil for anything else, and for what the record gives a meaning of
    /// its own: spaces, `,`, `;` and `!`.
    package init?(_ text: String) {
        let isWellFormed =
            text.utf8.allSatisfy { (0x21...0x7e).contains($0) } && !text.contains { ",;!\"\\".contains($0) }
        guard isWellFormed, text.utf8.count <= 400 else { return nil }
        if text.hasPrefix("https://"), text.utf8.count > 8 {
            url = text
        } else {
            let address = text.hasPrefix("mailto:") ? text.dropFirst(7) : text[...]
            let parts = address.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, ServerNamePattern(parts[1])?.isWildcard == false else {
                return nil
            }
            url = "mailto:\(address)"
        }
    }
}
