import TailwartCore
import TailwartWire

/// What is probably wrong with a text that should have been a name or an address.
enum Hint {
    static func hostName(_ text: String) -> String {
        if !text.allSatisfy(\.isASCII) { return "write an internationalised name in its xn-- form" }
        if IPAddress(text) != nil { return "an IP address is not a name" }
        if text.contains("://") { return "write the name alone, without a scheme" }
        return "a host name has labels of 1 to 63 letters, digits, '-' or '_', 253 bytes in all"
    }
}

extension ValueType<String> {
    /// The name of an upstream or a listener.
    static var name: ValueType {
        .scalar("a name", .text(nameShape)) { text throws(Complaint) in
            guard isName(text) else { throw Complaint(nameRule) }
            return text
        }
    }

    static let nameRule = "a name is 1 to 63 letters, digits, '-', '_' or '.', and begins with a letter or digit"
    static let namePattern = "[A-Za-z0-9][A-Za-z0-9_.-]*"
    static let nameShape = TextShape(
        name: "name", pattern: namePattern, length: Allowed.nameBytes, mayLookOtherwise: true)

    static func isName(_ text: some StringProtocol) -> Bool {
        let isWellFormed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isWellFormed && Allowed.nameBytes.contains(text.utf8.count) && !"-_.".contains(text.first ?? "-")
    }

    /// A mail domain, in lower case without a trailing dot.
    static var domain: ValueType {
        .scalar("a domain such as example.org", hostNameShape) { text throws(Complaint) in
            if text.hasPrefix("*") { throw Complaint("list each domain by its name") }
            guard let name = ServerNamePattern(text) else { throw Complaint(Hint.hostName(text)) }
            return name.name
        }
    }

    /// A host's own name, as a greeting or a certificate says it: a Domain of RFC 5321 section 4.1.2, in lower case without a
    /// trailing dot.
    static var hostName: ValueType {
        .scalar("a host name such as mail.example.org", hostNameShape, readHostName)
    }

    private static func readHostName(_ text: String) throws(Complaint) -> String {
        if text.contains("*") { throw Complaint("write the whole name; a wildcard is none") }
        guard !text.contains("_") else { throw Complaint("a host's own name has no '_'") }
        guard let name = ServerNamePattern(text) else { throw Complaint(Hint.hostName(text)) }
        return name.name
    }

    /// A host's name as other hosts know it: with a dot. Mail servers turn a single label away.
    static var publicName: ValueType {
        .scalar("a host's public name such as mail.example.org", hostNameShape) { text throws(Complaint) in
            let name = try readHostName(text)
            guard name.contains(".") else { throw Complaint("write the whole name, with its domain") }
            return name
        }
    }

    private static var hostNameShape: Shape { .text(TextShape(name: "host_name", pattern: Pattern.hostName)) }
}

extension ValueType<ServerNamePattern> {
    static var serverName: ValueType {
        let shape = TextShape(name: "server_name", pattern: "([*][.])?(\(Pattern.hostName))")
        return .scalar("a server name such as mail.example.org or \"*.example.org\"", .text(shape)) {
            text throws(Complaint) in
            if let pattern = ServerNamePattern(text) { return pattern }
            guard text.contains("*") else { throw Complaint(Hint.hostName(text)) }
            throw Complaint("'*.' stands for exactly one label, at the beginning; nothing else may be a wildcard")
        }
    }
}
