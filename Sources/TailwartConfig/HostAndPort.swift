import TailwartWire

/// Takes `host`, `host:port`, `[address]:port` and a bare IPv6 address apart.
enum HostAndPort {
    static func split(_ text: String) throws(Complaint) -> (host: Substring, port: Substring?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Complaint("a bracket is not closed") }
            let host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard case .v6 = IPAddress(host) else { throw Complaint("only an IPv6 address stands in brackets") }
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":") else { throw Complaint("after the brackets follows a colon and the port") }
            return (host, rest.dropFirst())
        }
        if IPAddress(text) != nil { return (text[...], nil) }
        guard let colon = text.lastIndex(of: ":") else { return (text[...], nil) }
        let host = text[..<colon]
        guard !host.contains(":") else {
            throw Complaint("an IPv6 address with a port stands in brackets: \"[2001:db8::1]:25\"")
        }
        return (host, text[text.index(after: colon)...])
    }

    static func port(_ text: Substring) throws(Complaint) -> UInt16 {
        guard let port = ValueType<UInt16>.parsePort(text) else { throw Complaint("the port must be from 1 to 65535") }
        return port
    }
}
