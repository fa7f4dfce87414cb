/// How a client of SMTP begins.
package enum SMTPCommand {
    /// The verbs of RFC 5321 section 4.1.1 and of its usual extensions: BDAT (RFC 3030), AUTH (RFC 4954), STARTTLS (RFC 3207), LHLO (RFC 2033),
    /// ETRN (RFC 1985), XCLIENT and XFORWARD of Postfix.
    private static let verbs: [StaticString] = [
        "EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "BDAT", "AUTH",
        "STARTTLS", "LHLO",
        "ETRN", "XCLIENT", "XFORWARD",
    ]

    /// Whether bytes begin with a verb, in any case, or with how one begins: a first segment may hold less. An empty line may be before it.
    package static func mayBegin(_ bytes: Span<UInt8>) -> Bool {
        var first = 0
        while first < bytes.count, bytes[first] == UInt8(ascii: "\r") || bytes[first] == UInt8(ascii: "\n") {
            first += 1
        }
        let rest = bytes.extracting(first...)
        for index in verbs.indices where rest.begins(withLetters: verbs[index]) { return true }
        return false
    }
}
