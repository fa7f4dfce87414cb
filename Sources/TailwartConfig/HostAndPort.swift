import TailwartWire

/// `host`, `host:port`, `[address]:port` and a bare IPv6 address, as the file may say them.
enum HostAndPort {
    static func split(_ text: String) throws(Complaint) -> (host: Substring, port: Substring?) {
        let parts: HostAndPortText
        do {
            parts = try HostAndPortText(text)
        } catch {
            switch error {
            case .unclosedBracket: throw Complaint("a bracket is not closed")
            case .strayText: throw Complaint("after the brackets follows a colon and the port")
            }
        }
        if parts.isBracketed {
            guard case .v6 = IPAddress(parts.host) else { throw Complaint("only an IPv6 address may be in brackets") }
        } else if parts.port != nil, parts.host.contains(":") {
            throw Complaint("an IPv6 address with a port needs brackets: \"[2001:db8::1]:25\"")
        }
        return (parts.host[...], parts.port.map { $0[...] })
    }

    static func port(_ text: Substring) throws(Complaint) -> UInt16 {
        guard let port = ValueType<UInt16>.parsePort(text) else { throw Complaint("the port must be from 1 to 65535") }
        return port
    }
}
