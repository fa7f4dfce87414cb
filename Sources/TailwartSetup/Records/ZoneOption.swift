package import TailwartCore
package import TailwartWire

/// Readers of single options. Each throws what is wrong and what would be taken.
package enum ZoneOption {
    package struct Rejection: Error, Equatable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    /// A whole name: no wildcard, and more than one label.
    package static func name(_ text: String) throws(Rejection) -> ServerNamePattern {
        if IPAddress(text) != nil { throw Rejection("an address is not a name; write one such as mail.example.org") }
        guard let name = ServerNamePattern(text) else {
            throw Rejection(
                "no name that DNS takes; write one of letters, digits, hyphens and dots, such as mail.example.org, and one with "
                    + "other letters in its xn-- form")
        }
        guard !name.isWildcard else { throw Rejection("a wildcard stands for many names; write one of them") }
        guard name.name.contains(".") else {
            throw Rejection("one label is not a whole name; write it with its domain, such as \(name.name).example.org")
        }
        return name
    }

    package static func addressV4(_ text: String) throws(Rejection) -> IPAddress {
        let address = try address(text, example: "203.0.113.7")
        guard address.isV4 else {
            guard !address.unmapped.isV4 else {
                throw Rejection("it is an IPv4 address in disguise; write \(address.unmapped)")
            }
            throw Rejection("it is an IPv6 address; use --ipv6")
        }
        return address
    }

    package static func addressV6(_ text: String) throws(Rejection) -> IPAddress {
        let address = try address(text, example: "2001:db8::7")
        guard !address.isV4 else { throw Rejection("it is an IPv4 address; use --ipv4") }
        return address
    }

    /// An address from which an edge dials; IPv4 in disguise is taken as IPv4.
    package static func edgeAddress(_ text: String) throws(Rejection) -> IPAddress {
        let address = try address(text, example: "100.64.0.5")
        guard address.isUnicast else {
            throw Rejection("no single host has this address; write the edge's own, such as 100.64.0.5")
        }
        return address.unmapped
    }

    package static func reports(_ text: String) throws(Rejection) -> ReportAddress {
        guard let address = ReportAddress(text) else {
            throw Rejection(
                "neither a mail address nor an https URL, at most 400 bytes without spaces and ,;!; write one such as "
                    + "tls-reports@example.org")
        }
        return address
    }

    package static func policyID(_ text: String) throws(Rejection) -> PolicyID {
        guard let id = PolicyID(text) else {
            throw Rejection(
                "an id is 1 to 32 letters and digits, such as 20261124013000; without the option it is the time")
        }
        return id
    }

    private static func address(_ text: String, example: String) throws(Rejection) -> IPAddress {
        if let address = IPAddress(text) { return address }
        if Network(text) != nil { throw Rejection("it is a network; write one address, such as \(example)") }
        throw Rejection("no IP address; write one such as \(example)")
    }
}
