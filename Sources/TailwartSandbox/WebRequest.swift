/// The head of an HTTP request, as far as the sandbox looks at it.
struct WebRequest: Sendable, Equatable {
    let method: String
    let path: String
    /// In lower case, without a port; empty if the client sent none.
    let host: String

    /// - Parameter head: up to the empty line.
    init?(_ head: some StringProtocol) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else { return nil }
        method = String(words[0])
        path = Self.plain(words[1].prefix { $0 != "?" })
        let line = lines.dropFirst().first { $0.prefix(5).lowercased() == "host:" }
        let value = line.map { String($0.dropFirst(5)).lowercased().filter { $0 != " " && $0 != "\t" } } ?? ""
        host = Self.plain(value.prefix { $0 != ":" })
    }

    /// Where the empty line begins.
    static func endOfHead(_ text: String) -> String.Index? {
        text.firstRange(of: "\r\n\r\n")?.lowerBound
    }

    /// It is printed for a person: nothing that moves a cursor.
    private static func plain(_ text: some StringProtocol) -> String {
        String(text.filter { $0.isASCII && $0 > " " && $0 < "\u{7f}" }.prefix(255))
    }
}
