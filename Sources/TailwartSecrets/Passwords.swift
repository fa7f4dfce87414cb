/// Passwords in URLs, before the host (RFC 3986 section 3.2.1).
enum Passwords {
    /// Of user and password; what is longer is no URL that anybody writes.
    private static let userInfoLimit = 512

    /// What ends user, password and host, in a URL or in the text around it.
    private static let ends = Array("/?#<>`,".utf8)

    /// What the password is called in examples. In a file of settings it is one all the same, if a bad one.
    private static let exampleWords: Set<String> = ["password", "passwd", "pass", "pw", "secret"]

    static func inURLs(_ line: SourceLine, of kind: FileKind) -> [SecretFinding] {
        let bytes = line.bytes
        var findings: [SecretFinding] = []
        var from = bytes.startIndex
        while findings.count < SecretScan.findingLimit, let mark = bytes.firstIndex(of: "://".utf8, from: from) {
            from = mark + 3
            guard mark > bytes.startIndex, bytes[mark - 1].isLetter || bytes[mark - 1].isDigit else { continue }
            // A variable may hold any byte: `redis://:${PASSWORD}@host`.
            let rest = bytes[from...].prefix(userInfoLimit)
            let authority = rest.prefix { !$0.isBlank && !$0.isQuote && !ends.contains($0) }
            guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
                let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let password = String(decoding: authority[(colon + 1)..<at], as: UTF8.self)
            guard SecretValue.isWrittenOut(password, isPassword: true),
                kind.hasKeys || !exampleWords.contains(password.lowercased())
            else { continue }
            findings.append(
                SecretFinding(
                    line: line.number, column: line.column(of: colon + 1), "a password in a URL",
                    fix:
                        "take the password from the environment, for instance \(scheme(before: mark, in: bytes))://user:${PASSWORD}@host"
                ))
        }
        return findings
    }

    private static func scheme(before mark: Int, in bytes: ArraySlice<UInt8>) -> String {
        let scheme = bytes[..<mark].reversed().prefix { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "+") }.prefix(
            16)
        return String(decoding: scheme.reversed(), as: UTF8.self)
    }
}
