import TailwartCore
package import TailwartWire

/// A host and a port to connect to, as the command line names them.
package struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
    /// A name, or the text of an address without brackets.
    package let host: String
    package let port: UInt16

    /// Reads `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`.
    ///
    /// - Parameters:
    ///   - defaultPort: where a port may be left out.
    ///   - example: a port for the advice.
    package init(_ text: String, defaultPort: UInt16? = nil, example: UInt16) throws(WrongUse) {
        if let end = text.firstRange(of: "://") {
            throw WrongUse(
                "write host and port only, without \"\(text[..<end.upperBound])\": \(Self.sample(text, example))")
        }
        let (host, port) = try Self.split(text, example: example)
        guard !host.isEmpty else {
            throw WrongUse("there is no host; write localhost:\(port ?? "\(example)")")
        }
        if host.contains(":") {
            guard case .v6 = IPAddress(host) else { throw WrongUse("\"\(host)\" is not an IPv6 address") }
        } else {
            try Self.checkName(host)
        }
        self.host = String(host)
        if let port {
            self.port = try Self.number(port, example: example)
        } else if let defaultPort {
            self.port = defaultPort
        } else {
            throw WrongUse("there is no port; write \(host.contains(":") ? "[\(host)]" : "\(host)"):\(example)")
        }
    }

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Set if the host needs no name server.
    package var address: IPAddress? { IPAddress(host) }

    package var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    private static func split(
        _ text: String, example: UInt16
    ) throws(WrongUse) -> (host: Substring, port: Substring?) {
        let parts: HostAndPortText
        do {
            parts = try HostAndPortText(text)
        } catch {
            switch error {
            case .unclosedBracket: throw WrongUse("the bracket at the beginning is not closed")
            case .strayText:
                let host = text.dropFirst().prefix { $0 != "]" }
                throw WrongUse("behind the bracket follows a colon and the port: [\(host)]:\(example)")
            }
        }
        if parts.isBracketed {
            guard case .v6 = IPAddress(parts.host) else {
                throw WrongUse("only an IPv6 address may be in brackets, and \"\(parts.host)\" is none")
            }
        } else if parts.host.contains(":") {
            throw WrongUse("an IPv6 address needs brackets: [2001:db8::1]:\(example)")
        }
        return (parts.host[...], parts.port.map { $0[...] })
    }

    private static func checkName(_ host: Substring) throws(WrongUse) {
        guard IPAddress(host) == nil else { return }
        for (index, character) in host.enumerated() {
            let isAllowed = character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
            if !isAllowed {
                throw WrongUse(
                    "character \(index + 1), \"\(character)\", cannot be part of a host name; write letters, digits, "
                        + "hyphens and dots")
            }
        }
        guard let name = ServerNamePattern(host), !name.isWildcard else {
            throw WrongUse("\"\(host)\" is neither a host name nor an IP address")
        }
    }

    private static func number(_ text: Substring, example: UInt16) throws(WrongUse) -> UInt16 {
        let digits = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits, let port = UInt16(text), port > 0 else {
            let what = text.isEmpty ? "there is no port behind the colon" : "\"\(text)\" is not a port"
            throw WrongUse("\(what); write a number from 1 to 65535, such as \(example)")
        }
        return port
    }

    /// `http://db:5432/x` → `db:5432`, for the advice.
    private static func sample(_ text: String, _ example: UInt16) -> String {
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        let place = rest.prefix { $0 != "/" && $0 != "?" }
        return (try? HostAndPort(String(place), defaultPort: example, example: example))?.description
            ?? "host:\(example)"
    }
}
