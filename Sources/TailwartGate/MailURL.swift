package import TailwartCore

/// What `--mail` asks for: `smtp://host:port?proxy=v2`.
package struct MailURL: Sendable, Hashable, CustomStringConvertible {
    package let endpoint: HostAndPort
    package let proto: ListenerProtocol
    /// The header that the mail server wants of this host; `none` unless the URL says so.
    package let proxyProtocol: ProxyProtocolOut.Version
    /// As the command line has it.
    package let description: String

    private static let schemes: KeyValuePairs<String, UInt16> = [
        "smtp": 25, "smtps": 465, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110,
        "pop3s": 995, "sieve": 4190,
    ]

    package init(_ text: String) throws(WrongUse) {
        let url = try PlainURL(text, schemes: Self.schemes)
        guard url.path == "/" else { throw WrongUse("a mail server has no path; leave out \"\(url.path)\"") }
        var version = ProxyProtocolOut.Version.none
        for (name, value) in url.query {
            guard name == "proxy" else { throw WrongUse("\"\(name)\" is not known here; only ?proxy=v2 can follow") }
            guard let known = ProxyProtocolOut.Version(rawValue: String(value)) else {
                throw WrongUse("\"\(value)\" is not a PROXY header; write proxy=v1, proxy=v2 or proxy=none")
            }
            version = known
        }
        endpoint = url.endpoint
        // RFC 8314 section 7.3 calls it submissions; smtps is what people write.
        proto = ListenerProtocol(rawValue: url.scheme == "smtps" ? "submissions" : url.scheme) ?? .tcp
        proxyProtocol = version
        description = text
    }
}
