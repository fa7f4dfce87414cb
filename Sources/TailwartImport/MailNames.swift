import TailwartCore

/// Server names and patterns as other programs write them.
enum MailNames {
    /// The names that mail programs and senders look up below a domain.
    static var prefixes: [String] { Defaults.httpsNamePrefixes }

    /// A pattern in our form, nil if ours cannot say it.
    static func pattern(_ text: String) -> String? { ServerNamePattern(text).map { "\($0)" } }

    /// For `mta-sts.*`, which no program matches as meant: the name below each mail domain. Nil for any other pattern.
    static func meant(_ text: String, domains: [String]) -> [String]? {
        guard text.hasSuffix(".*"), !text.dropLast(2).contains("*") else { return nil }
        return domains.compactMap { pattern("\(text.dropLast(2)).\($0)") }
    }
}
