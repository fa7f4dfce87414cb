/// What `--http` asks for.
package struct WebURL: Sendable, Hashable, CustomStringConvertible {
    let url: PlainURL
    /// As the command line has it.
    package let description: String

    package init(_ text: String) throws(WrongUse) {
        url = try PlainURL(text, schemes: ["http": 80, "https": 443])
        description = text
    }

    var endpoint: HostAndPort { url.endpoint }

    var isEncrypted: Bool { url.scheme == "https" }

    /// Of the Host field: without the scheme's own port (RFC 9110 section 7.2).
    var hostField: String {
        let usual: UInt16 = isEncrypted ? 443 : 80
        let text = endpoint.description
        return endpoint.port == usual ? String(text.dropLast(":\(usual)".utf8.count)) : text
    }
}
